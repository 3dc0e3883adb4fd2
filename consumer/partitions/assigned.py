"""The state of one assigned partition, and every change of it. No other module writes these fields. Pure.

Polling thread only. `Assignment` calls the changes, and does what goes with them at Kafka's client.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from confluent_kafka import Message

from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken


class EndSeen(NamedTuple):
    """What a broker said: up to `offset` there was nothing more to read in the partition."""

    position: int
    """The offset after the last message that the consumer had taken by then."""
    offset: int
    """The end of the partition that the broker meant. It is beyond `position` where transaction markers or records of
    aborted transactions come last, which no reader gets. Under `read_committed` it is the last stable offset, so an
    open transaction begins there and not before."""


@dataclass(slots=True, eq=False)
class Assigned:
    """One assigned partition. Without a lease it is paused, and the messages that still arrive from it are dropped."""

    partition: int
    lease: Lease | None = None
    position: int = 0
    """The next offset to take. A message below it was fetched before a seek and is dropped."""
    fetched_since: float = math.inf
    """The time of the monotonic clock since which the client is known to fetch: then the first message or end came
    since the last seek or pause. Infinite before."""
    end_seen: EndSeen | None = None
    """The last end that the broker named, under this lease."""
    claim_at: float = 0.0
    """No claim is tried before this time of the monotonic clock."""
    halted: str = ""
    """Why the partition waits for a person's decision; empty while it is read or waits for a claim."""
    waits: str = ""
    """The kind of error that the last claim failed with, if it concerned this partition alone."""

    def begin(self, lease: Lease) -> None:
        """Be read under this lease, from its offset on."""
        self.lease, self.position = lease, lease.next_offset
        self.fetched_since, self.end_seen = math.inf, None
        self.halted = self.waits = ""

    def take(self, lease: Lease, messages: Sequence[Message], at: datetime) -> Taken:
        """Take messages under `lease` at the moment `at`, without those that were fetched before the last seek."""
        fresh, position = [], self.position
        for message in messages:
            offset = message.offset()
            if offset is not None and offset >= position:
                position = offset + 1
                fresh.append(message)
        self.position = position
        if fresh:
            self._note_fetched()
        return Taken(lease, fresh, at, time.monotonic())

    def reach_end(self, offset: int) -> None:
        """Note the broker's word that the partition ends at `offset`, unless it said so before the last seek."""
        if offset >= self.position:
            self._note_fetched()
            self.end_seen = EndSeen(self.position, offset)

    def pause(self) -> None:
        """Be read no further for now. What Kafka holds is not known until a message or an end comes again."""
        self.fetched_since = math.inf

    def end_lease(self) -> bool:
        """Give the lease up: nothing that was read under it is written any more. Returns whether there was a lease."""
        if self.lease is None:
            return False
        self.lease.lost = True
        self.lease = None
        return True

    def postpone(self, claim_at: float) -> None:
        """Try no claim before `claim_at` of the monotonic clock."""
        self.claim_at = claim_at

    def wait(self, kind: str, claim_at: float) -> bool:
        """Note that a claim failed with an error of this kind. Returns whether the last one failed with another."""
        is_new, self.waits, self.claim_at = self.waits != kind, kind, claim_at
        return is_new

    def halt(self, reason: str) -> bool:
        """Wait for a person's decision. Returns whether the partition was not halted for this reason already."""
        is_new, self.halted = self.halted != reason, reason
        return is_new

    def _note_fetched(self) -> None:
        self.fetched_since = min(self.fetched_since, time.monotonic())
