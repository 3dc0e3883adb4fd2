"""Messages of one partition on their way into a batch, with the lease and the moment under which they were taken."""

import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from confluent_kafka import Message

from consumer.events.message import bytes_of, offset_of
from consumer.events.rejection import Rejection
from consumer.partitions.lease import Lease
from shared.documents import milliseconds


@dataclass(frozen=True)
class Taken:
    """Messages of one partition, in offset order. A part of them is another `Taken` of the same lease and moment."""

    lease: Lease
    messages: list[Message]
    at: datetime
    """What the consumer's clock showed when they were taken; their events' times are judged by it."""
    since: float
    """What the monotonic clock showed then, in seconds."""
    rejections: Mapping[int, Rejection] = field(default_factory=dict)
    """By offset: why an event that the contract accepts is rejected all the same, since MongoDB refuses its document or
    holds its id already."""

    @cached_property
    def size(self) -> int:
        """About how many bytes the messages take: values, keys and headers, for all of it is held. Added up once."""
        return sum(map(bytes_of, self.messages))

    @cached_property
    def at_ms(self) -> int:
        """`at` in UTC milliseconds."""
        return milliseconds(self.at)

    @property
    def end(self) -> int:
        """The offset after the last message; there must be one."""
        return offset_of(self.messages[-1]) + 1

    def clock_now(self) -> datetime:
        """What the consumer's clock would show now if nobody had set it since the messages were taken.

        Compared with MongoDB's clock before a batch is written: a clock that was wrong when the messages were judged
        and has been corrected since is noticed all the same.
        """
        return self.at + timedelta(seconds=time.monotonic() - self.since)

    def unwritten(self) -> Self:
        """Without the messages that MongoDB holds by now, and without any where the lease is lost."""
        if self.lease.lost:
            return replace(self, messages=[])
        written = self._count_before(self.lease.next_offset)
        return replace(self, messages=self.messages[written:]) if written else self

    def written(self) -> Self:
        """The messages that MongoDB holds by now."""
        return replace(self, messages=self.messages[: self._count_before(self.lease.next_offset)])

    def split(self, count: int) -> tuple[Self, Self]:
        """The first `count` messages, and the rest."""
        return replace(self, messages=self.messages[:count]), replace(self, messages=self.messages[count:])

    def reject(self, rejections: Mapping[int, Rejection]) -> Self:
        """The same messages, of which those at these offsets are rejected."""
        return replace(self, rejections={**self.rejections, **rejections}) if rejections else self

    def message_at(self, offset: int) -> Message:
        """The message at an offset, which must be among them; by bisection."""
        return self.messages[self._count_before(offset)]

    def _count_before(self, offset: int) -> int:
        """How many of the messages are before `offset`, by bisection."""
        return bisect_left(self.messages, offset, key=offset_of)
