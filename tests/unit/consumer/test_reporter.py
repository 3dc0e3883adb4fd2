"""What the reporter logs and counts: events are stored, and dead letters are named apart."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from consumer.batches.batch import Batch, Rules
from consumer.partitions.lease import Lease
from consumer.partitions.progress import Progress
from consumer.partitions.taken import Taken
from consumer.reporter import PROGRESS_TICKS, StatusReporter
from scripts.publish.generated.generate import generate
from tests.support.documents.writing import sold
from tests.support.kafka.messages import received

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("consumer.reporter.time.monotonic", clock)
    return clock


@pytest.fixture
def database_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as database_thread:
        yield database_thread


@pytest.fixture
def status_reporter(clock: Clock, database_thread: ThreadPoolExecutor) -> StatusReporter:
    """A reporter of a consumer that holds no partition, so it asks neither Kafka nor MongoDB for anything."""
    nobody = cast("Any", None)
    held = cast("Any", [])
    return StatusReporter(
        nobody, nobody, nobody, held, Progress("topic", 1024), database_thread, "group", "topic", lambda: NOW
    )  # fmt: skip


def batch(count: int, invalid: float, partition: int = 3) -> Batch:
    lease = Lease(partition, epoch=1, generation=2, next_offset=0, read_from=0, topic_id="")
    messages = received(generate(count=count, seed=1, invalid=invalid, now_ms=NOW_MS), partition, NOW_MS)
    return Batch(Rules("topic", 400, copy_rejections=False), [Taken(lease, messages, NOW, 0.0)])


def counted(name: str) -> float:
    """The sum of a metric over its labels."""
    return sum(
        sample.value for family in REGISTRY.collect() for sample in family.samples if sample.name == f"{name}_total"
    )


def test_progress_counts_events_as_stored_and_names_dead_letters_apart(
    status_reporter: StatusReporter, clock: Clock
) -> None:
    mixed, before = batch(200, invalid=0.3), (counted("consumer_events_accepted"), counted("consumer_events_rejected"))
    letters = len(mixed.rejected)
    assert 0 < letters < 200
    status_reporter.committed(mixed)
    after = counted("consumer_events_accepted"), counted("consumer_events_rejected")
    assert (after[0] - before[0], after[1] - before[1]) == (200 - letters, letters)
    with capture_logs() as logged:
        for _ in range(2 * PROGRESS_TICKS):
            status_reporter.advance(database_answers=True)
            clock.seconds += 1
    (line,) = [line for line in logged if line["event"] == "progress"]
    assert (line["stored"], line["dead_letters"], line["per_second"]) == (200 - letters, letters, (200 - letters) // 10)


def test_dead_letters_alone_are_progress_without_events(status_reporter: StatusReporter, clock: Clock) -> None:
    status_reporter.committed(batch(50, invalid=1.0))
    with capture_logs() as logged:
        for _ in range(PROGRESS_TICKS):
            status_reporter.advance(database_answers=True)
            clock.seconds += 1
    (line,) = [line for line in logged if line["event"] == "progress"]
    assert (line["stored"], line["dead_letters"], line["per_second"]) == (0, 50, 0)


def test_rejections_are_one_line_a_second_at_most_and_none_is_left_at_the_end(
    status_reporter: StatusReporter, clock: Clock
) -> None:
    rejected = batch(40, invalid=1.0)
    with capture_logs() as logged:
        for _ in range(20):  # in two seconds
            status_reporter.committed(rejected)
            status_reporter.advance(database_answers=True)
            clock.seconds += 0.1
        in_time = [line for line in logged if line["event"].startswith("messages were rejected")]
        status_reporter.finish()
    lines = [line for line in logged if line["event"].startswith("messages were rejected")]
    assert len(in_time) == 2
    assert sum(line["rejected"] for line in lines) == 20 * 40
    assert all(sum(line["reasons"].values()) == line["rejected"] for line in lines)
    assert all(line["samples"].keys() == line["reasons"].keys() for line in lines)


def test_duplicates_are_told_in_the_progress_and_conflicts_in_the_warning(
    status_reporter: StatusReporter, clock: Clock
) -> None:
    values = [sold(event_id="a"), sold(event_id="a"), sold(event_id="a"), sold(event_id="a", amount=2)]
    messages = [
        Message("topic", 3, offset, b"", value, timestamp=(TIMESTAMP_CREATE_TIME, NOW_MS))
        for offset, value in enumerate(values)
    ]
    lease = Lease(3, epoch=1, generation=2, next_offset=0, read_from=0, topic_id="")
    with capture_logs() as logged:
        status_reporter.committed(Batch(Rules("topic", 400, False), [Taken(lease, messages, NOW, 0.0)]))
        for _ in range(PROGRESS_TICKS):
            clock.seconds += 1
            status_reporter.advance(True)
    (rejected,) = [line for line in logged if line["log_level"] == "warning"]
    assert (rejected["rejected"], rejected["reasons"]) == (1, {"event_id_conflict": 1})
    assert rejected["samples"] == {"event_id_conflict": "3:3:2"}
    (progress,) = [line for line in logged if line["event"] == "progress"]
    assert (progress["stored"], progress["dead_letters"], progress["duplicates"]) == (1, 3, 2)
