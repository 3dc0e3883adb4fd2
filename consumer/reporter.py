"""Once a second: the partitions' status into MongoDB, the offsets to Kafka for lag tools, metrics, a line of progress.

Nothing here decides anything; what fails is tried again a second later.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.batches.batch import Batch
from consumer.partitions.assignment import Assignment
from consumer.partitions.progress import PartitionStatus, Progress, write_statuses
from consumer.process import metrics
from consumer.process.clocks import Clock, Clocks
from shared.errors import ClockSkewed, StoreUnavailable
from shared.events import PRODUCT_RATED, PRODUCT_SOLD
from shared.logs import logger
from shared.mongo import SyncDatabase

TICK_SECONDS = 1.0
PROGRESS_TICKS = 10

log = logger(__name__)


class StatusReporter:
    """Used by the polling thread; `database_thread` is the one database thread."""

    def __init__(
        self,
        database: SyncDatabase,
        clocks: Clocks,
        consumer: Consumer,
        assignment: Assignment,
        progress: Progress,
        database_thread: ThreadPoolExecutor,
        group: str,
        topic: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._consumer = consumer
        self._assignment = assignment
        self._progress = progress
        self._database_thread = database_thread
        self._group = group
        self._topic = topic
        self._clock = clock
        self._next_tick = time.monotonic()
        self._ticks = 0
        self._stored = self._told = 0
        self._shown: set[int] = set()
        self._write: Future[None] | None = None

    def committed(self, batch: Batch) -> None:
        """Count what was committed. On the database thread."""
        self._stored += len(batch)
        metrics.BATCH_RECORDS.observe(len(batch))
        sums = [part for increments in batch.increments.values() for part in increments.seconds.values()]
        metrics.ACCEPTED.labels(PRODUCT_SOLD).inc(sum(part.sales for part in sums))
        metrics.ACCEPTED.labels(PRODUCT_RATED).inc(sum(part.ratings for part in sums))
        for document in batch.rejected:
            metrics.REJECTED.labels(document["reason"]).inc()

    def advance(self, database_answers: bool) -> None:
        """Report if a second has passed. Raises ClockSkewed when the last comparison of clocks found so."""
        if self._write is not None and self._write.done():
            error, self._write = self._write.exception(), None
            if isinstance(error, ClockSkewed):
                raise error
            if error is not None and not isinstance(error, StoreUnavailable):
                raise error
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + TICK_SECONDS
        statuses = self._progress.statuses(self._assignment, self._clock())
        self._show(statuses)
        if self._write is None and database_answers and statuses:
            self._write = self._database_thread.submit(self._store_statuses, statuses)
        self._tell_kafka()

    def _store_statuses(self, statuses: list[PartitionStatus]) -> None:
        """On the database thread."""
        self._clocks.check()
        write_statuses(self._database, self._group, self._topic, statuses)

    def _tell_kafka(self) -> None:
        offsets = [
            TopicPartition(self._topic, assigned.partition, assigned.lease.next_offset)
            for assigned in self._assignment
            if assigned.lease is not None
        ]
        if not offsets:
            return
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.debug("Kafka did not take the offsets", error=str(error))

    def _show(self, statuses: list[PartitionStatus]) -> None:
        leased = {status.lease.partition for status in statuses}
        for partition in self._shown - leased:
            metrics.LAG.remove(str(partition))
        for status in statuses:
            metrics.LAG.labels(str(status.lease.partition)).set(-1 if status.lag is None else status.lag)
        self._shown = leased
        metrics.LEASED.set(len(leased))
        metrics.HALTED.set(sum(bool(assigned.halted) for assigned in self._assignment))
        self._ticks += 1
        stored, told = self._stored, self._told
        if self._ticks % PROGRESS_TICKS == 0 and stored > told:
            lag = sum(status.lag or 0 for status in statuses)
            log.info("progress", stored=stored - told, per_second=round((stored - told) / PROGRESS_TICKS), lag=lag)
            self._told = stored
