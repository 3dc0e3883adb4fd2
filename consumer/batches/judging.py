"""Kafka messages of leased partitions -> accepted events and dead letters. Everything that is judged is judged here."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from bson.errors import BSONError
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from consumer.batches.increments import Fold
from consumer.dead_letters.record import Headers, Source, rejected_document
from consumer.events.decode import TimeLimits, decode
from consumer.events.encode import Encoder
from consumer.events.rejection import Rejection
from consumer.partitions.assignment import Assigned
from consumer.partitions.lease import Lease
from shared.documents import Document
from shared.events import Reason

Clock = Callable[[], datetime]

RUN: Final = 256
"""Messages that are decoded at a time."""


@dataclass(frozen=True)
class Taken:
    """Messages of one partition, in offset order, taken under a lease at one moment."""

    lease: Lease
    messages: list[Message]
    at: datetime
    since: float
    """The monotonic clock's reading then."""
    refused: Mapping[int, str] = field(default_factory=dict)
    """By offset: why MongoDB refuses the document of an accepted event."""

    @cached_property
    def size(self) -> int:
        """About how many bytes the messages have: values, keys and headers, for all of it is held."""
        return sum(map(bytes_of, self.messages))

    def clock_now(self) -> datetime:
        """What the clock that they are judged by would show, had nobody set it since."""
        return self.at + timedelta(seconds=time.monotonic() - self.since)


class Intake:
    """Takes messages at the clock's reading, and judges them by it: judged again, they come to the same."""

    def __init__(self, topic: str, retention_days: int, copy_rejections: bool, clock: Clock) -> None:
        self._topic = topic
        self._retention_days = retention_days
        self._copy_rejections = copy_rejections
        self._clock = clock

    def take(self, assigned: Assigned, lease: Lease, messages: Iterable[Message]) -> Taken:
        """One partition's messages, without what was fetched before the last seek."""
        assigned.at_end = False
        fresh, position = [], assigned.position
        for message in messages:
            offset = message.offset()
            if offset is not None and offset >= position:
                position = offset + 1
                fresh.append(message)
        assigned.position = position
        return Taken(lease, fresh, self._clock(), time.monotonic())

    def judge(self, taken: Taken, fold: Fold, rejected: list[Document]) -> int:
        """Add accepted events to `fold`, dead letters to `rejected`. Returns how many bytes the documents have.

        Messages are decoded in runs: code that the processor has at hand is fast code.
        """
        limits = TimeLimits.at(int(taken.at.timestamp() * 1000), self._retention_days)
        encode = Encoder(taken.lease.partition, taken.lease.generation).encode
        add, refused, size = fold.add, taken.refused, 0
        for first in range(0, len(taken.messages), RUN):
            run = taken.messages[first : first + RUN]
            events = [decode(one.value(), _recorded_ms(one), limits) for one in run]
            for message, event in zip(run, events, strict=True):
                if type(event) is not Rejection:
                    offset = message.offset() or 0
                    try:
                        document = encode(event, offset)
                    except (BSONError, OverflowError, ValueError) as error:
                        event = Rejection(Reason.REFUSED_BY_DATABASE, str(error))
                    else:
                        if offset not in refused:
                            size += len(document)
                            add(event, offset, document)
                            continue
                        event = Rejection(Reason.REFUSED_BY_DATABASE, refused[offset])
                rejected.append(self._dead_letter(taken, message, event))
        return size

    def _dead_letter(self, taken: Taken, message: Message, rejection: Rejection) -> Document:
        source = Source(
            topic=self._topic,
            generation=taken.lease.generation,
            partition=taken.lease.partition,
            offset=message.offset() or 0,
            timestamp_ms=_recorded_ms(message),
            key=message.key(),
            value=message.value(),
            headers=_headers(message),
        )
        return rejected_document(source, rejection, taken.at, self._copy_rejections)


def utc_now() -> datetime:
    """The clock of a real consumer."""
    return datetime.now(UTC)


def bytes_of(message: Message) -> int:
    """About how many bytes a message holds."""
    size, key = len(message), message.key()
    if key is not None:
        size += len(key)
    try:
        headers = message.headers()
    except UnicodeDecodeError:
        return size
    if headers:
        size += sum(len(name) + len(content or b"") for name, content in _headers(message))
    return size


def _recorded_ms(message: Message) -> int:
    """Kafka's timestamp of the record; -1, which is too old for any retention, where there is none."""
    kind, milliseconds = message.timestamp()
    return -1 if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds


def _headers(message: Message) -> Headers:
    """Names and values; a name that is not UTF-8 makes the client refuse them all, so it then gives none."""
    try:
        headers = message.headers() or []
    except UnicodeDecodeError:
        return []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]
