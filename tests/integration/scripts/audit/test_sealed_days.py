"""Audits compare sealed days and their hours together with the raw events, and the repair makes both right."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128

from scripts.audit.findings import iso_day
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from shared.documents import DAY_MS, event_collection
from shared.mongo import SyncDatabase
from tests.support.documents.invariant import check_aggregates
from tests.support.documents.sealing import OLD, a_day, audit_findings, moment, seal, write
from tests.support.documents.writing import GROUP, TOPIC, Writer, sold

FIRST_HOUR = OLD * 24
DAY: dict[str, Any] = {"_id": {"p": 1, "d": OLD, "k": 0}}
TOTAL: dict[str, Any] = {"_id": {"d": OLD, "k": 0}}
HOUR: dict[str, Any] = {"_id": {"p": 1, "h": FIRST_HOUR, "k": 0}}
RATED_HOUR: dict[str, Any] = {"_id": {"p": 1, "h": FIRST_HOUR + 9, "k": 0}}
TOTAL_HOUR: dict[str, Any] = {"_id": {"h": FIRST_HOUR, "k": 0}}
TOTAL_MINUTE: dict[str, Any] = {"_id": {"m": FIRST_HOUR * 60, "k": 0}}
ONE_SALE = {"amount": Decimal128("1.000000"), "units": 1, "sales": 1}


@pytest.fixture
def writer(database: SyncDatabase) -> Writer:
    """Two products' sealed day, of which late events have made hours again."""
    one = Writer(database)
    write(one, *a_day(OLD), *a_day(OLD, 2))
    seal(database)
    write(one, *a_day(OLD), *a_day(OLD, 2))
    return one


def at_every_level(count: int) -> dict[str, Any]:
    """An update that adds to an hour's first minute, its block and itself."""
    return {"$inc": {"sales": count, "b.0.sales": count, "b.0.m.0.sales": count}}


DAMAGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a sealed quarter hour has too much": ("rollup_days", DAY, {"$inc": {"sales": 1, "q.0.sales": 1}}),
    "a sealed quarter hour has too little": ("rollup_days", DAY, {"$inc": {"sales": -1, "q.0.sales": -1}}),
    "a sealed day is not the sum of its quarters": ("rollup_days", DAY, {"$inc": {"units": 7}}),
    "a sealed day has a foreign field": ("rollup_days", DAY, {"$set": {"note": "x"}}),
    "a sealed sum is no number": ("rollup_days", DAY, {"$set": {"q.37.amount": "much"}}),
    "a sealed day's rating is in another bin": (
        "rollup_days",
        DAY,
        {"$inc": {"r8": -1, "r7": 1, "q.38.r8": -1, "q.38.r7": 1}},
    ),
    "a sealed day's rating is in no bin": ("rollup_days", DAY, {"$unset": {"r8": "", "q.38.r8": ""}}),
    "a late rating is in no bin": ("rollups", RATED_HOUR, {"$unset": {"r8": "", "b.4.r8": "", "b.4.m.44.r8": ""}}),
    "a late rating is in its hour's bin alone": ("rollups", RATED_HOUR, {"$unset": {"b.4.r8": "", "b.4.m.44.r8": ""}}),
    "an hour has more than the raw events": ("rollups", HOUR, at_every_level(5)),
    "an hour has less than the late events": ("rollups", HOUR, at_every_level(-1)),
    "an hour is not the sum of its parts": ("rollups", HOUR, {"$inc": {"b.0.sales": 1}}),
    "an hour has a foreign field": ("rollups", HOUR, {"$set": {"b.0.m.0.note": 1}}),
    "a total day has too much": ("total_days", TOTAL, {"$inc": {"units": 2, "q.95.units": 2}}),
    "a total hour differs from its minutes": ("totals", TOTAL_HOUR, at_every_level(-1)),
    "a second of a sealed day has too much": ("totals", TOTAL_MINUTE, {"$inc": {"s.0.units": 3}}),
    "a minute of a sealed day has a foreign field": ("totals", TOTAL_MINUTE, {"$set": {"note": 3}}),
}


def repaired(database: SyncDatabase) -> Repair:
    """A repair that an audit has run."""
    with database.client.start_session() as session:
        repair = Repair(database, session, GROUP, TOPIC)
        Reconciliation(database, GROUP, TOPIC, None, None, repair).run(lambda _: None)
    return repair


def assert_right(database: SyncDatabase) -> None:
    """Nothing is wrong, neither before nor after the rest is sealed."""
    for _ in range(2):
        assert audit_findings(database) == []
        check_aggregates(database)
        assert seal(database).unsealable == 0
    assert database.rollups.count_documents({}) == 0


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_repaired(writer: Writer, damage: str) -> None:
    database = writer.database
    assert audit_findings(database) == []
    collection, which, change = DAMAGES[damage]
    assert database[collection].update_one(which, change).modified_count == 1
    assert audit_findings(database) != []
    assert repaired(database).left == []
    assert_right(database)


def test_what_is_missing_is_found_and_repaired(writer: Writer) -> None:
    """Without its sealed document a day is one that is not sealed: its hours must hold everything."""
    database = writer.database
    database.rollup_days.delete_one(DAY)
    database.total_days.delete_one(TOTAL)
    assert "the raw events give amount 600000000000000006, units 6, sales 6" in audit_findings(database)[0]
    assert repaired(database).left == []
    assert_right(database)


def test_a_late_hour_that_is_missing_is_found_in_the_day(writer: Writer) -> None:
    database = writer.database
    database.rollups.delete_one(HOUR)
    messages = audit_findings(database)
    assert len(messages) == 3
    assert f"rollup_days of product 1, {iso_day(OLD)}, partition 0, q.0: the document holds" in messages[1]
    assert "what the raw events give beside the other documents of this sealed day is" in messages[1]
    assert dict(repaired(database).repaired) == {"rollup_days": 1}
    assert_right(database)


def test_documents_of_no_event_are_found_and_deleted(writer: Writer) -> None:
    database = writer.database
    database.rollup_days.insert_one({"_id": {"p": 99, "d": OLD, "k": 0}, **ONE_SALE, "q": {"3": ONE_SALE}})
    database.rollup_days.insert_one({"_id": {"p": 2, "d": OLD, "k": -1}, **ONE_SALE, "q": {"3": ONE_SALE}})
    database.total_days.insert_one({"_id": {"d": OLD, "k": -1}, **ONE_SALE, "q": {"3": ONE_SALE}})
    assert len(audit_findings(database)) == 6
    assert repaired(database).left == []
    assert_right(database)
    assert database.rollup_days.count_documents({}) == 2


def test_an_id_that_is_no_sealed_days_and_a_day_without_events_are_said(writer: Writer) -> None:
    database = writer.database
    database.rollup_days.insert_one({"_id": {"d": OLD, "p": 1, "k": 0}})
    database.total_days.insert_one({"_id": {"d": OLD - 1, "k": 0}, **ONE_SALE, "q": {"3": ONE_SALE}})
    database.rollup_days.insert_one({"_id": {"p": 1, "d": OLD, "k": 8}})
    malformed, unknown, missing = audit_findings(database)
    assert "rollup_days holds a document whose _id is not that of an aggregate" in malformed
    assert "rollup_days has 1 documents of partition 8" in unknown
    assert "0 with sums of its minutes and 1 with sums of the whole day" in missing


def test_sealed_days_whose_events_retention_dropped_are_not_verifiable(writer: Writer) -> None:
    database = writer.database
    seal(database)
    database.maintenance.insert_one({"_id": "retention", "dropped_before": OLD + 1})
    database.drop_collection(event_collection(OLD * DAY_MS))
    report = Reconciliation(database, GROUP, TOPIC, None, None).run(lambda _: None)
    assert report.findings.details == []
    assert report.findings.unverifiable["sealed documents of days that retention dropped"] == 3
    assert "hours of days that retention dropped" not in report.findings.unverifiable


def test_the_repair_of_a_sealed_day_beside_late_events(writer: Writer) -> None:
    """An event that is stored after the audit's moment is in an hour, and what the day lacks stays the same."""
    database = writer.database
    database.rollup_days.update_one(DAY, {"$inc": {"sales": -1, "q.0.sales": -1}})
    with database.client.start_session() as session:
        repair = Repair(database, session, GROUP, TOPIC)
        add = repair.add_missing_sums

        def write_first(*arguments: Any) -> None:
            write(writer, sold(at_ms=moment(OLD)), sold(at_ms=moment(OLD, 3)))
            add(*arguments)

        vars(repair)["add_missing_sums"] = write_first
        Reconciliation(database, GROUP, TOPIC, None, None, repair).run(lambda _: None)
    assert repair.left == []
    assert_right(database)


def test_a_sealed_day_of_which_a_part_was_left_is_left_whole(writer: Writer) -> None:
    """An hour whose value is no number cannot be repaired while events come; the day would then hold its sums twice."""
    database = writer.database
    database.rollups.update_one(HOUR, {"$set": {"b.0.m.0.note": 1}})
    before = database.rollup_days.find_one(DAY)
    with database.client.start_session() as session:
        repair = Repair(database, session, GROUP, TOPIC)
        add = repair.add_missing_sums

        def write_first(snapshot: Any, differences: Any) -> None:
            write(writer, sold(at_ms=moment(OLD)))
            add(snapshot, differences[:1])
            add(snapshot, differences[1:])

        vars(repair)["add_missing_sums"] = write_first
        Reconciliation(database, GROUP, TOPIC, None, None, repair).run(lambda _: None)
    assert len(repair.left) == 2
    assert "others of their sealed days were left" in repair.left[1]
    assert database.rollup_days.find_one(DAY) == before
    assert repaired(database).left == []
    assert_right(database)
