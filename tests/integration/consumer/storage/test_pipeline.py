"""How large batches are: within the limits, and as small as the database wants them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.errors import NetworkTimeout

from consumer.batches.batch import BATCH_BYTES, PRODUCT_BYTES
from consumer.pipeline import BatchPipeline
from consumer.storage import committer
from consumer.storage.preparation import Prepared
from stack.waiting import wait_until
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
