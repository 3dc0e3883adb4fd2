"""Writes one event from what a person typed, as JSON that keeps every digit and every mistake."""

import json
import re
from typing import NamedTuple

from scripts.publish.sending.records import KeyAndValue

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WORDS = {"true", "false", "null"}


class Fields(NamedTuple):
    """The fields that a sale and a rating have in common, as typed; `extra` are texts like `currency=EUR`."""

    product: str
    name: str | None
    occurred_at: str | None
    extra: list[str]
    event_id: str | None = None


def sold(fields: Fields, units: str, amount: str) -> KeyAndValue:
    """A productSold event with the product as its key."""
    return _record(fields, "productSold", {"no_of_units": literal(units), "amount": literal(amount)})


def rated(fields: Fields, rating: str, category: str) -> KeyAndValue:
    """A productRated event with the product as its key."""
    return _record(fields, "productRated", {"rating": literal(rating), "category": _string(category)})


def literal(typed: str) -> str:
    """The JSON for what was typed: the text itself if it is a JSON value, else a JSON string of it.

    `4.50` gives `4.50`, `ten` gives `"ten"`, and `"1000"`, typed with its quotes, gives the string `"1000"`.
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


def _record(fields: Fields, event: str, numbers: dict[str, str]) -> KeyAndValue:
    """The event as a record; `numbers` are the JSON values of the fields that only this event has."""
    members = {
        "event_name": _string(event),
        "name_of_product": _string(f"Product {fields.product}" if fields.name is None else fields.name),
        "product_id": literal(fields.product),
        **numbers,
    }
    if fields.occurred_at is not None:
        members["occurred_at"] = _string(fields.occurred_at)
    if fields.event_id is not None:
        members["event_id"] = _string(fields.event_id)
    for pair in fields.extra:
        name, _, value = pair.partition("=")
        members[name] = literal(value)
    text = ", ".join(f"{_string(name)}: {value}" for name, value in members.items())
    return KeyAndValue(_bytes(fields.product), _bytes(f"{{{text}}}"))


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bytes(text: str) -> bytes:
    """The bytes that were typed. Python reads arguments that are not UTF-8 with surrogates, which this takes back."""
    return text.encode("utf-8", "surrogateescape")
