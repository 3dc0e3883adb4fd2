"""Which partitions Kafka's group has given to this process, and how far each is from being read.

The rebalance callbacks touch no database, so they are quick and cannot fail: a partition arrives paused, waits for
its claim, is read under the claim's lease, and goes. All of it runs on the thread that polls.
"""

import math
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from consumer.partitions.lease import Lease
from consumer.process import failpoints
from shared import reporting
from shared.errors import AnalyticsError, Halt
from shared.logs import logger

REVOKE_SECONDS = 5.0

log = logger(__name__)


@dataclass(slots=True, eq=False)
class Assigned:
    """One assigned partition. Without a lease it is paused, and whatever arrives from it is dropped."""

    partition: int
    lease: Lease | None = None
    position: int = 0
    """The next offset to take; anything below was fetched before a seek."""
    at_end: bool = False
    """The broker has said that there is no more, and neither a record nor a pause has followed."""
    end_seen: "EndSeen | None" = None
    """When that was last so."""
    claim_at: float = 0.0
    """Monotonic time before which no claim is tried."""
    halted: str = ""
    """Why a person has to decide; empty when reading or waiting."""
    waits: str = ""
    """Why the last claim failed for a reason of this partition's own."""


class EndSeen(NamedTuple):
    """A broker's word that nothing more was there to be read."""

    position: int
    """The offset after the last record taken by then."""
    offset: int
    """The end that the broker meant: later, where marks of transactions or aborted records come last."""
    at: datetime


class Assignment:
    """The assigned partitions of one topic. What `database_thread` does is awaited before partitions are given up."""

    def __init__(self, consumer: Consumer, topic: str, database_thread: Executor) -> None:
        self._consumer = consumer
        self._topic = topic
        self._database_thread = database_thread
        self._assigned: dict[int, Assigned] = {}
        self._reading_paused = False

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def get(self, partition: int) -> Assigned | None:
        """The partition's state, or None when it is not assigned."""
        return self._assigned.get(partition)

    def __iter__(self) -> Iterator[Assigned]:
        return iter(self._assigned.values())

    def leased(self) -> list[int]:
        """The partitions that are being read; from any thread."""
        return [assigned.partition for assigned in list(self._assigned.values()) if assigned.lease is not None]

    def holds(self, assigned: Assigned) -> bool:
        """Whether it is assigned still, and has not come back since as another assignment."""
        return self._assigned.get(assigned.partition) is assigned

    def start(self, assigned: Assigned, lease: Lease) -> None:
        """Read on where the lease says, unless reading is paused.

        Raises KafkaException where the fetcher is not up yet; try again.
        """
        place = TopicPartition(self._topic, assigned.partition, lease.read_from)
        self._consumer.seek(place)
        if not self._reading_paused:
            self._consumer.resume([place])
        assigned.lease, assigned.position, assigned.halted, assigned.waits = lease, lease.next_offset, "", ""
        assigned.at_end, assigned.end_seen = False, None
        log.info("partition claimed", partition=lease.partition, epoch=lease.epoch, next_offset=lease.next_offset)

    def suspend(self, assigned: Assigned, claim_at: float) -> None:
        """Stop reading until a new claim, which is not tried before `claim_at`."""
        if assigned.lease is not None:
            assigned.lease.lost = True
            assigned.lease = None
            self._pause([assigned])
        assigned.claim_at = claim_at

    def halt(self, assigned: Assigned, reason: Halt, claim_at: float) -> None:
        """Stop reading until a person has decided, which the claim at `claim_at` finds out."""
        if assigned.halted != str(reason):
            log.error("partition halted", partition=assigned.partition, kind=type(reason).__name__, reason=str(reason))
            reporting.notify(reason)
        self.suspend(assigned, claim_at)
        assigned.halted = str(reason)

    def wait(self, assigned: Assigned, reason: AnalyticsError, claim_at: float) -> None:
        """Note why a claim failed; the next is tried at `claim_at`. Each kind of reason is logged once."""
        kind = type(reason).__name__
        if assigned.waits != kind:
            log.warning("a partition waits", partition=assigned.partition, kind=kind, reason=str(reason))
        assigned.waits, assigned.claim_at = kind, claim_at

    def give_up(self) -> None:
        """End every lease: what was read under them and is not committed is left to the next owner."""
        for assigned in self:
            self.suspend(assigned, math.inf)

    def pause_reading(self) -> None:
        """Stop fetching from every leased partition, and from those that are claimed meanwhile; the leases stay."""
        self._reading_paused = True
        self._pause(assigned for assigned in self if assigned.lease is not None)

    def resume_reading(self) -> None:
        """Undo `pause_reading`."""
        self._reading_paused = False
        leased = [TopicPartition(self._topic, assigned.partition) for assigned in self if assigned.lease is not None]
        if leased:
            self._consumer.resume(leased)

    def _pause(self, paused: Iterable[Assigned]) -> None:
        topic_partitions = []
        for assigned in paused:
            # Whether records have followed is not known until the end is met again.
            assigned.at_end = False
            topic_partitions.append(TopicPartition(self._topic, assigned.partition))
        if topic_partitions:
            self._consumer.pause(topic_partitions)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """An exception in here would make librdkafka drop fetched records, so none leaves."""
        try:
            for partition in partitions:
                partition.offset = OFFSET_BEGINNING  # explicit, and never read from: the claim seeks
            consumer.incremental_assign(partitions)
            consumer.pause(partitions)
        except KafkaException as error:
            log.error("an assignment could not be taken", error=str(error))
        for partition in partitions:
            self._assigned[partition.partition] = Assigned(partition.partition)
        failpoints.reach("assigned")
        log.info("partitions assigned", partitions=sorted(partition.partition for partition in partitions))

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Orderly: what is in flight is finished first, so that the next owner finds the offset there."""
        failpoints.reach("before_revoke")
        wait([self._database_thread.submit(int)], REVOKE_SECONDS)
        self._give_up(consumer, partitions)
        failpoints.reach("after_revoke")
        log.info("partitions revoked", partitions=sorted(partition.partition for partition in partitions))

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Too late for order: they are another's already. Nothing more is written."""
        self._give_up(consumer, partitions)
        failpoints.reach("lost")
        log.warning("partitions lost", partitions=sorted(partition.partition for partition in partitions))

    def _give_up(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            assigned = self._assigned.pop(partition.partition, None)
            if assigned is not None and assigned.lease is not None:
                assigned.lease.lost = True
        try:
            consumer.incremental_unassign(partitions)
        except KafkaException as error:
            log.warning("a revocation could not be acknowledged", error=str(error))
