"""A repair beside whoever writes the same sums at the same time: nothing is overwritten, and what is left is reported.

What comes in between is made to come at the worst moment: after the audit has read the events, before it repairs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from bson.decimal128 import Decimal128

from scripts.audit.reading import snapshot
from scripts.audit.reconcile import AuditSummary, Reconciliation
from scripts.audit.repair import transactions
from scripts.audit.repair.transactions import Repair
from scripts.partitions.decision import Decision, accept
from shared.documents import DAY_MS, REPLAYED_PARTITION, ROLLUPS, TOTALS, LetterState
from shared.mongo import SyncDatabase
from tests.support.documents.invariant import check_aggregates
from tests.support.documents.replaying import NOT_JSON, letters, replayer
from tests.support.documents.writing import GROUP, TOPIC, TOPIC_ID, Writer, rated, sold
from tests.support.kafka.consumer_group import now_ms

Between = Callable[[], object]
KINDS = (0, REPLAYED_PARTITION)
AT_MS = now_ms() - 60_000


@pytest.fixture
def filled(writer: Writer) -> Writer:
    """Events in the partitions 0 and -1, all in one minute, and a dead letter that may be replayed."""
    writer.commit(writer.batch(writer.lease(), [sold(at_ms=AT_MS), rated(at_ms=AT_MS), NOT_JSON, NOT_JSON, NOT_JSON]))
    replay_one(writer)
    return writer


def replay_one(writer: Writer) -> None:
    """Replay the first new letter."""
    with replayer(writer, lambda _: sold(at_ms=AT_MS)) as command:
        new = [letter for letter in letters(writer) if letter["state"] == LetterState.NEW]
        assert command.replay(new[:1]) == ["replayed"]


def store_one(writer: Writer) -> None:
    writer.commit(writer.batch(writer.lease(), [sold(at_ms=AT_MS)]))


WRITES: dict[int, Callable[[Writer], None]] = {0: store_one, REPLAYED_PARTITION: replay_one}
"""By partition: what stores one more event in it."""


def spoil(database: SyncDatabase, partition: int, **fields: object) -> None:
    """Set fields of the partition's rollup that no sum of events has, or that differ from it."""
    assert database[ROLLUPS].update_one({"_id.k": partition}, {"$set": fields}).modified_count == 1


@contextmanager
def repairing(database: SyncDatabase) -> Iterator[Repair]:
    with database.client.start_session() as session:
        yield Repair(database, session, GROUP, TOPIC)


def repaired(database: SyncDatabase, between: Between = lambda: None) -> tuple[Repair, AuditSummary]:
    """Run an audit with a repair. `between` runs once, when the first day's events have been read."""
    once = iter([between])

    def advance(_: int) -> None:
        for run in once:
            run()

    with repairing(database) as repair:
        summary = Reconciliation(database, GROUP, TOPIC, None, None, repair).run(advance)
    return repair, summary


def assert_right(database: SyncDatabase) -> None:
    """Assert that all sums are those of the events, by the tests' model and by an audit."""
    check_aggregates(database)
    summary = Reconciliation(database, GROUP, TOPIC, None, None).run(lambda _: None)
    assert not summary.findings.counts, summary.findings.details


@pytest.mark.parametrize("partition", KINDS)
def test_a_field_that_is_no_sum_is_left_where_an_event_came_meanwhile(filled: Writer, partition: int) -> None:
    spoil(filled.database, partition, note=1)
    sums = filled.database[ROLLUPS].find_one({"_id.k": partition}, {"sales": 1})
    assert sums is not None
    repair, _ = repaired(filled.database, lambda: WRITES[partition](filled))
    assert [f"1 documents of partition {partition}" in left for left in repair.left] == [True], repair.left
    assert "events were stored meanwhile" in repair.left[0]
    now = filled.database[ROLLUPS].find_one({"_id.k": partition}, {"sales": 1})
    assert now == {"_id": sums["_id"], "sales": sums["sales"] + 1}
    again, _ = repaired(filled.database)
    assert (again.left, again.repaired) == ([], {ROLLUPS: 1})
    assert_right(filled.database)


@pytest.mark.parametrize("partition", KINDS)
def test_sums_that_lack_something_are_repaired_though_an_event_came_meanwhile(filled: Writer, partition: int) -> None:
    spoil(filled.database, partition, amount=Decimal128("0.250000"))
    filled.database[TOTALS].delete_many({"_id.k": partition, "_id.h": {"$exists": True}})
    repair, _ = repaired(filled.database, lambda: WRITES[partition](filled))
    assert (repair.left, repair.repaired) == ([], {ROLLUPS: 1, TOTALS: 1})
    assert_right(filled.database)


def test_a_partition_read_as_far_as_before_in_another_generation_has_changed(filled: Writer) -> None:
    """Its topic was created again meanwhile, and the offset is what it was when the audit began."""
    spoil(filled.database, 0, note=1)

    def read_anew() -> None:
        stored = filled.database.partitions.find_one()
        assert stored is not None
        assert accept(filled.database, stored, Decision(0, "the new topic"), TOPIC_ID)
        lease = filled.lease()
        lease.generation = 2
        filled.commit(filled.batch(lease, [sold(at_ms=AT_MS)] * stored["next_offset"]))

    repair, _ = repaired(filled.database, read_anew)
    assert ["events were stored meanwhile" in left for left in repair.left] == [True]
    assert repaired(filled.database)[0].left == []
    assert_right(filled.database)


@pytest.mark.parametrize("partition", KINDS)
def test_of_two_repairs_side_by_side_one_adds_what_is_lacking(filled: Writer, partition: int) -> None:
    spoil(filled.database, partition, amount=Decimal128("0.250000"))
    quicker: list[Repair] = []
    slower, _ = repaired(filled.database, lambda: quicker.append(repaired(filled.database)[0]))
    assert (quicker[0].left, quicker[0].repaired) == ([], {ROLLUPS: 1})
    assert slower.left == [f"1 documents of partition {partition}: another repair ran at the same time: run this again"]
    assert not slower.repaired
    assert_right(filled.database)


def test_days_that_are_read_at_several_moments_are_all_repaired(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair knows its own transactions, those before the moment and those since."""
    monkeypatch.setattr(snapshot, "RENEW_SECONDS", -1.0)
    monkeypatch.setattr(transactions, "DOCUMENTS_AT_ONCE", 1)
    days = [sold(at_ms=AT_MS - days * DAY_MS, product=product) for days in range(3) for product in (1, 2)]
    writer.commit(writer.batch(writer.lease(), days))
    writer.database[ROLLUPS].update_many({}, {"$set": {"amount": Decimal128("0.250000")}})
    repair, _ = repaired(writer.database)
    assert (repair.left, repair.repaired) == ([], {ROLLUPS: 6})
    assert_right(writer.database)


def test_sums_of_replays_are_repaired_where_there_never_was_one(writer: Writer) -> None:
    """The document that guards them is made by the first replay, or the first repair."""
    writer.commit(writer.batch(writer.lease(), [sold(at_ms=AT_MS), NOT_JSON]))
    rollup = writer.database[ROLLUPS].find_one()
    assert rollup is not None
    writer.database[ROLLUPS].insert_one(rollup | {"_id": rollup["_id"] | {"k": REPLAYED_PARTITION}})
    quicker: list[Repair] = []
    slower, _ = repaired(writer.database, lambda: quicker.append(repaired(writer.database)[0]))
    assert (quicker[0].left, quicker[0].repaired) == ([], {ROLLUPS: 1})
    assert slower.left == ["1 documents of partition -1: another repair ran at the same time: run this again"]
    replay_one(writer)
    spoil(writer.database, REPLAYED_PARTITION, amount=Decimal128("0.250000"))
    assert repaired(writer.database)[0].left == []
    assert_right(writer.database)


def test_a_discard_meanwhile_changes_no_sums(filled: Writer) -> None:
    spoil(filled.database, REPLAYED_PARTITION, note=1)
    discarded = {"$set": {"state": LetterState.DISCARDED, "discarded_at": datetime.now(UTC)}}
    new = {"state": LetterState.NEW}
    repair, _ = repaired(filled.database, lambda: filled.database.rejected_events.update_many(new, discarded))
    assert (repair.left, repair.repaired) == ([], {ROLLUPS: 1})
    assert_right(filled.database)


def test_a_product_is_made_anew_with_the_events_that_came_meanwhile(filled: Writer) -> None:
    for partition in KINDS:
        filled.database.products.update_one({"_id.k": partition}, {"$set": {"first_seen": 1, "note": 1}})

    def meanwhile() -> None:
        store_one(filled)
        replay_one(filled)

    repair, _ = repaired(filled.database, meanwhile)
    assert (repair.left, repair.repaired) == ([], {"products": 2})
    assert_right(filled.database)


def test_a_partition_that_others_keep_writing_to_is_left_after_a_while(
    filled: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another transaction holds the partition for as long as the repair runs, as a consumer's next batch always may."""
    monkeypatch.setattr(transactions, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(transactions, "DOCUMENTS_AT_ONCE", 1)
    spoil(filled.database, 0, amount=Decimal128("0.250000"))
    spoil(filled.database, REPLAYED_PARTITION, amount=Decimal128("0.250000"))
    filled.database[TOTALS].delete_many({"_id.k": 0, "_id.h": {"$exists": True}})
    with filled.database.client.start_session() as holder, holder.start_transaction():
        filled.database.partitions.update_one({}, {"$inc": {"held": 1}}, session=holder)
        repair, _ = repaired(filled.database)
        holder.abort_transaction()
    assert len(repair.left) == 2
    assert all("kept writing to its partition: run this again, or stop them" in left for left in repair.left)
    assert repair.repaired == {ROLLUPS: 1}
    assert repaired(filled.database)[0].left == []
    assert_right(filled.database)
