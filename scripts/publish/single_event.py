"""One event, written from what a person typed: JSON that keeps every digit, and wrong on purpose if they want it."""

import json
import re
from typing import NamedTuple

from scripts.publish.send import PlainRecord

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WORDS = {"true", "false", "null"}


class Fields(NamedTuple):
    """Fields that both events have, as typed."""

    product: str
    name: str | None
    occurred_at: str | None
    extra: list[str]


def sold(fields: Fields, units: str, amount: str) -> PlainRecord:
    """A productSold event."""
    return _message(fields, "productSold", {"no_of_units": literal(units), "amount": literal(amount)})


def rated(fields: Fields, rating: str, category: str) -> PlainRecord:
    """A productRated event."""
    return _message(fields, "productRated", {"rating": literal(rating), "category": _string(category)})


def literal(typed: str) -> str:
    """The JSON for what was typed: itself where it is a JSON value (4.50 stays 4.50), else a JSON string of it.

    A number as text is typed with its quotes: '"1000"'.
    """
    if _NUMBER.fullmatch(typed) or typed in _WORDS:
        return typed
    if typed[:1] in ('"', "[", "{"):
        try:
            json.loads(typed)
        except ValueError:
            return _string(typed)
        return typed
    return _string(typed)


def _message(fields: Fields, event: str, numbers: dict[str, str]) -> PlainRecord:
    members = {
        "event_name": _string(event),
        "name_of_product": _string(f"Product {fields.product}" if fields.name is None else fields.name),
        "product_id": literal(fields.product),
        **numbers,
    }
    if fields.occurred_at is not None:
        members["occurred_at"] = _string(fields.occurred_at)
    for pair in fields.extra:
        name, _, value = pair.partition("=")
        members[name] = literal(value)
    text = ", ".join(f"{_string(name)}: {value}" for name, value in members.items())
    return PlainRecord(_bytes(fields.product), _bytes(f"{{{text}}}"))


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bytes(text: str) -> bytes:
    """What was typed, byte for byte, also where it was not UTF-8."""
    return text.encode("utf-8", "surrogateescape")
