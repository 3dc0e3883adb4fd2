"""Bytes of a Kafka message -> a `Sold`, a `Rated` or a `Rejection`. Pure: the clock's readings are arguments.

Every input has an answer, in time linear in its length; no exception leaves `decode`.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from consumer.events.event import Event, Rated, Sold
from consumer.events.fast_path import EVENT_NAMES, extra_fields, plain_event
from consumer.events.parse import object_of, parse
from consumer.events.rejection import Rejected, Rejection
from shared.events import MAX_AHEAD_MS, PRODUCT_RATED, PRODUCT_SOLD, RATED, REASON_OF_FIELD, SOLD, Reason


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The times that are accepted, both ends included, in UTC milliseconds."""

    oldest_ms: int
    newest_ms: int

    @classmethod
    def at(cls, now_ms: int, retention_days: int) -> "TimeLimits":
        """The limits when the clock shows `now_ms`."""
        return cls(now_ms - retention_days * 86_400_000, now_ms + MAX_AHEAD_MS)


def decode(value: bytes | None, recorded_ms: int, limits: TimeLimits) -> Event | Rejection:
    """Validate one message. `recorded_ms` is its Kafka timestamp, used where the event has no time of its own."""
    try:
        message = parse(value)
        event = plain_event(message, recorded_ms) if type(message) is dict else None
        if event is None:
            event = model_event(object_of(message), recorded_ms)
    except Rejected as rejected:
        return rejected.rejection
    if limits.oldest_ms <= (time_ms := event.time_ms) <= limits.newest_ms:
        return event
    if time_ms > limits.newest_ms:
        return Rejection(Reason.FROM_THE_FUTURE, f"{time_ms} ms is after {limits.newest_ms} ms")
    return Rejection(Reason.TOO_OLD, f"{time_ms} ms is before {limits.oldest_ms} ms")


def model_event(message: dict[str, Any], recorded_ms: int) -> Event:
    """The event in `message` by the models' judgement. Raises Rejected."""
    name = _event_name(message)
    try:
        if name == PRODUCT_SOLD:
            sold = SOLD.validator.validate_python(message)
            extra = extra_fields(message, {*sold, *EVENT_NAMES})
            time_ms = sold.get("occurred_at", recorded_ms)
            return Sold(
                sold["product_id"], time_ms, sold["name_of_product"], sold["no_of_units"], sold["amount"], extra
            )
        if name == PRODUCT_RATED:
            rated = RATED.validator.validate_python(message)
            extra = extra_fields(message, {*rated, *EVENT_NAMES})
            time_ms = rated.get("occurred_at", recorded_ms)
            return Rated(
                rated["product_id"], time_ms, rated["name_of_product"], rated["rating"], rated["category"], extra
            )
    except ValidationError as error:
        raise Rejected(*_first_problem(error)) from None
    raise Rejected(Reason.UNKNOWN_EVENT)


def _event_name(message: dict[str, Any]) -> object:
    """The value under `event_name` or `event`; both must agree, in type too: 1 is not true."""
    if "event_name" not in message:
        if "event" not in message:
            raise Rejected(Reason.MISSING_FIELD, "event_name")
        return message["event"]
    name: object = message["event_name"]
    if "event" in message and (type(name) is not type(message["event"]) or name != message["event"]):
        raise Rejected(Reason.CONFLICTING_EVENT_NAMES)
    return name


def _first_problem(error: ValidationError) -> tuple[Reason, str]:
    """The first field that is missing or bad, in the contract's order, which is the models' order of fields."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(problem["loc"][0])
    if problem["type"] == "missing":
        return Reason.MISSING_FIELD, field
    return REASON_OF_FIELD[field], f"{field}: {problem['msg']}"
