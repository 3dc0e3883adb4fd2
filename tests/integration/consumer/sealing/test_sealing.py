"""Old days are sealed: their hours become one document each, every sum stays what the raw events give, audits agree."""

from datetime import timedelta
from typing import Any

import pytest
from bson.decimal128 import Decimal128

from consumer.process.clocks import Clocks, utc_now
from consumer.sealing.duty import Sealing
from shared.documents import REPLAYED_PARTITION
from shared.errors import ClockSkewed
from shared.mongo import SyncDatabase
from stack.waiting import wait_until
from tests.support.documents.days import NOW, NOW_MS, at
from tests.support.documents.invariant import check_aggregates
from tests.support.documents.sealing import (
    OLD,
    TODAY,
    a_day,
    audit_findings,
    moment,
    seal,
    sealed,
    sealing,
    unsealed,
    write,
)
from tests.support.documents.writing import GROUP, TOPIC, Writer, sold


@pytest.fixture
def writer(database: SyncDatabase) -> Writer:
    return Writer(database)


def test_the_hours_of_old_days_become_one_document_a_day_and_new_ones_stay(writer: Writer) -> None:
    database = writer.database
    write(writer, *a_day(TODAY - 1))
    new = [list(database[name].find()) for name in ("rollups", "totals")]
    write(writer, *a_day(OLD), *a_day(OLD, 2), *a_day(OLD - 1))
    one = seal(database)
    assert one.complete
    assert one.documents == {OLD: 2 * 3 + 3 + 9, OLD - 1: 3 + 3 + 9}
    assert [list(database[name].find()) for name in ("rollups", "totals")] == new
    assert sealed(database) == {(1, OLD, 0), (2, OLD, 0), (1, OLD - 1, 0), (OLD, 0), (OLD - 1, 0)}
    check_aggregates(database)
    assert audit_findings(database) == []


def test_what_a_sealed_day_holds(writer: Writer) -> None:
    write(writer, *a_day(OLD))
    seal(writer.database)
    document: Any = writer.database.rollup_days.find_one()
    total: Any = writer.database.total_days.find_one()
    assert document.pop("_id") == {"p": 1, "d": OLD, "k": 0}
    assert total.pop("_id") == {"d": OLD, "k": 0}
    assert (document.pop("r8"), document["q"]["38"].pop("r8")) == (1, 1)
    assert document == total
    last_digits = {quarter: str(sums["amount"])[-9:-7] for quarter, sums in document["q"].items()}
    assert last_digits == {"0": "01", "1": "02", "37": "03", "38": "04", "39": "05", "95": "13"}
    assert document["q"]["1"] == {"amount": Decimal128("100000000000000002.000000"), "units": 1, "sales": 1}
    assert document["q"]["38"]["rating_sum"] == Decimal128("4.00")
    del document["q"]
    sales = {"amount": Decimal128("800000000000000028.000000"), "units": 8, "sales": 8}
    assert document == {**sales, "ratings": 1, "rating_sum": Decimal128("4.00")}


def test_late_events_are_folded_in_by_the_next_round(writer: Writer) -> None:
    database = writer.database
    write(writer, *a_day(OLD))
    for _ in range(3):
        seal(database)
        write(writer, *a_day(OLD))
        check_aggregates(database)
        assert audit_findings(database) == []
    seal(database)
    check_aggregates(database)
    assert unsealed(database) == 0
    assert len(sealed(database)) == 2
    day = database.rollup_days.find_one()
    assert day is not None
    assert day["sales"] == 4 * 8


@pytest.mark.parametrize(("milliseconds", "due"), [(-1, False), (0, True)])
def test_a_day_is_due_so_many_hours_after_its_end(writer: Writer, milliseconds: int, due: bool) -> None:
    write(writer, sold(at_ms=moment(OLD, 23, 59)))
    end = at(NOW + timedelta(milliseconds=moment(OLD + 1) - NOW_MS))()
    one = seal(writer.database, moment=end + timedelta(hours=72, milliseconds=milliseconds))
    assert bool(one.documents) == due


def test_a_consumer_seals_the_partitions_that_kafka_gave_it(writer: Writer) -> None:
    database = writer.database
    for partition in range(3):
        write(writer, *a_day(OLD), partition=partition)
    seal(database, [1])
    assert sealed(database) == {(1, OLD, 1), (OLD, 1)}
    seal(database, [2])
    assert sealed(database) == {(1, OLD, 1), (OLD, 1), (1, OLD, 2), (OLD, 2)}
    check_aggregates(database)


def test_who_has_partition_0_seals_replays_and_partitions_of_nobody(writer: Writer) -> None:
    """A replay's sums are those of partition -1; partition 7 is one of a topic that was read before."""
    database = writer.database
    for partition in range(3):
        write(writer, *a_day(OLD), partition=partition)
    for name in ("rollups", "totals"):
        for document in list(database[name].find({"_id.k": 2})):
            for partition in (REPLAYED_PARTITION, 7):
                document["_id"]["k"] = partition
                database[name].insert_one(document)
    seal(database, [0])
    assert {key[-1] for key in sealed(database)} == {REPLAYED_PARTITION, 0, 7}
    seal(database, [1, 2])
    assert {key[-1] for key in sealed(database)} == {REPLAYED_PARTITION, 0, 1, 2, 7}


def test_who_has_partition_0_seals_partitions_that_the_topic_had_before_it_was_created_again(writer: Writer) -> None:
    """The topic had three partitions and has two: no consumer is given the third one, whose hours stay otherwise."""
    database = writer.database
    for partition in range(3):
        write(writer, *a_day(OLD), partition=partition)
    database.partitions.update_many({"_id.k": {"$lt": 2}}, {"$set": {"topic_id": "of the new topic"}})
    seal(database, [1])
    assert {key[-1] for key in sealed(database)} == {1}
    seal(database, [0])
    assert {key[-1] for key in sealed(database)} == {0, 1, 2}
    check_aggregates(database)
    assert audit_findings(database) == []


def test_a_full_day_over_all_products_is_sealed_in_parts(writer: Writer) -> None:
    database = writer.database
    write(writer, *(sold(at_ms=moment(OLD, hour, hour)) for hour in range(24)))
    one = seal(database)
    assert one.documents == {OLD: 24 + 24 + 24}
    assert unsealed(database) == 0
    assert len(sealed(database)) == 2
    check_aggregates(database)


def test_days_may_be_sealed_later_or_sooner_than_before(writer: Writer) -> None:
    """What was sealed stays so when `SEAL_AFTER_HOURS` is raised, and a late event of it waits for the later moment."""
    database = writer.database
    days = range(TODAY - 20, TODAY - 3)
    write(writer, *(sold(at_ms=moment(day, 5)) for day in days))
    for hours, unsealed_days in ((240, 7), (72, 0), (8760, 17), (50, 0)):
        assert sealing(database, hours=hours).seal_due_days() is not None
        check_aggregates(database)
        assert audit_findings(database) == []
        assert database.rollups.count_documents({}) == unsealed_days
        if hours == 72:
            write(writer, *(sold(at_ms=moment(day, 5)) for day in days))
    assert database.rollup_days.count_documents({}) == len(days)


def test_hours_of_many_products_and_pages_are_all_sealed(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages end inside a day, inside a product and inside what is not due yet."""
    monkeypatch.setattr("consumer.sealing.due.PAGE", 7)
    monkeypatch.setattr("consumer.sealing.seal_round.HOURS_AT_ONCE", 24)
    database = writer.database
    for partition in range(2):
        values = [
            sold(at_ms=moment(day, hour, 5), product=product)
            for day in (OLD - 1, OLD, TODAY - 1)
            for hour in range(0, 24, 5)
            for product in range(9)
        ]
        write(writer, *values, partition=partition)
    due = database.rollups.count_documents({"_id.h": {"$lt": (OLD + 1) * 24}})
    assert due == 2 * 2 * 5 * 9
    seal(database, [0, 1])
    assert database.rollups.count_documents({"_id.h": {"$lt": (OLD + 1) * 24}}) == 0
    assert database.rollups.count_documents({}) == 2 * 5 * 9
    check_aggregates(database)


def test_what_was_sealed_is_looked_at_again_when_a_day_or_a_partition_comes(writer: Writer) -> None:
    write(writer, *a_day(OLD))
    assigned, now = [0], [NOW]
    one = Sealing(
        writer.database,
        Clocks(writer.database, utc_now),
        72,
        lambda: list(assigned),
        GROUP,
        TOPIC,
        lambda: now[0],
        share=1.0,
    )
    assert one.seal_due_days() is not None
    assert one.seal_due_days() is None
    assigned.append(1)
    assert one.seal_due_days() is not None
    assert one.seal_due_days() is None
    now[0] += timedelta(days=1)
    assert one.seal_due_days() is not None
    assigned.clear()
    assert one.seal_due_days() is None


def test_a_wrong_clock_seals_nothing(writer: Writer) -> None:
    database = writer.database
    write(writer, *a_day(TODAY - 1))
    clock = at(NOW + timedelta(days=30))
    skewed = Sealing(database, Clocks(database, clock), 72, lambda: [0], GROUP, TOPIC, clock)
    with pytest.raises(ClockSkewed):
        skewed.seal_due_days()
    assert sealed(database) == set()


def test_the_thread_seals_and_ends_in_time(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.sealing.duty.LOOK_SECONDS", 0.01)
    write(writer, *a_day(OLD))
    one = sealing(writer.database)
    one.start()
    wait_until("the day is sealed", lambda: unsealed(writer.database) == 0, 20)
    one.stop()
    assert not one._thread.is_alive()
