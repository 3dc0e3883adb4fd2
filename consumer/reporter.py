"""Reports how far this consumer is, once a second.

The reporter stores each partition's status in MongoDB, commits the offsets to Kafka for tools that show lag, sets the
metrics, and logs progress and what was rejected. It decides nothing, and what fails is done again a second later.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.batches.batch import Batch
from consumer.dead_letters.rejection_log import RejectionLog
from consumer.partitions.assignment import Assignment
from consumer.partitions.progress import Progress
from consumer.partitions.status import Hold, PartitionStatus, write_statuses
from consumer.process import metrics
from consumer.process.clocks import Clock, Clocks
from consumer.process.kafka_errors import reason_of
from shared.errors import DatabaseUnavailable
from shared.events import PRODUCT_RATED, PRODUCT_SOLD, Reason
from shared.logs import logger
from shared.mongo import SyncDatabase

TICK_SECONDS = 1.0
"""How often it reports.

Readers see it in `Data-As-Of`, which is up to this much older than need be. At twice this, answers look a second older;
at half, each consumer writes the statuses twice as often, and the statistics behind them come each half second anyway.
"""
PROGRESS_TICKS = 10
"""A line of progress is logged each so many ticks, if anything was stored since the last one.

At twice this, an operator waits 20 s to see whether events are stored. At half, the log is twice as long.
"""

log = logger(__name__)


class StatusReporter:
    """Reports once a second. The polling thread calls `advance`, which never blocks.

    What needs MongoDB runs on `database_thread`, the only thread that uses the MongoDB session. The same thread calls
    `committed` after each batch.
    """

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
        self._rejections = RejectionLog()
        self._stored = Counter[str]()
        """Events, dead letters, and duplicates among these, that were stored. The database thread alone changes it."""
        self._logged = Counter[str]()
        self._shown: set[int] = set()
        self._held_back: dict[int, Hold] = {}
        """By partition: what holds it back, as the log says."""
        self._write: Future[None] | None = None

    def committed(self, batch: Batch) -> None:
        """Count a batch, or part of one, that was committed. On the database thread."""
        duplicates = [letter for letter in batch.rejected if letter["reason"] == Reason.DUPLICATE]
        self._stored.update(
            events=len(batch) - len(batch.rejected), dead_letters=len(batch.rejected), duplicates=len(duplicates)
        )
        # A producer that publishes twice does nothing wrong, so duplicates are told in the progress alone.
        self._rejections.note(letter for letter in batch.rejected if letter["reason"] != Reason.DUPLICATE)
        metrics.BATCH_RECORDS.observe(len(batch))
        sums = [part for increments in batch.increments.values() for part in increments.seconds.values()]
        metrics.ACCEPTED.labels(PRODUCT_SOLD).inc(sum(part.sales for part in sums))
        metrics.ACCEPTED.labels(PRODUCT_RATED).inc(sum(part.ratings for part in sums))
        for document in batch.rejected:
            metrics.REJECTED.labels(document["reason"]).inc()

    def advance(self, database_answers: bool) -> None:
        """Report, if `TICK_SECONDS` have passed since the last report. The poll loop calls it each time round.

        While `database_answers` is false, no status is stored. Raises ClockSkewed when the last status could not be
        stored because the clocks differ; reading must then pause. An unforeseen error of that write is raised, too.
        """
        self._finish_write()
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + TICK_SECONDS
        statuses = self._progress.statuses(self._assignment, self._clock())
        self._show(statuses)
        if self._write is None and database_answers and statuses:
            self._write = self._database_thread.submit(self._store_statuses, statuses, now)
        self._commit_to_kafka()

    def finish(self) -> None:
        """Log what was rejected since the last report. For the end of the process, after the last commit."""
        self._rejections.flush()

    def _finish_write(self) -> None:
        """Raise what the last write of statuses raised, unless MongoDB was away: the next one then replaces it."""
        if self._write is None or not self._write.done():
            return
        error, self._write = self._write.exception(), None
        if error is not None and not isinstance(error, DatabaseUnavailable):
            raise error

    def _store_statuses(self, statuses: Sequence[PartitionStatus], since: float) -> None:
        """Store the statuses, unless the clocks differ: `caught_up_at` is a time of this machine's clock.

        They were made at `since` of the monotonic clock. What is compared is what the clock would show now if nobody
        had set it since then; a wrong `caught_up_at` would stay, since it never moves back. Blocks. On the database
        thread. Raises ClockSkewed or DatabaseUnavailable.
        """
        passed = timedelta(seconds=time.monotonic() - since)
        self._clocks.check(*(status.at + passed for status in statuses))
        write_statuses(self._database, self._group, self._topic, statuses)

    def _commit_to_kafka(self) -> None:
        """Commit to Kafka the offsets that MongoDB holds. Lag tools read them; the consumer itself never does."""
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
            log.debug("Kafka did not take the offsets", reason=reason_of(error))

    def _show(self, statuses: Sequence[PartitionStatus]) -> None:
        """Set the metrics; log what was rejected and, each `PROGRESS_TICKS`, how much was stored."""
        leased = {status.lease.partition for status in statuses}
        for partition in self._shown - leased:
            metrics.LAG.remove(str(partition))
        for status in statuses:
            metrics.LAG.labels(str(status.lease.partition)).set(-1 if status.lag is None else status.lag)
        self._shown = leased
        self._note_held_back({status.lease.partition: status for status in statuses})
        metrics.LEASED.set(len(leased))
        metrics.HALTED.set(sum(bool(assigned.halted) for assigned in self._assignment))
        self._rejections.flush()
        self._ticks += 1
        if self._ticks % PROGRESS_TICKS == 0:
            self._log_progress(sum(status.lag or 0 for status in statuses))

    def _log_progress(self, lag: int) -> None:
        """Log how many events and dead letters were stored since the last line, if any were; `duplicates` is how many
        of the dead letters are events that had counted before."""
        stored = self._stored.copy()
        new = stored - self._logged
        if new:
            log.info(
                "progress",
                stored=new["events"], per_second=round(new["events"] / PROGRESS_TICKS),
                dead_letters=new["dead_letters"], duplicates=new["duplicates"], lag=lag,
            )  # fmt: skip
            self._logged = stored

    def _note_held_back(self, statuses: Mapping[int, PartitionStatus]) -> None:
        """Log where an open Kafka transaction begins or ends to hold a partition back. Another may follow at once.

        Where a lease ends meanwhile, nothing is logged here: the next owner finds out by itself.
        """
        self._held_back = {number: hold for number, hold in self._held_back.items() if number in statuses}
        for number, status in statuses.items():
            hold, known = status.held_back, self._held_back.get(number)
            if hold == known:
                continue
            if known is not None:
                seconds = round((status.at - known.since).total_seconds(), 1)
                log.info("no longer held back by the open transaction", partition=number, after_seconds=seconds)
                del self._held_back[number]
            if hold is not None:
                log.warning(
                    "held back by an open transaction: acknowledged events behind it are not delivered",
                    partition=number,
                    since=hold.since.isoformat(timespec="milliseconds"),
                    offset=hold.begins,
                    lag=status.lag,
                )
                self._held_back[number] = hold
        metrics.HELD_BACK.set(len(self._held_back))
