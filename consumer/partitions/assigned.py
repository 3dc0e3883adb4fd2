"""The state of one assigned partition, and every change of it. No other module writes these fields. Pure.

Polling thread only. `Assignment` calls the changes, and does what goes with them at Kafka's client.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from confluent_kafka import Message

from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken


class EndSeen(NamedTuple):
    """What a broker said: at this moment there was nothing more to read in the partition."""

    position: int
    """The offset after the last message that the consumer had taken by then."""
    offset: int
    """The end of the partition that the broker meant. It is beyond `position` where transaction markers or records of
    aborted transactions come last, which no reader gets."""
    at: datetime


@dataclass(slots=True, eq=False)
class Assigned:
    """One assigned partition. Without a lease it is paused, and the messages that still arrive from it are dropped."""

    partition: int
    lease: Lease | None = None
    position: int = 0
    """The next offset to take. A message below it was fetched before a seek and is dropped."""
    at_end: bool = False
    """Whether the broker said that there is nothing more, and neither a message nor a pause has followed."""
    end_seen: EndSeen | None = None
    """The last time that the broker said so, under this lease."""
    claim_at: float = 0.0
    """No claim is tried before this time of the monotonic clock."""
    halted: str = ""
    """Why the partition waits for a person's decision; empty while it is read or waits for a claim."""
    waits: str = ""
    """The kind of error that the last claim failed with, if it concerned this partition alone."""

    def begin(self, lease: Lease) -> None:
        """Be read under this lease, from its offset on."""
        self.lease, self.position = lease, lease.next_offset
        self.at_end, self.end_seen = False, None
        self.halted = self.waits = ""

    def take(self, lease: Lease, messages: Sequence[Message], at: datetime) -> Taken:
        """Take messages under `lease` at the moment `at`, without those that were fetched before the last seek."""
        self.at_end = False
        fresh, position = [], self.position
        for message in messages:
            offset = message.offset()
            if offset is not None and offset >= position:
                position = offset + 1
                fresh.append(message)
        self.position = position
        return Taken(lease, fresh, at, time.monotonic())

    def reach_end(self, offset: int, at: datetime) -> None:
        """Note the broker's word that the partition ends at `offset`, unless it said so before the last seek."""
        if offset >= self.position:
            self.at_end, self.end_seen = True, EndSeen(self.position, offset, at)

    def pause(self) -> None:
        """Be read no further for now. Whether messages follow is not known until the consumer meets the end again."""
        self.at_end = False

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
