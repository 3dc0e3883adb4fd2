"""What a message is that is JSON and no event: too long, too deep, no object, an envelope, an event of another name.

Each function makes the detail of one reason. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from consumer.events.details.contents import begins_json
from consumer.events.details.inside import envelope, event_inside
from consumer.events.details.places import place_of, too_deep_at
from consumer.events.details.quoting import detail, found, keys, listed, number, quoted
from consumer.events.details.spelling import near, nearest_key
from consumer.events.details.unreadable.text_forms import decoded, encoded_inside
from shared.events import (
    EVENT_NAME_KEYS,
    MAX_DEPTH,
    MAX_MESSAGE_BYTES,
    PRODUCT_RATED,
    PRODUCT_SOLD,
    RATED_FIELDS,
    SOLD_FIELDS,
)

_EVENTS: Final = (PRODUCT_SOLD, PRODUCT_RATED)
_ONE_EVENT: Final = "a message is one event, which is a JSON object"
_NO_OBJECT: Final = "the message is JSON, but no object: it is"
_MISSING: Final = "the field is missing"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PAIR: Final = r"beyond U+FFFF a character is two escapes, such as \ud83d\ude9a, and a text must not be cut within it"


def empty(value: bytes | None) -> str:
    """Of a message without a value, or with one of no bytes."""
    found_ = "no value: it is a tombstone, as log compaction has it" if value is None else "a value of 0 bytes"
    return detail(f"the message has {found_}", _ONE_EVENT)


def too_large(size: int) -> str:
    """Of a message of more than `MAX_MESSAGE_BYTES`."""
    most = f"{MAX_MESSAGE_BYTES} ({MAX_MESSAGE_BYTES // 1024} KiB)"
    cause = "send what is large, such as a picture, elsewhere, and its address in the event"
    return detail(f"the message has {size} bytes, more than {most}", cause)


def too_deep(value: bytes) -> str:
    """Of a message that nests deeper than `MAX_DEPTH`. Bytes that are not UTF-8 are no brackets, so they do no harm."""
    text = value.decode("latin-1")
    at = too_deep_at(text, MAX_DEPTH)
    path = place_of(text, max(at, 0)).path
    where = f"arrays and objects nest more than {MAX_DEPTH} deep, the message's own object included"
    cause = "a tree that refers to itself may have been written out"
    return detail(where, f"byte {at} of the message opens the one too many, in {path}" if at >= 0 else "", cause)


def not_object(message: object) -> str:
    """Of JSON that is no object."""
    if isinstance(message, str):
        return _text_for_object(message)
    if isinstance(message, list):
        is_events = any(isinstance(element, dict) for element in message)
        cause = "send each element as a message of its own" if is_events else _ONE_EVENT
        inside = event_inside(message)
        where = f"an event seems to be in {inside}" if inside else ""
        return detail(f"{_NO_OBJECT} {found(message)}", where, cause)
    return detail(f"{_NO_OBJECT} {found(message)}", _ONE_EVENT)


def _text_for_object(text: str) -> str:
    inside, encoding = decoded(text)
    if begins_json(inside):
        how = "twice: send what is in the text" if encoding == "as text" else f"{encoding}: send it as it is"
        return detail(f"{_NO_OBJECT} a text that holds JSON, which was encoded {how}", _ONE_EVENT)
    what = encoded_inside(text)
    return detail(f"{_NO_OBJECT} {found(text)}", f"the text is {what}" if what else "", _ONE_EVENT)


def no_event_name(message: Mapping[str, Any]) -> str:
    """Of an object in which both keys for the event's name are absent or null."""
    nulls = [key for key in EVENT_NAME_KEYS if key in message]
    missing = f"{listed(nulls)} {'are' if nulls[1:] else 'is'} null" if nulls else "event_name (or event) is missing"
    alike = next(filter(None, (nearest_key(key, _single_values(message)) for key in EVENT_NAME_KEYS)), "")
    holding = next((key for key, value in message.items() if near(value, _EVENTS)), "")
    cause = f"{quoted(alike)} is another spelling of it" if alike else ""
    if holding and holding != alike:
        cause = f"{quoted(holding, 40)} holds {quoted(message[holding], 60)}"
    names = f"found: {keys(message)}" if message else "the object is empty"
    return detail(missing, cause, *_around(message), names)


def conflicting_names(names: Sequence[object]) -> str:
    """Of an object that names its event twice, and differently."""
    one, other = (f"{key} is {quoted(name) if isinstance(name, str) else found(name)}"
                  for key, name in zip(EVENT_NAME_KEYS, names, strict=True))  # fmt: skip
    return detail(f"{one} and {other}", "send one of the two, or the same in both")


def unknown_event(message: Mapping[str, Any], name: object) -> str:
    """Of an object whose event is neither of the two."""
    key = next(key for key in EVENT_NAME_KEYS if message.get(key) is not None)
    shown = quoted(name) if isinstance(name, str) else found(name)
    alike = near(name, _EVENTS)
    cause = f"if {alike} is meant, it is written exactly so" if alike else ""
    return detail(f"{key}: {shown} is no event, only {listed(_EVENTS)} are", cause, *_around(message))


def missing_field(field: str, message: Mapping[str, Any], needed: Iterable[str]) -> str:
    """Of an event that lacks `field`, and perhaps others of those that it needs."""
    missing = [name for name in needed if name not in message and name != field]
    also = f"{listed(missing)} {'are' if missing[1:] else 'is'} missing too" if missing else ""
    alike = nearest_key(field, (key for key in _single_values(message) if key not in SOLD_FIELDS | RATED_FIELDS))
    cause = f"{quoted(alike)} is another spelling of it" if alike else ""
    unknown = [key for key in message if key not in SOLD_FIELDS | RATED_FIELDS and key not in EVENT_NAME_KEYS]
    others = f"unknown to the contract: {keys(unknown)}" if unknown and not alike else ""
    kind = _other_kind([field, *missing], message)
    return detail(f"{field}: {_MISSING}", cause, kind, also, *_around(message), others)


def _other_kind(missing: Sequence[str], message: Mapping[str, Any]) -> str:
    """Whether an event has the fields of the other kind instead of its own."""
    for name, own, others in ((PRODUCT_SOLD, SOLD_FIELDS, RATED_FIELDS), (PRODUCT_RATED, RATED_FIELDS, SOLD_FIELDS)):
        theirs = sorted(field for field in others - own if field in message)
        if len(theirs) == 2 and all(field in missing for field in own - others):
            other = PRODUCT_RATED if name == PRODUCT_SOLD else PRODUCT_SOLD
            return f"{listed(theirs)} are fields of {other}"
    return ""


def _around(message: Mapping[str, Any]) -> tuple[str, str]:
    """Sentences about what is around the event, and where the event itself seems to be."""
    inside, name = event_inside(message), envelope(message)
    what = f"the message looks like {name}" if name else ""
    return what, inside.advice if inside else ""


def _single_values(message: Mapping[str, Any]) -> Iterator[str]:
    """The keys that may hold a field of the contract: none of these is an array or an object."""
    return (key for key, value in message.items() if not isinstance(value, dict | list))


def lone_surrogate(field: str, value: object) -> str:
    """Of a field of the contract that holds half of a surrogate pair."""
    half = _SURROGATE.search(value) if isinstance(value, str) else None
    where = f" (\\u{ord(half[0]):04x}) at character {number(half.start())}" if half else ""
    return detail(f"{field}: half of a surrogate pair{where}, which no UTF-8 can hold", _PAIR)
