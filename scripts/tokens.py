"""Tokens of the REST API: make, list, revoke and clear away.

Needs MONGODB_URI, MONGODB_DATABASE and, to make one, TOKEN_SIGNING_KEY, as the API has them. A token is shown once, at
the moment it is made; what is stored cannot be turned back into it.

Exit codes: 0 done · 1 MongoDB does not answer, or there is no such token · 2 wrong usage · 78 a wrong setting.
"""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from api.access import RATINGS_READ, SALES_READ, SCOPES, digest
from api.services import token_signer
from shared.documents import API_TOKENS, Document
from shared.errors import ConfigurationError
from shared.mongo import access_database, connect
from shared.settings import ApiSettings, SharedSettings

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a token or the key may be among them
)
messages = Console(stderr=True)

Records = Collection[Document]

_LARGEST_ID = 2**63 - 1
_SHOWN_DIGITS = 12
_FILE_WIDTH = 200


@app.command()
def issue(
    name: Annotated[str, typer.Option(help="What uses the token; for people.", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(SCOPES)}; may be repeated.", show_default="all reading")
    ] = None,
    product: Annotated[
        list[int] | None,
        typer.Option(min=0, max=_LARGEST_ID, help="The only product it is for; may be repeated.", show_default="all"),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 90,
) -> None:
    """Make a token and print it, alone, on standard output: `issue --name dashboard`"""
    scopes = frozenset(scope or (SALES_READ, RATINGS_READ))
    unknown = scopes - set(SCOPES)
    if unknown:
        raise typer.BadParameter(f"there is no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise typer.BadParameter("a name has 1 to 64 printable characters")
    with _errors_as_messages():
        settings = ApiSettings.load()
        signer = token_signer(settings)
        jti, now = secrets.token_urlsafe(16), datetime.now(UTC).replace(microsecond=0)
        record = _record(name, jti, scopes, product, now, now + timedelta(days=days))
        token = signer.sign(
            name=name,
            jti=jti,
            scopes=scopes,
            issued_at=int(now.timestamp()),
            expires_at=int(record["expires_at"].timestamp()),
        )
        _records(settings).insert_one(record)
    messages.print(f"token {record['_id'][:_SHOWN_DIGITS]} for {name!r}: {' '.join(record['scopes'])},", end=" ")
    messages.print(f"{_products(record)}, until {record['expires_at']:%Y-%m-%d %H:%M} UTC; it is not shown again")
    print(token)  # noqa: T201


@app.command(name="list")
def list_() -> None:
    """List all tokens: what they may do, when they were used and when they end; never the tokens themselves."""
    table = Table("Id", "Name", "Scopes", "Products", "Made", "Expires", "Last used", "State")
    console = Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    with _errors_as_messages():
        for record in _records(SharedSettings.load()).find().sort("created_at"):
            times = (_time(record[field]) for field in ("created_at", "expires_at", "last_used_at"))
            table.add_row(
                record["_id"][:_SHOWN_DIGITS],
                record["name"],
                " ".join(record["scopes"]),
                _products(record),
                *times,
                _state(record),
            )
    console.print(table)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id as `list` shows it, or its name.", show_default=False)],
) -> None:
    """Make a token invalid, within 5 seconds on every instance; a name stands for all tokens of that name."""
    with _errors_as_messages():
        records = _records(SharedSettings.load())
        found = list(records.find(_named(token)))
        records.update_many(
            {"_id": {"$in": [record["_id"] for record in found]}, "revoked_at": None},
            {"$set": {"revoked_at": datetime.now(UTC)}},
        )
    for record in found:
        messages.print(f"revoked {record['_id'][:_SHOWN_DIGITS]} ({record['name']})")
    if not found:
        messages.print(f"there is no token {token!r}; `list` shows them")
        raise typer.Exit(1)


@app.command()
def prune(
    days: Annotated[int, typer.Option(min=0, help="Keep those that ended in the last so many days.")] = 30,
) -> None:
    """Delete the records of tokens that expired or were revoked long ago. Neither works any more either way."""
    before = datetime.now(UTC) - timedelta(days=days)
    with _errors_as_messages():
        ended = {"$or": [{"expires_at": {"$lte": before}}, {"revoked_at": {"$lte": before}}]}
        deleted = _records(SharedSettings.load()).delete_many(ended).deleted_count
    messages.print(f"deleted {deleted} records")


def _record(
    name: str, jti: str, scopes: frozenset[str], products: list[int] | None, now: datetime, expires_at: datetime
) -> Document:
    return {
        "_id": digest(jti),
        "name": name,
        "scopes": sorted(scopes),
        "products": sorted(set(products)) if products else None,
        "created_at": now,
        "expires_at": expires_at,
        "revoked_at": None,
        "last_used_at": None,
    }


def _records(settings: SharedSettings) -> Records:
    return access_database(connect(settings, "product-analytics-tokens"))[API_TOKENS]


def _named(token: str) -> dict[str, Any]:
    """By name, or by the first digits of the id, as many as `list` shows."""
    by_id = len(token) >= _SHOWN_DIGITS and set(token) <= set("0123456789abcdef")
    return {"_id": {"$regex": f"^{token}"}} if by_id else {"name": token}


def _products(record: Document) -> str:
    return "all products" if record["products"] is None else f"products {', '.join(map(str, record['products']))}"


def _time(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _state(record: Document) -> str:
    if record["revoked_at"] is not None:
        return "revoked"
    return "expired" if record["expires_at"] <= datetime.now(UTC) else "valid"


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        messages.print(f"Wrong setting: {error}")
        sys.exit(78)
    except PyMongoError as error:
        messages.print(f"MongoDB does not answer ({type(error).__name__}); is MONGODB_URI right, and is it running?")
        sys.exit(1)


if __name__ == "__main__":
    app()
