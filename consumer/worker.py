"""The poll loop: it takes and judges the next batch while the one before is being committed.

The consumer has two threads. The polling thread runs `Worker.run`: it alone changes the assignment and uses Kafka's
consumer, and judges messages. The database thread runs claims, commits and statuses, one after another, so that the
MongoDB session is never used twice at once. The loop goes on polling whatever the database does, or Kafka's group would
take the partitions away. A batch that fails costs its partitions their leases; a new claim reads from MongoDB at which
offset to read on.
"""

import threading
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message

from consumer.events.message import offset_of
from consumer.partitions.assignment import Assignment
from consumer.partitions.claimer import Claimer
from consumer.partitions.lease import Lease
from consumer.pipeline import BatchOutcome, BatchPipeline
from consumer.process import metrics
from consumer.process.kafka_errors import KafkaErrorLog
from consumer.reporter import StatusReporter
from shared.errors import (
    AnalyticsError,
    ClockSkewed,
    DatabaseUnavailable,
    PartitionRefused,
    SourceUnavailable,
    TopicRecreated,
)
from shared.logs import logger

CHUNK_MESSAGES: Final = 2_000
"""Messages fetched from the client at a time: between two fetches the loop looks after commits and claims. Half as many
would do so twice as often for the same events; twice as many would keep a finished commit waiting twice as long."""
IDLE_SECONDS: Final = 0.1
"""How long the loop waits for a first message when nothing else is to be done. A message ends the wait at once; claims
and statuses, which nothing ends a wait for, come at most so late."""
BUSY_SECONDS: Final = 0.02
"""How long the loop waits for a commit when there are no messages: so much later at most the next message is
fetched."""
STALL_SECONDS: Final = 0.5
"""A commit that takes longer pauses reading, and the loop goes back to polling. Kafka's client must be polled at least
every `max.poll.interval.ms` (five minutes) and hears of rebalances when it is polled."""
FENCED_SECONDS: Final = 3.0
"""A fenced process waits this long before it claims again: polling first finds out whether the partition is still its
own. Without the wait two processes that both believe so would fence each other in turns."""

_OFFSET_ERRORS = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})
_GIVEN_UP = (DatabaseUnavailable, SourceUnavailable, ClockSkewed, TopicRecreated, PartitionRefused)
"""The errors after which a batch is read again. Any other error ends the process."""

log = logger(__name__)


class Worker:
    """Reads one topic as a member of one group, until `stop`."""

    def __init__(
        self,
        consumer: Consumer,
        assignment: Assignment,
        claimer: Claimer,
        pipeline: BatchPipeline,
        reporter: StatusReporter,
        kafka_errors: KafkaErrorLog,
    ) -> None:
        self._consumer = consumer
        self._assignment = assignment
        self._claimer = claimer
        self._pipeline = pipeline
        self._reporter = reporter
        self._kafka_errors = kafka_errors
        self._stopping = threading.Event()
        self._paused = False

    def stop(self) -> None:
        """End `run` within a fraction of a second. From any thread."""
        self._stopping.set()

    def run(self) -> None:
        """Poll until stopped. Raises Halt or an unforeseen error where going on would be wrong."""
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
            self._abandon([assigned.lease for assigned in self._assignment if assigned.lease is not None], skewed)
        if not self._pipeline.blocked:
            self._resume_reading()
            self._take(self._fetch())
        elif not self._pipeline.wait(0.0 if self._paused else STALL_SECONDS):
            self._pause_reading()
            self._take(self._consumer.consume(CHUNK_MESSAGES, IDLE_SECONDS))
        self._pipeline.advance()

    def _fetch(self) -> list[Message]:
        """The messages that the client holds. Waits for a first one only when nothing else is to be done."""
        messages = self._consumer.consume(1, IDLE_SECONDS) if self._pipeline.idle else []
        messages += self._consumer.consume(min(CHUNK_MESSAGES, self._pipeline.room), 0)
        if not messages and self._pipeline.busy:
            self._pipeline.wait(BUSY_SECONDS)
        return messages

    def _pause_reading(self) -> None:
        if not self._paused:
            log.warning("the database is slow, reading pauses until it has taken a batch")
            self._assignment.pause_reading()
            self._paused = True

    def _resume_reading(self) -> None:
        if self._paused:
            self._assignment.resume_reading()
            self._paused = False

    def _take(self, messages: list[Message]) -> None:
        """Hand messages to the pipeline, partition by partition; note the errors and ends among them."""
        if not messages:
            return
        started = time.perf_counter()
        for partition, of_partition in groupby(messages, key=Message.partition):
            received = list(of_partition)
            records = [message for message in received if message.error() is None]
            taken = self._assignment.take(partition, records)
            if taken is not None:
                self._pipeline.add(taken)
            if len(records) < len(received):
                for message in received:
                    self._note_error(message)
        metrics.STAGE_SECONDS.labels("judge").observe(time.perf_counter() - started)

    def _note_error(self, message: Message) -> None:
        """Note an error or an end of partition, which the client hands out among the messages."""
        error = message.error()
        if error is None:
            return
        if error.code() == KafkaError._PARTITION_EOF:
            self._assignment.reach_end(message.partition(), offset_of(message))
        elif error.code() in _OFFSET_ERRORS:
            self._assignment.miss_offset(message.partition())
        else:
            self._kafka_errors.log(error)

    def _settle(self, outcome: BatchOutcome) -> None:
        """Take note of a batch that was committed, or give up the leases of its partitions."""
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
        """Give up leases, and forget the messages that were read under them."""
        self._claimer.abandoned(leases, error)
        self._pipeline.drop_lost()
