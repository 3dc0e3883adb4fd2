"""Retention drops old days whole, by a right clock. Sums stay, and audits know of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymongo.database import Database

from consumer.process.clocks import Clocks
from consumer.retention import Retention
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from scripts.publish.generated.generate import generate
from shared.documents import DAY_MS, PRODUCTS, ROLLUPS, TOTALS, Document, event_collection, first_kept_day
from shared.errors import ClockSkewed
from shared.mongo import SyncDatabase, ensure_collections, ensure_event_collection
from stack.waiting import wait_until
from tests.support.commands.audit import audit
from tests.support.documents.days import NOW_MS, at, day_ago, keeping, store_days, stored_days
from tests.support.documents.invariant import raw_events
from tests.support.documents.writing import Writer, rated, sold
from tests.support.kafka.consumer_group import consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer


def test_whole_days_go_two_days_after_their_last_event_became_too_old(database: SyncDatabase) -> None:
    store_days(database, 0, 10, 12, 13, 14, 50)
    dropped = keeping(database, 10).drop_old_days()
    assert dropped == [day_ago(50), day_ago(14), day_ago(13)]
    assert stored_days(database) == {day_ago(0), day_ago(10), day_ago(12)}
    noted = database.maintenance.find_one({"_id": "retention"})
    assert noted is not None
    assert noted["dropped_before"] == (NOW_MS - 13 * DAY_MS) // DAY_MS + 1
    assert "until" not in noted
    assert keeping(database, 10).drop_old_days() == []


def test_a_collection_that_is_not_ours_stays(database: SyncDatabase) -> None:
    store_days(database, 20)
    database.create_collection(day_ago(30))
    assert keeping(database, 10).drop_old_days() == [day_ago(20)]
    assert stored_days(database) == {day_ago(30)}


def test_a_wrong_clock_drops_nothing(database: SyncDatabase) -> None:
    store_days(database, 5)
    clock = at(datetime.now(UTC) + timedelta(days=30))
    skewed = Retention(database, Clocks(database, clock), 10, clock, "one")
    with pytest.raises(ClockSkewed):
        skewed.drop_old_days()
    assert stored_days(database) == {day_ago(5)}


@pytest.mark.parametrize(
    ("day", "days", "goes_at"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), 400, datetime(2027, 7, 9, tzinfo=UTC)),
        (datetime(2026, 6, 17, tzinfo=UTC), 10, datetime(2026, 6, 30, tzinfo=UTC)),
    ],
    ids=["docs/operations", "Retention"],
)
def test_a_day_goes_at_the_moment_that_the_documents_say(
    database: SyncDatabase, day: datetime, days: int, goes_at: datetime
) -> None:
    ensure_collections(database)
    name = event_collection(int(day.timestamp() * 1000))
    ensure_event_collection(database, name)
    assert keeping(database, days, goes_at - timedelta(milliseconds=1)).drop_old_days() == []
    assert keeping(database, days, goes_at).drop_old_days() == [name]
    noted = database.maintenance.find_one({"_id": "retention"})
    assert noted is not None
    assert first_kept_day(noted) == int(day.timestamp() * 1000) // DAY_MS + 1


def test_a_day_is_noted_as_dropped_before_it_is(database: SyncDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever has read its events, and then asks, knows that some may have been gone."""
    store_days(database, 20, 30)
    dropped: dict[str, int] = {}
    drop = Database.drop_collection

    def note_and_drop(self: SyncDatabase, name: str) -> object:
        dropped[name] = first_kept_day(self.maintenance.find_one({"_id": "retention"}))
        return drop(self, name)

    monkeypatch.setattr(Database, "drop_collection", note_and_drop)
    keeping(database, 10).drop_old_days()
    assert dropped == {day_ago(days): (NOW_MS - days * DAY_MS) // DAY_MS + 1 for days in (20, 30)}


def test_what_was_dropped_stays_noted_when_an_older_day_goes(database: SyncDatabase) -> None:
    """Events of a day that was dropped may be accepted again where consumers keep more days later."""
    store_days(database, 20)
    keeping(database, 10).drop_old_days()
    noted = database.maintenance.find_one({"_id": "retention"}, {"dropped_before": 1})
    store_days(database, 30)
    assert keeping(database, 10).drop_old_days() == [day_ago(30)]
    assert database.maintenance.find_one({"_id": "retention"}, {"dropped_before": 1}) == noted


def test_late_events_beside_a_drop_are_stored_where_they_belong(writer: Writer) -> None:
    """A day is dropped, and its sums stay. Then consumers keep more days, and an event of that day is accepted: it
    counts, and goes with its day the next time."""
    day, database = event_collection(NOW_MS - 20 * DAY_MS), writer.database
    old = [sold(at_ms=NOW_MS - 20 * DAY_MS), rated(at_ms=NOW_MS - 20 * DAY_MS)]
    writer.commit(writer.batch(writer.lease(), old))
    sums = aggregates(database)
    assert keeping(database, 10).drop_old_days() == [day]
    assert aggregates(database) == sums
    writer.restart()
    writer.commit(writer.batch(writer.lease(), old))
    assert database[day].count_documents({}) == 2
    assert "clusteredIndex" in database[day].options()
    (hour,) = database.totals.find({"_id.h": {"$exists": True}})
    assert (hour["sales"], hour["ratings"]) == (2, 2)
    sums = aggregates(database)
    assert keeping(database, 10).drop_old_days() == [day]
    assert aggregates(database) == sums


def test_a_consumer_drops_old_days_and_an_audit_tells_what_it_cannot_judge(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        consumer = events.consumer()
        spread = 8 * 86_400
        events.publish(generate(count=900, products=5, seed=2, spread_seconds=spread, now_ms=now_ms()))
        events.wait_handled()
        assert consumer.stop() == 0
        sums = list(events.database.rollups.find().sort("_id", 1))
        stored = len(list(raw_events(events.database)))
        oldest_kept = {event_collection(now_ms() - 5 * DAY_MS)}
        second = events.consumer(EVENT_RETENTION_DAYS="3")
        wait_until("it at work", lambda: "partition claimed" in second.output, 30)
        oldest_kept.add(event_collection(now_ms() - 5 * DAY_MS))  # it may be another by now, at midnight
        wait_until("old days gone", lambda: min(stored_days(events.database)) in oldest_kept, 30)
        assert second.stop() == 0
        assert list(events.database.rollups.find().sort("_id", 1)) == sums
        dropped = stored - len(list(raw_events(events.database)))
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
        assert report["unverifiable"]["messages of days that retention dropped"] == dropped > 0
        assert report["unverifiable"]["hours of days that retention dropped"] > 0


def test_a_repair_takes_no_day_for_empty_that_retention_drops_meanwhile(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        consumer = events.consumer()
        events.publish(generate(count=900, products=5, seed=2, spread_seconds=18 * 86_400, now_ms=now_ms()))
        events.wait_handled()
        assert consumer.stop() == 0
        database = events.database
        sums = aggregates(database)
        with database.client.start_session() as session:
            repair = Repair(database, session, events.topic, events.topic)
            one = Reconciliation(database, events.topic, events.topic, None, None, repair)
            dropped: list[str] = []
            report = one.run(lambda _: dropped.extend(keeping(database, 10, datetime.now(UTC)).drop_old_days()))
            assert (repair.repaired, repair.left) == ({}, [])
            repair.rebuild_product((1, 0))
        assert len(dropped) > 3
        assert not report.findings.counts, report.findings.details[:5]
        assert report.findings.unverifiable["hours of days that retention dropped"] > 0
        assert "retention has dropped days" in repair.left[0]
        assert aggregates(database) == sums


def aggregates(database: SyncDatabase) -> list[list[Document]]:
    return [list(database[name].find().sort("_id", 1)) for name in (ROLLUPS, TOTALS, PRODUCTS)]
