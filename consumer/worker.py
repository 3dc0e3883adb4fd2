"""The poll loop: fetch and judge the next batch while the one before is being committed.

Two threads. The polling thread runs `run`: it alone uses the assignment and judges messages. The database thread runs
claims, commits and statuses, one after another, so the store's session is never used twice at once. The loop keeps
polling whatever the database does; a batch that fails costs its partitions their leases, and a new claim tells from
which offset to read again.
"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from confluent_kafka import Consumer, KafkaError, Message

from consumer.batches.judging import Intake
from consumer.partitions.assignment import Assigned, Assignment, EndSeen
from consumer.partitions.claimer import Claimer
from consumer.partitions.lease import Lease
from consumer.pipeline import Outcome, Pipeline
from consumer.process import metrics
from consumer.process.kafka_errors import Complaints
from consumer.reporter import Reporter
from shared.errors import (
    AnalyticsError,
    ClockSkewed,
    PartitionRefused,
    SourceUnavailable,
    StoreUnavailable,
    TopicRecreated,
)
from shared.logs import logger

CHUNK_MESSAGES = 2_000
IDLE_SECONDS = 0.1
BUSY_SECONDS = 0.02
STALL_SECONDS = 0.5
"""A commit that takes longer pauses reading, and the loop goes back to polling."""
FENCED_SECONDS = 3.0
"""A fenced process waits this long before it claims again: polling tells it first whether the partition is its own."""

_OFFSET_ERRORS = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})
_GIVEN_UP = (StoreUnavailable, SourceUnavailable, ClockSkewed, TopicRecreated, PartitionRefused)
"""What may become of a batch that is read again; any other error ends the process."""

log = logger(__name__)


class Worker:
    """Reads one topic as a member of one group, until `stop`."""

    def __init__(
        self,
        consumer: Consumer,
        assignment: Assignment,
        claimer: Claimer,
        intake: Intake,
        pipeline: Pipeline,
        reporter: Reporter,
        complaints: Complaints,
    ) -> None:
        self._consumer = consumer
        self._assignment = assignment
        self._claimer = claimer
        self._intake = intake
        self._pipeline = pipeline
        self._reporter = reporter
        self._complaints = complaints
        self._stopping = threading.Event()
        self._paused = False

    def stop(self) -> None:
        """End `run` soon; from a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """Poll until stopped. Raises Halt or an unforeseen error when going on would be wrong."""
        self._assignment.subscribe()
        while not self._stopping.is_set():
            self._step()

    def _step(self) -> None:
        metrics.POLLED_AT.set_to_current_time()
        outcome = self._pipeline.outcome()
        if outcome is not None:
            self._settle(outcome)
        self._claimer.advance()
        try:
            self._reporter.advance(self._claimer.database_answers)
        except ClockSkewed as skewed:
            self._abandon([one.lease for one in self._assignment if one.lease is not None], skewed)
        if not self._pipeline.blocked:
            self._read_on()
            self._take(self._fetch())
        elif not self._pipeline.wait(0.0 if self._paused else STALL_SECONDS):
            self._pause()
            self._take(self._consumer.consume(CHUNK_MESSAGES, IDLE_SECONDS))
        self._pipeline.advance()

    def _fetch(self) -> list[Message]:
        """What is there; waits for a first message only when nothing else is to be done."""
        messages = self._consumer.consume(1, IDLE_SECONDS) if self._pipeline.idle else []
        messages += self._consumer.consume(min(CHUNK_MESSAGES, self._pipeline.room), 0)
        if not messages and self._pipeline.busy:
            self._pipeline.wait(BUSY_SECONDS)
        return messages

    def _pause(self) -> None:
        if not self._paused:
            log.warning("the database is slow, reading pauses until it has taken a batch")
            self._assignment.pause_reading()
            self._paused = True

    def _read_on(self) -> None:
        if self._paused:
            self._assignment.resume_reading()
            self._paused = False

    def _take(self, messages: list[Message]) -> None:
        """Judge messages of leased partitions; those of others were fetched before a pause and are read again."""
        if not messages:
            return
        started = time.perf_counter()
        for partition, group in groupby(messages, key=Message.partition):
            received = list(group)
            whole = [message for message in received if message.error() is None]
            assigned = self._assignment.get(-1 if partition is None else partition)
            if assigned is not None and assigned.lease is not None and whole:
                self._pipeline.add(self._intake.take(assigned, assigned.lease, whole))
            if len(whole) < len(received):
                for message in received:
                    self._note(message, assigned)
        metrics.STAGE_SECONDS.labels("judge").observe(time.perf_counter() - started)

    def _note(self, message: Message, assigned: Assigned | None) -> None:
        """Take an error or an end of partition that came among the messages."""
        error = message.error()
        if error is None:
            return
        if error.code() == KafkaError._PARTITION_EOF:
            if assigned is not None and (message.offset() or 0) >= assigned.position:
                end = EndSeen(assigned.position, message.offset() or 0, datetime.now(UTC))
                assigned.at_end, assigned.end_seen = True, end
        elif error.code() in _OFFSET_ERRORS and assigned is not None and assigned.lease is not None:
            # The claim compares the offset with what Kafka holds, and halts with the right words.
            self._assignment.suspend(assigned, claim_at=0.0)
        else:
            self._complaints.note(error)

    def _settle(self, outcome: Outcome) -> None:
        """Take note of a batch that was committed, or give its partitions' leases up."""
        closed, error = outcome
        if isinstance(error, _GIVEN_UP):
            log.warning("batch given up, to be read again", batch=closed.number, records=len(closed.batch))
            metrics.BATCHES_ABANDONED.inc()
            self._abandon(outcome.leases, error)
            return
        if error is not None:
            raise error
        log.debug("batch committed", batch=closed.number, records=len(closed.batch))
        if not all(lease.lost for lease in outcome.leases):
            self._claimer.committed()
        for assigned in self._assignment:
            if assigned.lease is not None and assigned.lease.lost:
                self._assignment.suspend(assigned, time.monotonic() + FENCED_SECONDS)

    def _abandon(self, leases: Sequence[Lease], error: AnalyticsError) -> None:
        self._claimer.abandoned(leases, error)
        self._pipeline.drop_lost()
