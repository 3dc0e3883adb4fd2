"""The partitions that Kafka's group has given to this process: taken, paused, read, given back.

A partition arrives paused, waits for its claim, is read under the claim's lease, and goes. The rebalance callbacks ask
no database, so they are quick and cannot fail. Everything here runs on the polling thread, but for three questions that
any thread may ask: `holds` (a round of claims asks it), `leased` (the copier of dead letters asks it) and `partitions`
(the sealing of old days asks it).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

from consumer.partitions.assigned import Assigned
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.process import failpoints
from consumer.process.clocks import Clock, utc_now
from consumer.process.kafka_errors import reason_of
from shared import reporting
from shared.errors import AnalyticsError, Halt
from shared.logs import logger

REVOKE_SECONDS: Final = 5.0
"""How long a revocation waits for the batch in flight, and with it the partition's next owner. A usual commit takes a
tenth of a second; one that takes longer than this is left to the fence: the next owner's claim ends its transaction."""

log = logger(__name__)


class Assignment:
    """The assigned partitions of one topic. A revocation waits for what `database_thread` is doing."""

    def __init__(self, consumer: Consumer, topic: str, database_thread: Executor, clock: Clock = utc_now) -> None:
        self._consumer = consumer
        self._topic = topic
        self._database_thread = database_thread
        self._clock = clock
        self._assigned: dict[int, Assigned] = {}
        self._reading_paused = False

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def __iter__(self) -> Iterator[Assigned]:
        return iter(self._assigned.values())

    def partitions(self) -> list[int]:
        """The partitions that Kafka's group gave to this process, whether they are read or not. From any thread."""
        return list(self._assigned)

    def leased(self) -> list[int]:
        """The partitions that are read. From any thread."""
        return [assigned.partition for assigned in list(self._assigned.values()) if assigned.lease is not None]

    def holds(self, assigned: Assigned) -> bool:
        """Whether this is still the present assignment of its partition: it has not gone, nor gone and come again. From
        any thread."""
        return self._assigned.get(assigned.partition) is assigned

    def take(self, partition: int | None, messages: Sequence[Message]) -> Taken | None:
        """Take messages of one partition, in the order in which they came; None where nothing is to be read from it.

        Messages of a partition without a lease were fetched before a pause; the next claim reads them again.
        """
        assigned = self._of(partition)
        if assigned is None or assigned.lease is None or not messages:
            return None
        return assigned.take(assigned.lease, messages, self._clock())

    def reach_end(self, partition: int | None, offset: int) -> None:
        """Note the broker's word that the partition ends at `offset` and there is nothing more to read."""
        assigned = self._of(partition)
        if assigned is not None:
            assigned.reach_end(offset)

    def miss_offset(self, partition: int | None) -> None:
        """Note that Kafka does not hold the next offset: the next claim compares, and halts with the right words."""
        assigned = self._of(partition)
        if assigned is not None and assigned.lease is not None:
            self.suspend(assigned, claim_at=0.0)

    def start(self, assigned: Assigned, lease: Lease) -> None:
        """Read on from where the lease says, unless reading is paused.

        Raises KafkaException while Kafka's client has not begun to fetch the partition; try again a moment later.
        """
        start = TopicPartition(self._topic, assigned.partition, lease.read_from)
        self._consumer.seek(start)
        if not self._reading_paused:
            self._consumer.resume([start])
        assigned.begin(lease)
        log.info("partition claimed", partition=lease.partition, epoch=lease.epoch, next_offset=lease.next_offset)

    def suspend(self, assigned: Assigned, claim_at: float) -> None:
        """End the lease and stop reading. A new claim is not tried before `claim_at` of the monotonic clock."""
        if assigned.end_lease():
            self._pause([assigned])
        assigned.postpone(claim_at)

    def postpone(self, assigned: Assigned, claim_at: float) -> None:
        """Try no claim before `claim_at` of the monotonic clock."""
        assigned.postpone(claim_at)

    def wait(self, assigned: Assigned, reason: AnalyticsError, claim_at: float) -> None:
        """Note why a claim failed; the next is tried at `claim_at`. Each kind of reason is logged once."""
        kind = type(reason).__name__
        if assigned.wait(kind, claim_at):
            log.warning("a partition waits", partition=assigned.partition, kind=kind, reason=str(reason))

    def halt(self, assigned: Assigned, reason: Halt, claim_at: float) -> None:
        """Stop reading until a person has decided. The claim that is tried at `claim_at` finds out whether they
        have."""
        self.suspend(assigned, claim_at)
        if assigned.halt(str(reason)):
            log.error("partition halted", partition=assigned.partition, kind=type(reason).__name__, reason=str(reason))
            reporting.notify(reason)

    def give_up(self) -> None:
        """End every lease. What was read under them and is not committed is left to the next owner."""
        for assigned in self:
            self.suspend(assigned, math.inf)

    def pause_reading(self) -> None:
        """Stop fetching from every partition, those that are claimed meanwhile included. The leases stay."""
        self._reading_paused = True
        self._pause(assigned for assigned in self if assigned.lease is not None)

    def resume_reading(self) -> None:
        """Undo `pause_reading`."""
        self._reading_paused = False
        leased = [TopicPartition(self._topic, assigned.partition) for assigned in self if assigned.lease is not None]
        if leased:
            self._consumer.resume(leased)

    def _of(self, partition: int | None) -> Assigned | None:
        return None if partition is None else self._assigned.get(partition)

    def _pause(self, paused: Iterable[Assigned]) -> None:
        partitions = []
        for assigned in paused:
            assigned.pause()
            partitions.append(TopicPartition(self._topic, assigned.partition))
        if partitions:
            self._consumer.pause(partitions)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take partitions that Kafka's group gives, paused. Never raises: librdkafka would drop fetched messages."""
        try:
            for partition in partitions:
                partition.offset = OFFSET_BEGINNING  # explicit, and never read from: the claim seeks
            consumer.incremental_assign(partitions)
            consumer.pause(partitions)
        except KafkaException as error:
            log.error("an assignment could not be taken", reason=reason_of(error))
        for partition in partitions:
            self._assigned[partition.partition] = Assigned(partition.partition)
        failpoints.reach("assigned")
        log.info("partitions assigned", partitions=sorted(partition.partition for partition in partitions))

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Give partitions back in order: the batch in flight ends first, so the next owner finds its offsets stored."""
        failpoints.reach("before_revoke")
        wait([self._database_thread.submit(int)], REVOKE_SECONDS)
        self._give_up(consumer, partitions)
        failpoints.reach("after_revoke")
        log.info("partitions revoked", partitions=sorted(partition.partition for partition in partitions))

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Drop partitions that another consumer owns already. Nothing that was read of them is written any more."""
        self._give_up(consumer, partitions)
        failpoints.reach("lost")
        log.warning("partitions lost", partitions=sorted(partition.partition for partition in partitions))

    def _give_up(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            assigned = self._assigned.pop(partition.partition, None)
            if assigned is not None:
                assigned.end_lease()
        try:
            consumer.incremental_unassign(partitions)
        except KafkaException as error:
            log.warning("a revocation could not be acknowledged", reason=reason_of(error))
