"""Shows records of tokens: a table for a person, JSON for a program. No record holds the token itself."""

from collections.abc import Iterable
from typing import Any, Final

from scripts.common.console import LiteralConsole
from scripts.common.documents import each
from scripts.common.times import rfc3339, shown
from scripts.tokens.token_records import ID_DIGITS, end_of, state_of
from shared.documents import Document

_COLUMNS: Final = ("Id", "Name", "Scopes", "Products", "Networks", "Key", "Made", "Ends", "Last used", "State")


def view(record: Document) -> dict[str, Any]:
    """A record as JSON has it: times in RFC 3339, UTC. A limit that is null limits nothing, and a time that is null has
    not come. A time that is no date, such as an expiry after the year 9999, is text like `253402300800000 ms`."""
    return {
        "id": record["_id"],
        "name": record["name"],
        "state": state_of(record),
        "scopes": record["scopes"],
        "products": record["products"],
        "networks": record.get("networks"),
        "key_id": record.get("key_id"),
        "created_at": rfc3339(record["created_at"]),
        "expires_at": rfc3339(record["expires_at"]),
        "idle_seconds": record.get("idle_seconds"),
        "last_used_at": rfc3339(record.get("last_used_at")),
        "revoked_at": rfc3339(record["revoked_at"]),
        "replaced_by": record.get("replaced_by"),
    }


def views(records: Iterable[Document]) -> list[dict[str, Any]]:
    """`view` of each record; of one that another program damaged, its id and what is wrong."""
    return list(each(records, view, lambda record, why: {"id": str(record.get("_id")), "error": why}))


def print_list(console: LiteralConsole, records: Iterable[Document]) -> None:
    """Print a table with a row for each token."""
    unfit = len(_COLUMNS) - 2
    console.table(_COLUMNS, each(records, _cells, lambda record, why: (str(record["_id"]), why, *(None,) * unfit)))


def _cells(record: Document) -> tuple[str | None, ...]:
    """A row of the table, in the order of `_COLUMNS`."""
    return (
        record["_id"][:ID_DIGITS],
        record["name"],
        _limit(record["scopes"]),
        _limit(record["products"]),
        _limit(record.get("networks")),
        record.get("key_id"),
        *(_time(moment) for moment in (record["created_at"], end_of(record), record.get("last_used_at"))),
        state_of(record),
    )


def print_one(console: LiteralConsole, record: Document) -> None:
    """Print a table with a row for each field of a token's record."""
    (fields,) = views([record])
    limits = ("scopes", "products", "networks")
    console.table(
        ("Field", "Value"),
        (
            (name.replace("_", " "), _limit(value) if name in limits else None if value is None else str(value))
            for name, value in fields.items()
        ),
    )


def summary(record: Document) -> str:
    """What a token may do and when it ends, in a line; printed when it is made."""
    scopes = " ".join(record["scopes"]) or "no scope, so that it opens nothing"
    products = "all products" if record["products"] is None else f"products {_limit(record['products'])}"
    networks = "" if record["networks"] is None else f", from {_limit(record['networks'])}"
    idle = "" if record["idle_seconds"] is None else f", unless unused for {record['idle_seconds'] // 86_400} days"
    ends = f"until {shown(record['expires_at'])} UTC{idle}"
    return f"token {record['_id'][:ID_DIGITS]} for {record['name']!r}: {scopes}, {products}{networks}, {ends}"


def _limit(values: list[Any] | None) -> str:
    return "all" if values is None else ", ".join(map(str, values)) or "none"


def _time(moment: object) -> str:
    return "never" if moment is None else shown(moment)
