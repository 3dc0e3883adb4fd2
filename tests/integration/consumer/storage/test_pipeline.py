"""How large batches are: within the limits, and as small as the database wants them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from pymongo.errors import NetworkTimeout

from consumer.batches.batch import BATCH_BYTES, PRODUCT_BYTES
from consumer.partitions.lease import Lease
from consumer.pipeline import BatchOutcome, BatchPipeline
from consumer.storage import committer
from consumer.storage.preparation import Prepared
from shared.errors import DatabaseUnavailable
from stack.waiting import wait_until
from tests.support.documents import invariant
from tests.support.documents.writing import Writer, sold


def test_a_batch_keeps_its_limits_whatever_arrives(writer: Writer) -> None:
    lease = writer.lease()
    values = [sold(padding="x" * 60_000)] * 500 + [sold()] * 2_500
    with ThreadPoolExecutor(1) as database_thread:
        pipeline = BatchPipeline(writer.committer, writer.rules, database_thread, batch_events=1_000)
        pipeline.add(writer.taken(lease, values))

        def all_written() -> bool:
            outcome = pipeline.outcome()
            assert outcome is None or outcome.error is None
            pipeline.advance()
            return pipeline.idle

        wait_until("all written", all_written, 60)
    assert sum(map(len, writer.written)) == len(values) == writer.stored()
    assert max(map(len, writer.written)) == 1_000
    assert 0.8 * BATCH_BYTES < max(batch.size for batch in writer.written) < 1.05 * BATCH_BYTES


def test_many_products_make_a_batch_smaller_for_their_sums_take_memory_too(writer: Writer) -> None:
    lease = writer.lease()
    with ThreadPoolExecutor(1) as database_thread:
        pipeline = BatchPipeline(writer.committer, writer.rules, database_thread, batch_events=50_000)
        for first in range(0, 16_000, 1_000):
            pipeline.add(writer.taken(lease, [sold(product=product) for product in range(first, first + 1_000)]))
        assert pipeline.blocked
        assert BATCH_BYTES / (PRODUCT_BYTES + 1_000) < 50_000 - pipeline.room < BATCH_BYTES / PRODUCT_BYTES


def filled(writer: Writer, leases: Sequence[Lease], database_thread: ThreadPoolExecutor) -> BatchPipeline:
    """A pipeline with 10 messages of each partition in flight, 10 ready behind them, 10 open and 10 waiting."""
    size = 10 * len(leases)
    pipeline = BatchPipeline(writer.committer, writer.rules, database_thread, batch_events=size)
    for number in range(4):
        for lease in leases:
            pipeline.add(writer.taken(lease, [sold()] * 10, ahead=10 * number))
        pipeline.advance()
    assert pipeline.busy
    assert pipeline.blocked
    return pipeline


def written_by(pipeline: BatchPipeline, seconds: float = 30.0) -> list[BatchOutcome]:
    """Advance until nothing is left, as the poll loop does. Returns the outcomes."""
    outcomes = []

    def idle() -> bool:
        outcome = pipeline.outcome()
        if outcome is not None:
            outcomes.append(outcome)
        pipeline.advance()
        return pipeline.idle

    wait_until("all written", idle, seconds)
    return outcomes


@pytest.mark.parametrize("loser", [0, 1, 2])
def test_of_several_partitions_the_lost_one_is_dropped_and_the_others_are_written_once(
    writer: Writer, loser: int
) -> None:
    leases, release = [writer.lease(partition) for partition in range(3)], Event()
    with ThreadPoolExecutor(1) as database_thread:
        database_thread.submit(release.wait)
        pipeline = filled(writer, leases, database_thread)
        leases[loser].lost = True
        pipeline.drop_lost()
        release.set()
        assert all(outcome.error is None for outcome in written_by(pipeline))
    assert [lease.next_offset for lease in leases] == [0 if number == loser else 40 for number in range(3)]
    invariant.check(writer.database, [(k, offset) for k in range(3) if k != loser for offset in range(40)])
    assert sum(map(len, writer.written)) == 80


def test_when_a_batch_fails_what_is_ready_behind_it_is_kept_for_the_leases_that_are_held(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch that fails is of one partition; the others' messages in the ready batch are not read again."""
    monkeypatch.setattr(committer, "ATTEMPT_SECONDS", 0.0)
    failing, held, release = writer.lease(0), writer.lease(1), Event()
    transactions = writer.committer._transactions
    run = transactions.run

    def run_others(prepared: Prepared, *more: Any) -> Any:
        if failing in prepared.ends:
            raise NetworkTimeout("away")
        return run(prepared, *more)

    vars(transactions)["run"] = run_others
    with ThreadPoolExecutor(1) as database_thread:
        database_thread.submit(release.wait)
        pipeline = BatchPipeline(writer.committer, writer.rules, database_thread, batch_events=10)
        pipeline.add(writer.taken(failing, [sold()] * 10))
        pipeline.advance()
        pipeline.add(writer.taken(held, [sold()] * 10))
        pipeline.advance()
        pipeline.add(writer.taken(failing, [sold()] * 5, ahead=10))
        release.set()
        assert pipeline.wait(10)
        outcome = pipeline.outcome()
        assert outcome is not None
        assert isinstance(outcome.error, DatabaseUnavailable)
        assert outcome.leases == [failing]
        failing.lost = True
        pipeline.drop_lost()
        assert [one.error for one in written_by(pipeline)] == [None] * len(writer.written)
    assert (failing.next_offset, held.next_offset) == (0, 10)
    invariant.check(writer.database, [(1, offset) for offset in range(10)])


def test_a_database_that_takes_small_batches_alone_gets_them(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "ATTEMPT_SECONDS", 0.0)
    transactions = writer.committer._transactions
    run = transactions.run

    def run_few(prepared: Prepared, *more: Any) -> Any:
        if sum(map(len, prepared.events.values())) > 100:
            raise NetworkTimeout("too many at once")
        return run(prepared, *more)

    vars(transactions)["run"] = run_few
    with ThreadPoolExecutor(1) as database_thread:
        pipeline = BatchPipeline(writer.committer, writer.rules, database_thread, batch_events=1_000)
        for _ in range(12):
            lease = writer.lease()
            pipeline.add(writer.taken(lease, [sold()] * 1_000))
            pipeline.advance()
            assert pipeline.wait(10)
            assert pipeline.outcome() is not None
            lease.lost = True  # a batch given up is read again, from what is stored
            pipeline.drop_lost()
    sizes = [len(batch) for batch in writer.written]
    assert writer.stored() == sum(sizes) > 200
    assert max(sizes) <= 100
