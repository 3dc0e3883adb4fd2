"""Tokens of the REST API: make, list, show, revoke, rotate and clear away.

Needs MONGODB_URI, MONGODB_DATABASE and, to make one, the key that signs, as the API has them. A token is shown once, at
the moment it is made; what is stored cannot be turned back into it.

Exit codes: 0 done · 1 MongoDB does not answer, or there is no such token · 2 wrong usage · 78 a wrong setting.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated

import typer
from rich.console import Console

from api.auth.access import SCOPES
from scripts.common.errors import errors_as_messages
from scripts.tokens import display, token_records
from scripts.tokens.token_records import ID_DIGITS, NoSuchToken, Rights
from shared.documents import Document
from shared.events import MAX_PRODUCT_ID

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a token or the key may be among them
)
messages = Console(stderr=True, soft_wrap=True)


AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output instead of a table or a bare token.")]
Token = Annotated[str, typer.Argument(help="Its id as `list` shows it, or its name.", show_default=False)]
Days = Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")]


@app.command()
def issue(
    name: Annotated[str, typer.Option(help="What uses the token; for people.", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(SCOPES)}; may be repeated.", show_default="none")
    ] = None,
    product: Annotated[
        list[int] | None,
        typer.Option(
            min=0, max=MAX_PRODUCT_ID, help="The only product it is for; may be repeated.", show_default="all"
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="The only address or CIDR network it works from; may be repeated.", show_default="all"),
    ] = None,
    days: Days = 90,
    idle_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days without use that end it.", show_default="never")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, alone, on standard output: `issue --name dashboard --scope sales:read`"""
    rights = Rights(
        name=_name(name),
        scopes=_scopes(scope or []),
        products=product,
        networks=_networks(network or []),
        idle=None if idle_days is None else timedelta(days=idle_days),
    )
    with errors_as_messages(messages, NoSuchToken):
        token, record = token_records.issue(rights, timedelta(days=days))
    _hand_over(token, record, as_json)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List all tokens: what they may do, when they were used and when they end; never the tokens themselves."""
    with errors_as_messages(messages, NoSuchToken):
        found = token_records.matching(token_records.records(), {})
    if as_json:
        display.print_json([display.view(record) for record in found])
    else:
        display.print_list(found)


@app.command()
def show(token: Token, as_json: AsJson = False) -> None:
    """Show all that is known of one token."""
    with errors_as_messages(messages, NoSuchToken):
        record = token_records.the_one(token_records.records(), token)
    if as_json:
        display.print_json(display.view(record))
    else:
        display.print_one(record)


@app.command()
def revoke(token: Token, as_json: AsJson = False) -> None:
    """Make a token invalid, within 5 seconds on every instance; a name stands for all tokens of that name."""
    with errors_as_messages(messages, NoSuchToken):
        collection = token_records.records()
        token_records.revoke(collection, token_records.named(collection, token))
        revoked = token_records.named(collection, token)
    for record in revoked:
        messages.print(f"revoked {record['_id'][:ID_DIGITS]} ({record['name']})", markup=False)
    if as_json:
        display.print_json([display.view(record) for record in revoked])


@app.command()
def rotate(
    token: Token,
    overlap_minutes: Annotated[
        int, typer.Option(min=0, max=525_600, help="Minutes during which the old one still works.")
    ] = 1440,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until the new one expires.", show_default="as the old")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token with the same rights and print it; the old one ends after the overlap, a day by default."""
    with errors_as_messages(messages, NoSuchToken):
        old = token_records.the_one(token_records.records(), token)
        if token_records.state(old) != "valid":
            raise NoSuchToken(f"{token!r} is {token_records.state(old)}; `issue` makes a new one")
        if successor := old.get("replaced_by"):
            # Its own end was put forward, so nothing tells any more how long the next one should live.
            raise NoSuchToken(f"{token!r} was rotated before; rotate its successor, {successor[:ID_DIGITS]}")
        life = None if days is None else timedelta(days=days)
        new, record = token_records.rotate(old, life, timedelta(minutes=overlap_minutes))
    _hand_over(new, record, as_json)
    messages.print(f"token {old['_id'][:ID_DIGITS]} ends in {overlap_minutes} minutes", markup=False)


@app.command()
def prune(
    days: Annotated[int, typer.Option(min=0, help="Keep those that ended in the last so many days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Delete the records of tokens that expired, lay idle or were revoked long ago. None works any more either way."""
    with errors_as_messages(messages, NoSuchToken):
        deleted = token_records.prune(token_records.records(), datetime.now(UTC) - timedelta(days=days))
    messages.print(f"deleted {deleted} records")
    if as_json:
        display.print_json({"deleted": deleted})


def _hand_over(token: str, record: Document, as_json: bool) -> None:
    messages.print(f"{display.summary(record)}; it is not shown again", markup=False)
    if as_json:
        display.print_json({"token": token, **display.view(record)})
    else:
        print(token)  # noqa: T201


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
