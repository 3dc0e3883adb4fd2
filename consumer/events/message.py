"""What a Kafka message holds, read through the client's `Message` and never raising. Pure."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
"""Names and values of a message's headers, in order; a name may occur more than once."""

NO_TIME_MS = -1
"""Stands for the timestamp of a record that has none, in Kafka itself too. It is before every day that retention keeps:
an event that has no other time is `too_old`."""


def offset_of(message: Message) -> int:
    """The message's offset in its partition."""
    return message.offset() or 0


def record_time_ms(message: Message) -> int:
    """Kafka's timestamp of the record in UTC milliseconds, `NO_TIME_MS` where the record has none."""
    kind, milliseconds = message.timestamp()
    return NO_TIME_MS if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds


class LeftOutHeaders(list[Any]):
    """Takes the place of headers that Kafka's client cannot give. It is empty; `how_many` there were, None: unknown."""

    def __init__(self, how_many: int | None) -> None:
        super().__init__()
        self.how_many = how_many


def headers_of(message: Message) -> Headers:
    """The message's headers, in order; `LeftOutHeaders` where the client cannot give them."""
    try:
        headers = message.headers()
    except (SystemError, UnicodeDecodeError):
        return _left_out(message)
    if headers is None or isinstance(headers, LeftOutHeaders):
        return [] if headers is None else headers
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]


def last_header(message: Message, name: str) -> bytes | None:
    """The value of a message's last header of this name, as `lastHeader` of Kafka's own client gives it.

    None where there is no such header, its value is null, or the client cannot give the message's headers.
    """
    for header, content in reversed(headers_of(message)):
        if header == name:
            return content
    return None


def bytes_of(message: Message) -> int:
    """About how many bytes of memory a message's value, key and headers take. Called once for each message."""
    size, key = len(message), message.key()
    if key is not None:
        size += len(key)
    try:
        headers = message.headers()
    except (SystemError, UnicodeDecodeError):
        _left_out(message)
        return size
    if headers:
        size += sum(len(name) + len(content or b"") for name, content in headers_of(message))
    return size


def _left_out(message: Message) -> LeftOutHeaders:
    """Put `LeftOutHeaders` into a message whose `headers()` has raised, and return them.

    The client raises where a header's name is not UTF-8, which in a message may be any bytes: a SystemError. From then
    on it gives a list whose entries must not be looked at, for the name in them is no object of Python's. The list's
    length is right.
    """
    try:
        headers = message.headers()
    except (SystemError, UnicodeDecodeError):
        headers = None
    left_out = LeftOutHeaders(None if headers is None else len(headers))
    message.set_headers(left_out)
    return left_out
