"""How a batch comes into MongoDB, or does not: offsets that others moved, refusals, clocks and topics that changed."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.errors import BulkWriteError, NetworkTimeout

from consumer import products, store
from consumer.pipeline import BATCH_BYTES, Pipeline
from consumer.transaction import Mismatch
from consumer.writes import Writes
from scripts.partitions import Decision, accept
from shared.documents import event_collection
from shared.errors import (
    AggregateRefused,
    ClockSkewed,
    InvariantBroken,
    PartitionRefused,
    StoreUnavailable,
    TopicRecreated,
)
from shared.failures import brief
from shared.mongo import connect, ensure_event_collection
from shared.settings import SharedSettings
from stack.waiting import wait_until
from tests.support import invariant
from tests.support.pipeline import now_ms
from tests.support.servers import MongoServer
from tests.support.writing import TOPIC_ID, Writer, rated, sold


@pytest.fixture
def writer(mongo: MongoServer) -> Iterator[Writer]:
    settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database=f"store-{uuid.uuid4().hex[:12]}")
    database = connect(settings, "tests")
    yield Writer(database)
    database.client.close()


def stored(writer: Writer) -> int:
    """How many events and dead letters there are."""
    return sum(1 for _ in invariant.raw_events(writer.database)) + writer.database.rejected_events.count_documents({})


def test_a_batch_is_written_once_though_it_is_run_again(writer: Writer) -> None:
    """After a commit whose reply was lost."""
    lease, lost = writer.lease(), iter([True])
    writer.loses_reply = lambda: next(lost, False)
    writer.commit(writer.batch(lease, [sold(), rated(), b"bad"]))
    assert lease.next_offset == 3
    assert not lease.lost
    assert stored(writer) == 3
    assert [len(batch) for batch in writer.written] == [3]
    invariant.check_aggregates(writer.database)


@pytest.mark.parametrize("moved_to", [1, 7])
def test_an_offset_that_another_hand_moved_ends_the_lease(writer: Writer, moved_to: int) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold()] * 3))
    writer.database.partitions.update_one({}, {"$set": {"next_offset": moved_to}})
    writer.commit(writer.batch(lease, [sold()] * 2))
    assert lease.lost
    assert stored(writer) == 3
    assert writer.lease().next_offset == moved_to


def test_another_consumers_epoch_fences_its_partition_alone(writer: Writer) -> None:
    zombie, other = writer.lease(0), writer.lease(1)
    batch = writer.batch(zombie, [sold()] * 3)
    batch.add(writer.taken(other, [sold()] * 2))
    writer.lease(0)
    writer.commit(batch)
    assert zombie.lost
    assert not other.lost
    assert stored(writer) == other.next_offset == 2
    assert [len(written) for written in writer.written] == [2]


def test_a_mismatch_that_nothing_explains_is_given_up_in_time(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    def mismatch(*_: object) -> None:
        raise Mismatch

    monkeypatch.setattr(store, "ATTEMPT_SECONDS", 0.5)
    monkeypatch.setattr(writer.store._transactions, "run", mismatch)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        writer.commit(writer.batch(writer.lease(), [sold()]))
    assert time.monotonic() - started < 5


def test_ten_thousand_refused_events_are_dead_letters_in_seconds(writer: Writer) -> None:
    day = event_collection(now_ms())
    ensure_event_collection(writer.database, day)
    writer.database.command("collMod", day, validator={"name_of_product": {"$ne": "$refused"}})
    at = now_ms()
    batch = writer.batch(writer.lease(), [sold("$refused", at)] * 10_000 + [sold("good", at)])
    started = time.monotonic()
    writer.commit(batch)
    assert time.monotonic() - started < 10
    assert writer.database.rejected_events.count_documents({"reason": "refused_by_database"}) == 10_000
    assert writer.database[day].count_documents({}) == 1
    (written,) = writer.written
    assert (len(written), len(written.rejected)) == (10_001, 10_000)


@pytest.mark.parametrize("collection", ["rollups", "totals", "products", "rejected_events"])
@pytest.mark.parametrize("refusal", ["duplicate", "validator"])
def test_what_trying_again_cannot_mend_halts_its_partition(writer: Writer, collection: str, refusal: str) -> None:
    """Another program's unique index or validator on a collection of this project's own."""
    at = now_ms()
    writer.commit(writer.batch(writer.lease(0), [sold("a secret", at), b"a secret"]))
    before = stored(writer)
    expected: type[PartitionRefused]
    if refusal == "duplicate":
        writer.database[collection].create_index("_id.h", unique=True)  # an hour, or none
        expected = InvariantBroken
    else:
        writer.database.command("collMod", collection, validator={"_id.k": {"$ne": 1}})
        expected = AggregateRefused
    with pytest.raises(expected) as raised:
        writer.commit(writer.batch(writer.lease(1), [sold("a secret", at, product=2), b"a secret"]))
    assert raised.value.partition == 1
    assert collection in str(raised.value)
    assert "secret" not in str(raised.value)
    assert stored(writer) == before


def test_an_event_that_is_there_already_halts_its_partition(writer: Writer) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold(at_ms=now_ms())]))
    (event,) = invariant.raw_events(writer.database)
    writer.database.partitions.update_one({}, {"$set": {"next_offset": 0}})
    again = writer.lease()
    with pytest.raises(InvariantBroken):
        writer.commit(writer.batch(again, [sold(at_ms=event["_id"]["t"])]))


def test_the_log_quotes_no_document() -> None:
    error = BulkWriteError({"writeErrors": [{"code": 121, "op": {"name": "secret"}}] * 2 + [{"code": 11000}]})
    assert brief(error) == "BulkWriteError: 2 times code 121, 1 times code 11000"


def test_nothing_of_a_topic_created_again_is_stored(writer: Writer) -> None:
    batch = writer.batch(writer.lease(), [sold(), b"bad"])
    writer.topic_id = "another"
    with pytest.raises(TopicRecreated):
        writer.commit(batch)
    assert stored(writer) == 0


@pytest.mark.parametrize("hours", [-1, 1])
def test_nothing_that_a_wrong_clock_judged_is_stored(writer: Writer, hours: int) -> None:
    """Though it is set right before the batch is written."""
    lease = writer.lease()
    writer.skew = timedelta(hours=hours)
    batch = writer.batch(lease, [sold()])
    writer.skew = timedelta()
    with pytest.raises(ClockSkewed):
        writer.commit(batch)
    assert stored(writer) == 0
    writer.commit(writer.batch(lease, [sold()]))
    assert stored(writer) == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_product_is_named_as_its_newest_event_whatever_was_forgotten(
    writer: Writer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events late and early, sales and ratings, in batches of any size, with restarts, evictions and lost replies."""
    choose = Random(seed)
    monkeypatch.setattr(products, "MOST_KNOWN", (1, 100)[seed % 2])
    writer.loses_reply = lambda: choose.random() < 0.4
    start, lease = now_ms() - 200_000_000, writer.lease()
    newest: dict[int, tuple[int, int, str]] = {}
    for step in range(60):
        values = []
        for offset in range(lease.next_offset, lease.next_offset + choose.randrange(1, 4)):
            kind, name, product = choose.choice((sold, sold, sold, rated)), choose.choice("AB"), choose.randrange(1, 3)
            at_ms = start + (step + choose.randrange(30)) * 2_000_000
            values.append(kind(name, at_ms, product))
            newest[product] = max((at_ms, offset, name), newest.get(product, (0, 0, "")))
        writer.commit(writer.batch(lease, values))
        named = {one["_id"]["p"]: one["latest"]["name"] for one in writer.database.products.find()}
        assert named == {product: name for product, (_, _, name) in newest.items()}
        if choose.random() < 0.1:
            writer.restart()
            lease = writer.lease()
    invariant.check_aggregates(writer.database)


def test_a_batch_keeps_its_limits_whatever_arrives(writer: Writer) -> None:
    lease = writer.lease()
    values = [sold(padding="x" * 60_000)] * 500 + [sold()] * 2_500
    with ThreadPoolExecutor(1) as database_thread:
        pipeline = Pipeline(writer.store, writer.intake, database_thread, batch_events=1_000)
        pipeline.add(writer.taken(lease, values))

        def all_written() -> bool:
            outcome = pipeline.outcome()
            assert outcome is None or outcome.error is None
            pipeline.advance()
            return pipeline.idle

        wait_until("all written", all_written, 60)
    assert sum(map(len, writer.written)) == len(values) == stored(writer)
    assert max(map(len, writer.written)) == 1_000
    assert 0.8 * BATCH_BYTES < max(batch.size for batch in writer.written) < 1.05 * BATCH_BYTES


def test_a_decision_about_a_partition_is_refused_when_a_batch_came_in_between(writer: Writer) -> None:
    lease = writer.lease()
    seen = writer.database.partitions.find_one()
    assert seen is not None
    writer.commit(writer.batch(lease, [sold()]))
    between = writer.database.partitions.find_one()
    assert not accept(writer.database, seen, Decision(0, "the beginning"), TOPIC_ID)
    assert writer.database.partitions.find_one() == between


def test_a_database_that_takes_small_batches_alone_gets_them(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ATTEMPT_SECONDS", 0.0)
    transactions = writer.store._transactions
    run = transactions.run

    def run_few(writes: Writes, *more: Any) -> None:
        if sum(map(len, writes.events.values())) > 100:
            raise NetworkTimeout("too many at once")
        run(writes, *more)

    vars(transactions)["run"] = run_few
    with ThreadPoolExecutor(1) as database_thread:
        pipeline = Pipeline(writer.store, writer.intake, database_thread, batch_events=1_000)
        for _ in range(12):
            lease = writer.lease()
            pipeline.add(writer.taken(lease, [sold()] * 1_000))
            pipeline.advance()
            assert pipeline.wait(10)
            assert pipeline.outcome() is not None
            lease.lost = True  # a batch given up is read again, from what is stored
            pipeline.drop_lost()
    sizes = [len(batch) for batch in writer.written]
    assert stored(writer) == sum(sizes) > 200
    assert max(sizes) <= 100
