"""The messages that the fast path of `decode` does not recognise: read and judged again, slower and with the last word.

Two kinds come here. Bytes that msgspec refuses are read by the standard library's parser, which can say why they are no
JSON, and which takes a few valid messages that msgspec does not, such as exponents beyond a double's. Objects in
unusual forms, most of them wrong, are judged by the pydantic models of `shared.events`, which name the first wrong
field. Pure, and linear in the length, which the contract bounds.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from pydantic import ValidationError

from consumer.events.event import Event, Rated, Sold
from consumer.events.nesting import check_depth, text_is_too_deep
from consumer.events.rejection import Rejected
from consumer.events.unknown_fields import storable
from consumer.events.wrong_value import wrong_value
from shared.events import (
    EVENT_NAME_KEYS,
    PRODUCT_RATED,
    PRODUCT_SOLD,
    RATED,
    REASON_OF_FIELD,
    SOLD,
    Reason,
    exact_decimal,
)


class _NoConstant(ValueError):
    """NaN or Infinity, which Python's parser would read and JSON does not have."""


def parse_again(value: bytes) -> object:
    """The JSON value in a message that msgspec refused. Raises Rejected where there is none.

    The message is returned where only a number was too large for msgspec; the models then judge that number's field.
    """
    try:
        message: object = json.loads(value.decode(), parse_float=exact_decimal, parse_constant=_refuse_constant)
        check_depth(message)
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP) from None
    except ValueError as error:
        read = error.doc[: error.pos] if isinstance(error, json.JSONDecodeError) else value.decode(errors="ignore")
        raise Rejected(Reason.TOO_DEEP if text_is_too_deep(read) else Reason.NOT_JSON, _why_no_json(error)) from None
    if isinstance(message, dict):
        try:
            "".join(_texts(message)).encode()
        except UnicodeEncodeError:
            raise Rejected(Reason.UNSTORABLE_TEXT, "half of a surrogate pair") from None
    return message


def _why_no_json(error: ValueError) -> str:
    """What the standard library says of a message that is no JSON, and at which of its bytes, counted from 0.

    Example: in `{"a":"M\xfcller"}`, written in Latin-1, "not UTF-8: byte 7 of the message is 0xFC".
    """
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return f"not UTF-8: byte {error.start} of the message is 0x{byte:02X} ({error.reason})"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}: byte {len(error.doc[: error.pos].encode())} of the message"
    return str(error) if isinstance(error, _NoConstant) else "an integer has more than 4300 digits"


def event_of(message: object, recorded_ms: int) -> Event:
    """The event in parsed JSON, as the models of `shared.events` judge it. Raises Rejected.

    `recorded_ms` (UTC milliseconds) is the event's time where it has no `occurred_at`.
    """
    fields = object_of(message)
    name = _event_name(fields)
    try:
        if name == PRODUCT_SOLD:
            sold = SOLD.validator.validate_python(fields)
            unknown = storable(fields, {*sold, *EVENT_NAME_KEYS}) or None
            at_ms = sold.get("occurred_at", recorded_ms)
            product, units = sold["product_id"], sold["no_of_units"]
            return Sold(product, at_ms, sold["name_of_product"], units, sold["amount"], unknown)
        if name == PRODUCT_RATED:
            rated = RATED.validator.validate_python(fields)
            unknown = storable(fields, {*rated, *EVENT_NAME_KEYS}) or None
            at_ms = rated.get("occurred_at", recorded_ms)
            product, rating = rated["product_id"], rated["rating"]
            return Rated(product, at_ms, rated["name_of_product"], rating, rated["category"], unknown)
    except ValidationError as error:
        raise Rejected(*_first_problem(error, fields)) from None
    raise Rejected(Reason.UNKNOWN_EVENT)


def object_of(message: object) -> dict[str, Any]:
    """The JSON object that a message must be. Raises Rejected where it nests too deep or is no object."""
    check_depth(message)
    if type(message) is not dict:
        raise Rejected(Reason.NOT_OBJECT)
    return message


def _event_name(message: dict[str, Any]) -> object:
    """The value under `event_name` or `event`. Where both are given they must agree, in type too: 1 is not true."""
    if "event_name" not in message:
        if "event" not in message:
            raise Rejected(Reason.MISSING_FIELD, "event_name")
        return message["event"]
    name: object = message["event_name"]
    if "event" in message and (type(name) is not type(message["event"]) or name != message["event"]):
        raise Rejected(Reason.CONFLICTING_EVENT_NAMES)
    return name


def _first_problem(error: ValidationError, fields: dict[str, Any]) -> tuple[Reason, str]:
    """The first field that is missing or wrong, in the contract's order, which is the order of the models' fields."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(problem["loc"][0])
    if problem["type"] == "missing":
        return Reason.MISSING_FIELD, field
    return REASON_OF_FIELD[field], wrong_value(field, fields[field])


def _refuse_constant(name: str) -> NoReturn:
    """Called by the standard library's parser for NaN and Infinity, which JSON does not have."""
    raise _NoConstant(f"JSON has no {name}")


def _texts(value: object) -> Iterator[str]:
    """Every text in a message, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
