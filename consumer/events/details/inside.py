"""Parsed JSON -> where in it the event seems to be, for messages that are envelopes around one. Pure.

Envelopes are looked into in the order of their levels, and so are texts that are JSON themselves, plain or in base64.
How many values are looked at is bounded. What change data capture keeps of a row's earlier state, and a row that was
deleted, are not looked into: who sent them as events would count a sale that was corrected or taken back.
"""

from collections import deque
from collections.abc import Mapping
from itertools import islice
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

_EARLIER_STATES: Final = frozenset(
    ("before", "beforeimage", "fulldocumentbeforechange", "old", "olddata", "oldimage", "oldrecord", "oldrow",
     "oldvalue", "previous", "previousdata", "previousvalue", "deleted", "removed")
)  # fmt: skip
"""Keys, without their signs, under which tools of change data capture put a row as it was before."""
_OPERATIONS: Final = frozenset(
    ("op", "optype", "operation", "operationtype", "type", "action", "eventtype", "eventname", "deleted")
)
_DELETIONS: Final = frozenset(("d", "delete", "deleted", "deletion", "remove", "removed", "t", "truncate", "true"))
"""Keys, without their signs, and values by which these tools say that a row was deleted."""

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
    name: str
    """What the advice has to add about the event's name: ", with event_name,", or nothing where it is right."""
    batch: str = ""
    """What is to be sent instead where an array holds several events: "each element of events"; else empty."""

    def __str__(self) -> str:
        return f"{self.path} ({self.encoding})" if self.encoding else self.path

    @property
    def advice(self) -> str:
        """Where the event is and what to send: "the event seems to be in data: send that as the message itself"."""
        if self.batch:
            return f"the event seems to be in {self}: send {self.batch}{self.name} as a message of its own"
        return f"the event seems to be in {self}: send that{self.name} as the message itself"


def event_inside(message: object) -> Found | None:
    """Where the event seems to be in a message that is not one itself."""
    waiting: deque[tuple[list[str | int | None], object, str, str]] = deque([([], message, "", "")])
    for _ in range(_MOST_VALUES):
        if not waiting:
            break
        steps, value, encoding, batch = waiting.popleft()
        if steps and isinstance(value, dict) and is_like_event(value):
            if batch:
                batch = f"{'' if isinstance(steps[-1], int) else 'the event in '}each element of {batch}"
            return Found(path(steps), encoding, _about_name(value), batch)
        if len(steps) < _MOST_LEVELS and not _is_deletion(value):
            batch = path(steps) if _is_batch(value) else batch
            waiting.extend((steps + step, inner, how or encoding, batch) for step, inner, how in _within(value))
    return None


def envelope(message: Mapping[str, Any]) -> str:
    """The name of an envelope that is known by its keys; empty for any other."""
    return next((name for keys, name in _ENVELOPES if keys <= message.keys()), "")


def is_like_event(value: Mapping[str, Any]) -> bool:
    """Whether an object has several fields of an event, or an event's name and at least one of its fields."""
    fields = sum(field in value for field in _FIELDS)
    return not _is_deletion(value) and fields >= (1 if _is_named(value) else _FIELDS_OF_AN_EVENT)


def _is_named(value: Mapping[str, Any]) -> bool:
    return any(value.get(key) == name for key in EVENT_NAME_KEYS for name in (PRODUCT_SOLD, PRODUCT_RATED))


def _about_name(value: Mapping[str, Any]) -> str:
    if _is_named(value):
        return ""
    has_other = any(value.get(key) is not None for key in EVENT_NAME_KEYS)
    return ", with the event's name mended," if has_other else ", with event_name,"


def _is_batch(value: object) -> bool:
    """Whether a value is an array of several objects, or of several texts, which may hold JSON."""
    kinds = [type(element) for element in value] if isinstance(value, list) else []
    return max(kinds.count(dict), kinds.count(str)) > 1


def _is_deletion(value: object) -> bool:
    """Whether an object, or the metadata beside a row, says that the row was deleted."""
    if not isinstance(value, dict):
        return False
    return any(
        str(word).lower() in _DELETIONS
        for fields in (value, value.get("metadata"))
        if isinstance(fields, dict)
        for key, word in islice(fields.items(), _MOST_VALUES)
        if isinstance(word, str | bool) and _plain(key) in _OPERATIONS
    )


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _within(value: object) -> list[tuple[list[str | int | None], object, str]]:
    """The values in an object or array, and the JSON in a text, each with the steps to it and how it is encoded."""
    if isinstance(value, dict):
        some = islice(value.items(), _MOST_VALUES)
        return [([key], inner, "") for key, inner in some if _plain(key) not in _EARLIER_STATES]
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
