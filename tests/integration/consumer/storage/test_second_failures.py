"""A failure while the consumer recovers from a failure: each batch is written once all the same, or given up."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Timer
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, NetworkTimeout

from consumer.partitions.assignment import Assignment
from consumer.partitions.progress import Progress
from consumer.partitions.status import PartitionStatus
from consumer.process.clocks import Clocks, utc_now
from consumer.reporter import StatusReporter
from consumer.storage.transaction import Transactions
from shared.errors import ClockSkewed, DatabaseUnavailable
from tests.support.documents import invariant
from tests.support.documents.writing import GROUP, TOPIC, Writer, rated, sold


@pytest.fixture
def transactions(writer: Writer) -> Transactions:
    return writer.committer._transactions


def test_a_reply_that_is_lost_again_and_again_while_it_is_looked_into(
    writer: Writer, transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit's reply is lost, then the connection breaks while the consumer reads what became of it, twice."""
    lease, lost, broken = writer.lease(), iter([True]), iter([True, True])
    writer.loses_reply = lambda: next(lost, False)
    identity = transactions.identity

    def break_outside(of: Any) -> Any:
        if not writer.committer._session.in_transaction and next(broken, False):
            raise AutoReconnect("broken")
        return identity(of)

    monkeypatch.setattr(transactions, "identity", break_outside)
    writer.commit(writer.batch(lease, [sold(), rated(), b"bad"]))
    assert next(broken, None) is None
    assert (lease.next_offset, lease.lost, writer.stored()) == (3, False, 3)
    assert [len(batch) for batch in writer.written] == [1, 2]
    assert [len(batch.rejected) for batch in writer.written] == [0, 1]
    invariant.check_aggregates(writer.database)


def test_a_half_whose_reply_is_lost_is_not_written_again(writer: Writer, transactions: Transactions) -> None:
    """The whole batch fails twice, so it is halved, and the first half's commit succeeds without a reply."""
    lease, attempts = writer.lease(), iter(range(1, 100))
    run = transactions.run

    def fail_twice(*arguments: Any) -> Any:
        number = next(attempts)
        if number <= 2:
            raise NetworkTimeout("too large")
        done = run(*arguments)
        if number == 3:
            raise AutoReconnect("the reply was lost")
        return done

    vars(transactions)["run"] = fail_twice
    writer.commit(writer.batch(lease, [sold()] * 10))
    assert (lease.next_offset, writer.stored()) == (10, 10)
    assert [len(batch) for batch in writer.written] == [5, 5]
    invariant.check_aggregates(writer.database)


def test_a_partition_that_is_claimed_elsewhere_after_a_lost_reply_is_dropped_and_the_rest_is_counted_once(
    writer: Writer, transactions: Transactions
) -> None:
    zombie, other, lost = writer.lease(0), writer.lease(1), iter([True])

    def lose_and_claim() -> bool:
        loses = next(lost, False)
        if loses:
            writer.lease(0)
        return loses

    writer.loses_reply = lose_and_claim
    batch = writer.batch(zombie, [sold()] * 3)
    batch.add(writer.taken(other, [sold()] * 2))
    writer.commit(batch)
    assert (zombie.lost, other.lost, other.next_offset) == (True, False, 2)
    invariant.check(writer.database, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)])
    assert writer.lease(0).next_offset == 3


def test_an_offset_that_a_backup_restores_to_an_earlier_batchs_end_is_no_lost_reply(writer: Writer) -> None:
    """Else the batch would go on behind it, and the messages in between would be skipped."""
    lease = writer.lease()
    for _ in range(2):
        writer.commit(writer.batch(lease, [sold()] * 2))
    writer.database.partitions.update_one({}, {"$set": {"next_offset": 2}})
    writer.commit(writer.batch(lease, [sold()] * 2))
    assert (lease.lost, writer.stored(), writer.lease().next_offset) == (True, 4, 2)


def test_stopping_during_an_outage_makes_the_running_attempt_the_last(
    writer: Writer, transactions: Transactions
) -> None:
    attempts: list[float] = []

    def away(*_: object) -> None:
        attempts.append(time.monotonic())
        raise NetworkTimeout("away")

    vars(transactions)["run"] = away
    stop = Timer(0.3, writer.committer.stop_retrying)
    stop.start()
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        writer.commit(writer.batch(writer.lease(), [sold()]))
    assert time.monotonic() - started < 3
    before = len(attempts)
    with pytest.raises(DatabaseUnavailable):
        writer.commit(writer.batch(writer.lease(), [sold()]))
    assert len(attempts) == before + 1


@pytest.fixture
def database_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as one:
        yield one


@pytest.mark.parametrize("hours", [-1, 1])
def test_no_status_is_stored_that_a_wrong_clock_made_though_it_is_set_right_meanwhile(
    writer: Writer, database_thread: ThreadPoolExecutor, hours: int
) -> None:
    nobody: Any = None
    assignment = Assignment(nobody, TOPIC, database_thread)
    clocks = Clocks(writer.database, utc_now)
    reporter = StatusReporter(
        writer.database, clocks, nobody, assignment, Progress(TOPIC, 1024), database_thread, GROUP, TOPIC, utc_now
    )
    now = utc_now() + timedelta(hours=hours)
    status = PartitionStatus(writer.lease(), 0, 0, 0, now, None, now)
    with pytest.raises(ClockSkewed):
        reporter._store_statuses([status], time.monotonic())
    assert writer.database.partition_status.count_documents({}) == 0


def test_a_batch_in_flight_is_waited_for_when_partitions_are_revoked_and_not_when_they_are_lost(
    database_thread: ThreadPoolExecutor,
) -> None:
    nobody: Any = None
    assignment = Assignment(nobody, TOPIC, database_thread)
    release = Event()
    database_thread.submit(release.wait)
    started = time.monotonic()
    assignment._on_lost(Acknowledging(), [])  # type: ignore[arg-type]
    assert time.monotonic() - started < 1
    Timer(1.0, release.set).start()
    assignment._on_revoke(Acknowledging(), [])  # type: ignore[arg-type]
    assert time.monotonic() - started >= 1


class Acknowledging:
    """Kafka's client, of which the rebalance callbacks ask one thing here."""

    def incremental_unassign(self, partitions: object) -> None:
        """Take note."""
