"""What the poll loop does with a batch that is done, and which offsets Kafka is told."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from consumer.batches.batch import Batch, Rules
from consumer.partitions.assigned import Assigned
from consumer.partitions.assignment import Assignment
from consumer.partitions.claimer import Claimer
from consumer.partitions.lease import Lease
from consumer.partitions.progress import Progress
from consumer.pipeline import BatchOutcome, ClosedBatch
from consumer.process.clocks import utc_now
from consumer.process.outage import OutageBackoff
from consumer.reporter import StatusReporter
from consumer.storage.preparation import prepare
from consumer.worker import FENCED_SECONDS, Worker
from shared.errors import DatabaseUnavailable

NOBODY: Any = None


class Client:
    """Kafka's client: it notes the offsets that are committed, and is paused."""

    def __init__(self) -> None:
        self.committed: list[TopicPartition] = []

    def commit(self, offsets: list[TopicPartition], **_: object) -> None:
        self.committed += offsets

    def pause(self, partitions: object) -> None:
        """Do nothing."""


class Reading:
    """A worker of two partitions, both read up to 9 and stored up to 5."""

    def __init__(self, database_thread: ThreadPoolExecutor) -> None:
        self.client = Client()
        client: Any = self.client
        self.backoff = OutageBackoff()
        self.assignment = Assignment(client, "topic", database_thread)
        self.leases = [Lease(number, 1, 1, 5, read_from=5, topic_id="") for number in range(2)]
        self.partitions = [Assigned(lease.partition, lease, position=9) for lease in self.leases]
        self.assignment._assigned = dict(enumerate(self.partitions))
        claimer = Claimer(NOBODY, NOBODY, NOBODY, self.assignment, self.backoff, database_thread)
        self.worker = Worker(NOBODY, self.assignment, claimer, NOBODY, NOBODY, NOBODY)
        self.reporter = StatusReporter(
            NOBODY, NOBODY, client, self.assignment, Progress("topic", 1024), database_thread, "group", "topic", utc_now
        )

    def settle(self, error: Exception | None = None) -> None:
        """Let a batch of both partitions be done."""
        batch = Batch(Rules("topic", 400, copy_rejections=False))
        batch.ends = dict.fromkeys(self.leases, 9)
        self.worker._settle(BatchOutcome(ClosedBatch(1, batch, prepare(batch)), error))


@pytest.fixture
def reading() -> Iterator[Reading]:
    with ThreadPoolExecutor(1) as database_thread:
        yield Reading(database_thread)


def test_kafka_is_never_told_an_offset_that_mongodb_does_not_hold(reading: Reading) -> None:
    """The messages up to 9 were taken and not stored. A partition without a lease is its next owner's."""
    reading.partitions[1].end_lease()
    reading.reporter.advance(database_answers=False)
    assert [(one.partition, one.offset) for one in reading.client.committed] == [(0, 5)]


def test_a_fenced_partition_is_claimed_again_after_polling_had_time_to_find_out_whose_it_is(reading: Reading) -> None:
    """Without the wait, two processes that both believe it theirs would fence each other in turns."""
    reading.leases[0].lost = True
    reading.settle()
    fenced, held = reading.partitions
    assert fenced.lease is None
    assert FENCED_SECONDS - 0.5 < fenced.claim_at - time.monotonic() <= FENCED_SECONDS
    assert held.lease is reading.leases[1]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_batch_of_which_nothing_was_written_says_nothing_about_mongodb(reading: Reading, lost: int) -> None:
    """Where all its leases were lost before, no command was sent."""
    reading.backoff.failed(DatabaseUnavailable("away"))
    for lease in reading.leases[:lost]:
        lease.lost = True
    reading.settle()
    assert reading.backoff.failing == (lost == len(reading.leases))
