"""Parsed JSON -> where in it the event seems to be, for messages that are envelopes around one. Pure.

Envelopes are looked into in the order of their levels, and so are texts that are JSON themselves, plain or in base64.
How many values are looked at is bounded.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from consumer.events.details.contents import begins_json
from consumer.events.details.places import path
from consumer.events.details.unreadable.text_forms import decoded
from shared.events import EVENT_NAME_KEYS, PRODUCT_RATED, PRODUCT_SOLD, RATED_FIELDS, SOLD_FIELDS

_MOST_VALUES: Final = 500
"""So many values are looked at: an envelope has a few dozen before the event. At twice, a hostile message costs twice
as much; at half, an event behind long metadata is not found."""
_MOST_LEVELS: Final = 6
_FIELDS_OF_AN_EVENT: Final = 3
"""An object with so many fields of the contract is taken for an event that lacks its name: fewer occur by chance."""
_FIELDS: Final = (SOLD_FIELDS | RATED_FIELDS) - {"event_id", "occurred_at"}

_ENVELOPES: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"specversion", "type", "source"}), "a CloudEvents envelope"),
    (frozenset({"displayName", "job", "data"}), "a job of Laravel's queue: publish the event itself by a Kafka client"),
    (frozenset({"before", "after", "op"}), "a record of change data capture, as Debezium writes it"),
    (frozenset({"schema", "payload"}), "a record of Kafka Connect's JsonConverter: set schemas.enable=false"),
    (frozenset({"Type", "MessageId", "Message"}), "a notification of Amazon SNS"),
    (frozenset({"detail-type", "detail", "source"}), "an event of Amazon EventBridge"),
    (frozenset({"messageId", "publishTime", "data"}), "a message of Google's Pub/Sub"),
    (frozenset({"Records"}), "a batch of records, as Amazon's queues give it to a function"),
    (frozenset({"messageType", "message", "messageId"}), "an envelope of MassTransit"),
)


class Found(NamedTuple):
    """An object in a message that seems to be the event."""

    path: str
    """Where it is: `payload.after`, `data.command`."""
    encoding: str
    """ "as text", "as base64 in a text" and so on, where it is not plainly an object; else empty."""

    def __str__(self) -> str:
        return f"{self.path} ({self.encoding})" if self.encoding else self.path


def event_inside(message: object) -> Found | None:
    """Where the event seems to be in a message that is not one itself."""
    waiting: deque[tuple[list[str | int | None], object, str]] = deque([([], message, "")])
    for _ in range(_MOST_VALUES):
        if not waiting:
            break
        steps, value, encoding = waiting.popleft()
        if steps and isinstance(value, dict) and is_like_event(value):
            return Found(path(steps), encoding)
        if len(steps) < _MOST_LEVELS:
            waiting.extend((steps + step, inner, how or encoding) for step, inner, how in _within(value))
    return None


def envelope(message: Mapping[str, Any]) -> str:
    """The name of an envelope that is known by its keys; empty for any other."""
    return next((name for keys, name in _ENVELOPES if keys <= message.keys()), "")


def is_like_event(value: Mapping[str, Any]) -> bool:
    """Whether an object has the name of an event, or several of its fields."""
    names = (PRODUCT_SOLD, PRODUCT_RATED)
    is_named = any(value.get(key) == name for key in EVENT_NAME_KEYS for name in names)
    return is_named or sum(field in value for field in _FIELDS) >= _FIELDS_OF_AN_EVENT


def _within(value: object) -> list[tuple[list[str | int | None], object, str]]:
    """The values in an object or array, and the JSON in a text, each with the steps to it and how it is encoded."""
    if isinstance(value, dict):
        return [([key], inner, "") for key, inner, _ in zip(value, value.values(), range(_MOST_VALUES), strict=False)]
    if isinstance(value, list):
        return [([index], inner, "") for index, inner in enumerate(value[:_MOST_VALUES])]
    if not isinstance(value, str):
        return []
    text, encoding = decoded(value)
    if not begins_json(text[:2]):
        return []
    try:
        return [([], msgspec.json.decode(text), encoding)]
    except (ValueError, RecursionError):
        return []
