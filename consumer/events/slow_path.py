"""The messages that the fast path of `decode` does not recognise: read and judged again, slower and with the last word.

Two kinds come here. Bytes that msgspec refuses are read by the standard library's parser, which can say why they are no
JSON, and which takes a few valid messages that msgspec does not: exponents that no Decimal holds, and halves of
surrogate pairs. Objects in unusual forms, most of them wrong, are judged by the pydantic models of `shared.events`,
which name the first wrong field; of the valid ones, most have unknown fields that BSON cannot hold. Pure, and linear in
the length, which the contract bounds.
"""

import json
from collections.abc import Container
from typing import Any, Final, NoReturn, final

from pydantic import ValidationError

from consumer.events.details import whole_message
from consumer.events.details.unreadable.not_json import NotANumber, not_json
from consumer.events.details.values.wrong_value import wrong_value
from consumer.events.event import Event, Rated, Sold, UnknownFields
from consumer.events.exact_json import unknown_json
from consumer.events.identity import identified
from consumer.events.nesting import check_depth, text_is_too_deep
from consumer.events.rejection import Rejected
from consumer.events.unknown_fields import KNOWN_OF_RATED, KNOWN_OF_SOLD, Unstorable, storable
from shared.events import (
    EVENT_NAME_KEYS,
    PRODUCT_RATED,
    PRODUCT_SOLD,
    RATED,
    REASON_OF_FIELD,
    SOLD,
    ProductRated,
    ProductSold,
    Reason,
    exact_decimal,
)

_OPTIONAL: Final = ("occurred_at", "event_id")
"""Fields that an event may lack; null in one of them is as if it were absent."""
_as_text: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=str).encode
"""Writes parsed JSON with every text in it as it is; a Decimal, which it does not know, in some form."""


@final
class Unusual(dict[str, Any]):
    """An object that msgspec refused to read. Its texts may hold halves of surrogate pairs, which only the slow path
    looks for. So it has another type than the objects that the fast path takes."""


def parse_again(value: bytes) -> object:
    """The JSON value in a message that msgspec refused. Raises Rejected where there is none.

    A message is returned where a number was too large for msgspec, or a text holds half of a surrogate pair. What the
    field means decides about either, and an object is returned as `Unusual`.
    """
    try:
        message: object = json.loads(value.decode(), parse_float=exact_decimal, parse_constant=_refuse_constant)
        check_depth(message)
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP) from None
    except ValueError as error:
        read = error.doc[: error.pos] if isinstance(error, json.JSONDecodeError) else value.decode(errors="ignore")
        if text_is_too_deep(read):
            raise Rejected(Reason.TOO_DEEP) from None
        raise Rejected(Reason.NOT_JSON, not_json(value, error)) from None
    return Unusual(message) if isinstance(message, dict) else message


def event_of(message: object, recorded_ms: int, value: bytes) -> Event:
    """The event in parsed JSON, as the models of `shared.events` judge it. Raises Rejected.

    `recorded_ms` (UTC milliseconds) is the event's time where it has no `occurred_at`. `value` is what was parsed.
    """
    fields = object_of(message)
    if type(fields) is Unusual:
        _check_known_texts(fields)
    name = _event_name(fields)
    given = {key: inner for key, inner in fields.items() if inner is not None or key not in _OPTIONAL}
    try:
        if name == PRODUCT_SOLD:
            sold = SOLD.validator.validate_python(given)
            at_ms, product, units = sold.get("occurred_at", recorded_ms), sold["product_id"], sold["no_of_units"]
            unknown = _unknown(fields, KNOWN_OF_SOLD, value)
            return _with_id(Sold(product, at_ms, sold["name_of_product"], units, sold["amount"], *unknown), sold)
        if name == PRODUCT_RATED:
            rated = RATED.validator.validate_python(given)
            at_ms, product, rating = rated.get("occurred_at", recorded_ms), rated["product_id"], rated["rating"]
            unknown = _unknown(fields, KNOWN_OF_RATED, value)
            return _with_id(Rated(product, at_ms, rated["name_of_product"], rating, rated["category"], *unknown), rated)
    except ValidationError as error:
        raise Rejected(*_first_problem(error, fields, ProductSold if name == PRODUCT_SOLD else ProductRated)) from None
    raise Rejected(Reason.UNKNOWN_EVENT, whole_message.unknown_event(fields, name))


def object_of(message: object) -> dict[str, Any]:
    """The JSON object that a message must be. Raises Rejected where it nests too deep or is no object."""
    check_depth(message)
    if not isinstance(message, dict):
        raise Rejected(Reason.NOT_OBJECT, whole_message.not_object(message))
    return message


def _check_known_texts(fields: dict[str, Any]) -> None:
    """Raise Rejected for the first field of the contract that holds half of a surrogate pair, in a text or a key.

    Where the message does not say which event it is, every field of both events counts.
    """
    names = [fields.get(key) for key in EVENT_NAME_KEYS]
    known = KNOWN_OF_SOLD | KNOWN_OF_RATED
    if PRODUCT_SOLD in names or PRODUCT_RATED in names:
        known = KNOWN_OF_SOLD if PRODUCT_SOLD in names else KNOWN_OF_RATED
    for key, inner in fields.items():
        if key in known and not _is_utf8(inner):
            raise Rejected(Reason.UNSTORABLE_TEXT, whole_message.lone_surrogate(key, inner))


def _event_name(message: dict[str, Any]) -> object:
    """The value under `event_name` or `event`. Where both are given they must agree, in type too: 1 is not true."""
    names = [message[key] for key in EVENT_NAME_KEYS if message.get(key) is not None]
    if not names:
        raise Rejected(Reason.MISSING_FIELD, whole_message.no_event_name(message))
    if type(names[0]) is not type(names[-1]) or names[0] != names[-1]:
        raise Rejected(Reason.CONFLICTING_EVENT_NAMES, whole_message.conflicting_names(names))
    return names[0]


def _unknown(fields: dict[str, Any], known: Container[str], value: bytes) -> tuple[UnknownFields, str | None]:
    """The unknown fields of an event, as `unknown_fields` where BSON can hold all of them, else as `unknown_json`."""
    unknown = {key: inner for key, inner in fields.items() if key not in known}
    try:
        if type(fields) is not Unusual or _is_utf8(unknown):
            return storable(unknown) or None, None
    except Unstorable:
        pass
    return None, unknown_json(value, known)


def _with_id(event: Event, fields: ProductSold | ProductRated) -> Event:
    """The event with its identity, where its validated fields have an id."""
    return identified(event, fields["event_id"], "occurred_at" in fields) if "event_id" in fields else event


def _first_problem(
    error: ValidationError, fields: dict[str, Any], model: type[ProductSold] | type[ProductRated]
) -> tuple[Reason, str]:
    """The first field that is missing or wrong, in the contract's order, which is the order of the models' fields."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(problem["loc"][0])
    if problem["type"] == "missing":
        needed = [each for each in model.__annotations__ if each not in _OPTIONAL]
        return Reason.MISSING_FIELD, whole_message.missing_field(field, fields, needed)
    return REASON_OF_FIELD[field], wrong_value(field, fields[field])


def _refuse_constant(name: str) -> NoReturn:
    """Called by the standard library's parser for NaN and Infinity, which JSON does not have."""
    raise NotANumber(name)


def _is_utf8(value: object) -> bool:
    """Whether UTF-8 can hold all texts and keys in a value: it can unless one of them has half of a surrogate pair."""
    try:
        _as_text(value).encode()
    except UnicodeEncodeError:
        return False
    return True
