"""Make tokens of the REST API; list, show, revoke and rotate them; delete the records of those that ended.

The command reads the API's settings: MONGODB_URI, MONGODB_DATABASE and, to make a token, the key that signs. It shows a
token once, when it makes it. What MongoDB stores cannot be turned back into the token.

Exit codes: 0 done · 1 MongoDB does not answer, no token can be meant, or the answer to a question was no · 2 wrong
usage, or a question without a terminal to ask it at and without `--yes` · 78 a setting is wrong.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated

import typer

from api.auth.access import SCOPES
from scripts.common.commands import application
from scripts.common.confirmation import Yes, require_consent
from scripts.common.console import LiteralConsole
from scripts.common.errors import errors_as_messages
from scripts.tokens import display, token_records
from scripts.tokens.token_records import ID_DIGITS, Rights, UnusableToken
from shared.documents import Document
from shared.events import MAX_PRODUCT_ID

app = application(__doc__)
output = LiteralConsole()
messages = LiteralConsole(stderr=True)

DEFAULT_DAYS = 90
"""Days that a token lives unless it is said. With half as many, a token is replaced eight times a year, which people
begin to avoid by asking for years; with twice as many, one that leaked works for half a year."""
MAX_MINUTES = 1440
"""Most minutes of a token for trials: a day, from where on `--days` says it better. Half of it would end a trial that
is made in the morning before the evening; twice as many would be a second way to say two days."""
SHOWN_TOKENS = 10
"""So many tokens are named before a question about them. Twice as many push the question's first lines off a small
terminal; half as many leave more of them to `list`."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table or the bare token.")]
Token = Annotated[str, typer.Argument(help="Id of the token, as `list` shows it, or its name.", show_default=False)]


@app.command()
def issue(
    name: Annotated[
        str, typer.Option(help="What uses the token, for the people who read the list.", show_default=False)
    ],
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it may do: one of {', '.join(SCOPES)}; may be repeated.", show_default="none"),
    ] = None,
    product: Annotated[
        list[int] | None,
        typer.Option(
            min=0, max=MAX_PRODUCT_ID, help="A product that it may ask about; may be repeated.", show_default="all"
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="An address or CIDR network that it works from; may be repeated.", show_default="all"),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until the token expires.", show_default="90")
    ] = None,
    minutes: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_MINUTES, help="Minutes until it expires, instead of days: for trials.", show_default=False
        ),
    ] = None,
    idle_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days without use after which it ends.", show_default="never")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, alone, on standard output: `issue --name dashboard --scope sales:read`"""
    life = _life(days, minutes)
    rights = Rights(
        name=_name(name),
        scopes=_scopes(scope or []),
        products=product,
        networks=_networks(network or []),
        idle=None if idle_days is None else timedelta(days=idle_days),
    )
    with errors_as_messages(messages, UnusableToken):
        token, record = token_records.issue(rights, life)
    _hand_over(token, record, as_json)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List all tokens: what they may do, when they were used last and when they end; never the tokens themselves."""
    with errors_as_messages(messages, UnusableToken):
        found = token_records.find_matching(token_records.token_collection(), {})
    if as_json:
        output.json(display.views(found))
    else:
        display.print_list(output, found)


@app.command()
def show(token: Token, as_json: AsJson = False) -> None:
    """Show everything that is stored about one token."""
    with errors_as_messages(messages, UnusableToken):
        record = token_records.find_only(token_records.token_collection(), token)
    if as_json:
        output.json(display.views([record])[0])
    else:
        display.print_one(output, record)


@app.command()
def revoke(token: Token, as_json: AsJson = False, yes: Yes = False) -> None:
    """End a token, within 5 seconds on every instance of the API; a name stands for all tokens of that name.

    Asks first if several tokens that are not revoked yet have the name.
    """
    with errors_as_messages(messages, UnusableToken):
        collection = token_records.token_collection()
        found = token_records.find_named(collection, token)
        working = [record for record in found if record.get("revoked_at") is None]
        if len(working) > 1:
            _consent(f"{len(working)} tokens would be revoked", working, "Revoke them?", yes)
        token_records.revoke(collection, found)
        revoked = token_records.find_matching(collection, {"_id": {"$in": [record["_id"] for record in found]}})
    for record in revoked:
        messages.print(f"revoked {_named(record)}")
    if as_json:
        output.json(display.views(revoked))


@app.command()
def rotate(
    token: Token,
    overlap_minutes: Annotated[
        int, typer.Option(min=0, max=525_600, help="Minutes for which the old token still works.")
    ] = 1440,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until the new token expires.", show_default="as the old")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token with the rights of an old token and print it; the old token ends after the overlap."""
    with errors_as_messages(messages, UnusableToken):
        old = token_records.find_only(token_records.token_collection(), token)
        if token_records.state_of(old) != "valid":
            raise UnusableToken(f"{token!r} is {token_records.state_of(old)}; `issue` makes a new one")
        if successor := old.get("replaced_by"):
            # Its expiry was moved to the end of the overlap, so how long its successor should live is no longer known.
            raise UnusableToken(f"{token!r} was rotated before; rotate its successor, {successor[:ID_DIGITS]}")
        life = None if days is None else timedelta(days=days)
        new, record = token_records.rotate(old, life, timedelta(minutes=overlap_minutes))
    _hand_over(new, record, as_json)
    messages.print(f"token {old['_id'][:ID_DIGITS]} ends in {overlap_minutes} minutes")


@app.command()
def prune(
    days: Annotated[
        int, typer.Option(min=0, max=36_500, help="Keep the records of tokens that ended in the last so many days.")
    ] = 30,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Delete the records of tokens that expired, lay idle or were revoked long ago. Those tokens stay invalid.

    Shows first which records those are, and asks.
    """
    with errors_as_messages(messages, UnusableToken):
        collection = token_records.token_collection()
        ended = token_records.ended_by(collection, datetime.now(UTC) - timedelta(days=days))
        if ended:
            _consent(f"{len(ended)} records would be deleted for good", ended, "Delete them?", yes)
        deleted = token_records.delete(collection, [record["_id"] for record in ended])
    messages.print(f"deleted {deleted} records")
    if as_json:
        output.json({"deleted": deleted})


def _consent(what: str, records: Sequence[Document], question: str, yes: bool) -> None:
    """Say what would be done to these records, and ask unless `yes`. Raises typer.Exit as `require_consent` does."""
    messages.print(f"{what}:")
    for record in records[:SHOWN_TOKENS]:
        messages.print(f"  {_named(record)}")
    if len(records) > SHOWN_TOKENS:
        messages.print(f"  and {len(records) - SHOWN_TOKENS} more")
    require_consent(messages, question, yes)


def _named(record: Document) -> str:
    return f"{str(record['_id'])[:ID_DIGITS]} ({record.get('name')})"


def _hand_over(token: str, record: Document, as_json: bool) -> None:
    """Print a new token on standard output, and what it is for on standard error."""
    messages.print(f"{display.summary(record)}; it is not shown again")
    if as_json:
        output.json({"token": token, **display.view(record)})
    else:
        output.print(token)


def _life(days: int | None, minutes: int | None) -> timedelta:
    if minutes is None:
        return timedelta(days=DEFAULT_DAYS if days is None else days)
    if days is not None:
        raise typer.BadParameter("--days and --minutes exclude each other: a token expires once")
    return timedelta(minutes=minutes)


def _name(name: str) -> str:
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise typer.BadParameter("a name has 1 to 64 printable characters")
    return name


def _scopes(scopes: list[str]) -> list[str]:
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise typer.BadParameter(f"there is no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    return scopes


def _networks(networks: list[str]) -> list[str]:
    try:
        return [str(ip_network(network)) for network in networks]
    except ValueError as error:
        raise typer.BadParameter(f"{error}; a network is written like 192.0.2.0/24 or 2001:db8::/32") from None


if __name__ == "__main__":
    app()
