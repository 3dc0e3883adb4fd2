"""Kafka messages -> events with the documents that MongoDB stores, or rejections. Pure: clocks are arguments.

`judge` takes many messages, `decode` the bytes of one. `decode` has two ways to a verdict. The fast path parses by
msgspec and judges the usual forms of an event by a few comparisons, which costs a fifth of the pydantic models.
Whatever it does not recognise goes to `slow_path`, whose word counts; a property test holds both to the same verdict.
Every input has an answer, in time linear in its length, and no exception leaves `decode`.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec
from bson.errors import BSONError
from confluent_kafka import Message

from consumer.events import slow_path
from consumer.events.details import whole_message
from consumer.events.encode import Encoder
from consumer.events.event import Event, Rated, Sold
from consumer.events.identity import header_event_id, identified
from consumer.events.message import last_header, record_time_ms
from consumer.events.rejection import Rejected, Rejection
from consumer.events.time_limits import TimeLimits
from consumer.events.unknown_fields import KNOWN_OF_RATED, KNOWN_OF_SOLD, Unstorable, storable
from shared.events import (
    MAX_CATEGORY,
    MAX_MESSAGE_BYTES,
    MAX_NAME,
    MAX_PRODUCT_ID,
    MAX_UNITS,
    PRODUCT_RATED,
    PRODUCT_SOLD,
    Reason,
    amount_units,
    event_id_text,
    rating_units,
    time_ms,
    whole_number,
)

_from_json: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_LEAST_FIELDS: Final = 5
"""An event of either kind has at least its name and four fields; a message with more has unknown fields, an id or a
time."""


class Judged(NamedTuple):
    """The verdicts on some messages; each message is in exactly one of the two lists, in offset order."""

    accepted: list[tuple[Event, int, bytes]]
    """The event, its offset, and the encoded document that `events_YYYYMMDD` stores."""
    rejected: list[tuple[Message, Rejection]]


def judge(messages: Sequence[Message], limits: TimeLimits, encoder: Encoder, id_header: str = "") -> Judged:
    """Judge messages of one partition by the contract and by `limits`, and encode the accepted events.

    `id_header` names the Kafka header that gives an event its id where it has none of its own; where it is empty, no
    headers are read. The same arguments always give the same verdicts, so a batch can be judged again in parts.
    """
    accepted: list[tuple[Event, int, bytes]] = []
    rejected: list[tuple[Message, Rejection]] = []
    # First all are decoded, then all are encoded: code that the processor has just run is in its caches.
    if id_header:
        verdicts = [_decode_with_header(message, limits, id_header) for message in messages]
    else:
        verdicts = [decode(message.value(), record_time_ms(message), limits) for message in messages]
    for message, verdict in zip(messages, verdicts, strict=True):
        if type(verdict) is not Rejection:
            offset = message.offset() or 0
            try:
                accepted.append((verdict, offset, encoder.encode(verdict, offset)))
                continue
            except (BSONError, OverflowError, ValueError) as error:
                verdict = Rejection(Reason.REFUSED_BY_DATABASE, str(error))
        rejected.append((message, verdict))
    return Judged(accepted, rejected)


def _decode_with_header(message: Message, limits: TimeLimits, id_header: str) -> Event | Rejection:
    return decode(message.value(), record_time_ms(message), limits, last_header(message, id_header), id_header)


def decode(
    value: bytes | None,
    recorded_ms: int,
    limits: TimeLimits,
    header_id: str | bytes | None = None,
    id_header: str = "",
) -> Event | Rejection:
    """Judge one message by the contract.

    `recorded_ms` is Kafka's timestamp of the record in UTC milliseconds. It counts where the event has no
    `occurred_at`. `header_id` is the id that a header gives, and counts where the event has no `event_id`;
    `id_header` is that header's name, for the detail of a wrong one.
    """
    try:
        message = parse(value)
        event = usual_event(message, recorded_ms) if type(message) is dict else None
        if event is None:
            event = slow_path.event_of(message, recorded_ms, value or b"")
        if header_id is not None and event.identity is None:
            event = identified(event, header_event_id(header_id, id_header), has_own_time=_has_own_time(message))
    except Rejected as rejected:
        return with_detail(rejected.rejection, value)
    if limits.oldest_ms <= event.time_ms <= limits.newest_ms:
        return event
    return limits.rejection(event.time_ms, of_record=not _has_own_time(message))


def with_detail(rejection: Rejection, value: bytes | None) -> Rejection:
    """The rejection with its detail. Whoever finds that a message nests too deep has not its bytes to say where."""
    if rejection.reason is Reason.TOO_DEEP:
        return rejection._replace(detail=whole_message.too_deep(value or b""))
    return rejection


def parse(value: bytes | None) -> object:
    """The JSON value in a message, with int for integers and Decimal for other numbers, so every digit is kept.

    Raises Rejected where there is none, or the message is too large.
    """
    if not value:
        raise Rejected(Reason.EMPTY, whole_message.empty(value))
    if len(value) > MAX_MESSAGE_BYTES:
        raise Rejected(Reason.TOO_LARGE, whole_message.too_large(len(value)))
    try:
        return _from_json(value)
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP) from None
    except (ValueError, InvalidOperation):
        return slow_path.parse_again(value)


def usual_event(message: dict[str, Any], recorded_ms: int) -> Event | None:
    """The event in a parsed message, or None where the slow path has to judge it. Raises nothing."""
    least = _LEAST_FIELDS
    if "event" not in message:
        kind = message.get("event_name")
    else:
        kind = message["event"]
        if "event_name" in message:
            if message["event_name"] != kind:
                return None
            least += 1
    try:
        if "occurred_at" in message:
            recorded_ms = time_ms(message["occurred_at"])
            least += 1
        if kind == PRODUCT_SOLD:
            return _sold(message, recorded_ms, len(message) > least)
        if kind == PRODUCT_RATED:
            return _rated(message, recorded_ms, len(message) > least)
    except (KeyError, ValueError, Unstorable):
        pass
    return None


def _has_own_time(message: object) -> bool:
    """Whether an event gives the time at which it happened."""
    return isinstance(message, dict) and message.get("occurred_at") is not None


def _sold(message: dict[str, Any], at_ms: int, has_more: bool) -> Event | None:
    name, product, units = message["name_of_product"], message["product_id"], message["no_of_units"]
    if type(product) is not int:
        product = whole_number(product)
    if type(units) is not int:
        units = whole_number(units)
    if type(name) is str and 0 < len(name) <= MAX_NAME and 0 <= product <= MAX_PRODUCT_ID and 0 <= units <= MAX_UNITS:
        amount = amount_units(message["amount"])
        if has_more:
            sold = Sold(product, at_ms, name, units, amount, storable(message, KNOWN_OF_SOLD) or None)
            return _with_id(sold, message) if "event_id" in message else sold
        return Sold(product, at_ms, name, units, amount, None)
    return None


def _rated(message: dict[str, Any], at_ms: int, has_more: bool) -> Event | None:
    name, product, category = message["name_of_product"], message["product_id"], message["category"]
    if type(product) is not int:
        product = whole_number(product)
    if type(name) is not str or type(category) is not str:
        return None
    if 0 < len(name) <= MAX_NAME and 0 < len(category) <= MAX_CATEGORY and 0 <= product <= MAX_PRODUCT_ID:
        rating = rating_units(message["rating"])
        if has_more:
            rated = Rated(product, at_ms, name, rating, category, storable(message, KNOWN_OF_RATED) or None)
            return _with_id(rated, message) if "event_id" in message else rated
        return Rated(product, at_ms, name, rating, category, None)
    return None


def _with_id(event: Event, message: dict[str, Any]) -> Event:
    """The event with its identity, where the message's `event_id` is not null. Raises ValueError where it is wrong."""
    event_id = message["event_id"]
    return event if event_id is None else identified(event, event_id_text(event_id), "occurred_at" in message)
