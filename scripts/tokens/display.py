"""Shows records of tokens: a table for a person, JSON for a program. No record holds the token itself."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from api.auth.records import ends_at
from scripts.tokens.token_records import ID_DIGITS, state_of
from shared.documents import Document

_FILE_WIDTH: Final = 220
"""Columns of a table that goes into a file or a pipe: with so many, rows are seldom broken. At half, most would be; at
twice, rich leaves the rest empty."""


def view(record: Document) -> dict[str, Any]:
    """A record as JSON has it: times in RFC 3339, UTC. A limit that is null limits nothing, and a time that is null has
    not come."""
    return {
        "id": record["_id"],
        "name": record["name"],
        "state": state_of(record),
        "scopes": record["scopes"],
        "products": record["products"],
        "networks": record.get("networks"),
        "key_id": record.get("key_id"),
        "created_at": _rfc3339(record["created_at"]),
        "expires_at": _rfc3339(record["expires_at"]),
        "idle_seconds": record.get("idle_seconds"),
        "last_used_at": _rfc3339(record.get("last_used_at")),
        "revoked_at": _rfc3339(record["revoked_at"]),
        "replaced_by": record.get("replaced_by"),
    }


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201


def print_list(records: Iterable[Document]) -> None:
    """Print a table with a row for each token."""
    table = Table("Id", "Name", "Scopes", "Products", "Networks", "Key", "Made", "Ends", "Last used", "State")
    for record in records:
        table.add_row(
            record["_id"][:ID_DIGITS],
            record["name"],
            _limit(record["scopes"]),
            _limit(record["products"]),
            _limit(record.get("networks")),
            record.get("key_id") or "",
            *(_time(moment) for moment in (record["created_at"], ends_at(record), record.get("last_used_at"))),
            state_of(record),
        )
    _console().print(table)


def print_one(record: Document) -> None:
    """Print a table with a row for each field of a token's record."""
    table = Table("Field", "Value", show_header=False)
    for name, value in view(record).items():
        limit = value if name not in ("scopes", "products", "networks") else _limit(value)
        table.add_row(name.replace("_", " "), "" if limit is None else str(limit))
    _console().print(table)


def summary(record: Document) -> str:
    """What a token may do and when it ends, in a line; printed when it is made."""
    scopes = " ".join(record["scopes"]) or "no scope, so that it opens nothing"
    products = "all products" if record["products"] is None else f"products {_limit(record['products'])}"
    networks = "" if record["networks"] is None else f", from {_limit(record['networks'])}"
    idle = "" if record["idle_seconds"] is None else f", unless unused for {record['idle_seconds'] // 86_400} days"
    ends = f"until {record['expires_at']:%Y-%m-%d %H:%M} UTC{idle}"
    return f"token {record['_id'][:ID_DIGITS]} for {record['name']!r}: {scopes}, {products}{networks}, {ends}"


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console


def _limit(values: list[Any] | None) -> str:
    return "all" if values is None else ", ".join(map(str, values)) or "none"


def _time(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
