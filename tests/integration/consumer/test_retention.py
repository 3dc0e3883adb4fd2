"""Retention drops old days whole, one consumer at a time, by a right clock. Sums stay, and audits know of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from consumer.process.clocks import Clocks, utc_now
from consumer.retention import Retention
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from scripts.publish.generate import generate
from shared import schema
from shared.documents import DAY_MS, PRODUCTS, ROLLUPS, TOTALS, Document, event_collection
from shared.errors import ClockSkewed, SchemaNewer
from shared.mongo import SyncDatabase, connect, ensure_collections, ensure_event_collection
from shared.settings import SharedSettings
from stack.waiting import wait_until
from tests.support.commands.audit import audit, script
from tests.support.documents.invariant import raw_events
from tests.support.kafka.consumer_group import consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer


@pytest.fixture
def database(mongo: MongoServer, request: pytest.FixtureRequest) -> Iterator[SyncDatabase]:
    name = request.node.name.partition("[")[0][:60]
    one = connect(SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database=name), "tests")
    yield one
    one.client.close()


class Day:
    """One moment, which a test asks for again and again: midnight may pass while it runs."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def clock(self) -> datetime:
        """A clock that stands still at the moment, near enough to MongoDB's for as long as a test takes."""
        return self.now

    def ago(self, days: int) -> str:
        """The collection of the day that was `days` days before."""
        return event_collection(int(self.now.timestamp() * 1000) - days * DAY_MS)

    def still_ago(self, days: int) -> set[str]:
        """The collections of the days that were `days` days ago since then: two if midnight has passed."""
        return {self.ago(days), event_collection(now_ms() - days * DAY_MS)}


@pytest.fixture
def day() -> Day:
    return Day()


def retention(database: SyncDatabase, clock: Callable[[], datetime]) -> Retention:
    return Retention(database, Clocks(database, clock), 10, clock, "one")


def store_days(database: SyncDatabase, day: Day, *days: int) -> None:
    ensure_collections(database)
    for days_ago in days:
        ensure_event_collection(database, day.ago(days_ago))
        database[day.ago(days_ago)].insert_one({"_id": {"p": 1}})


def stored_days(database: SyncDatabase) -> set[str]:
    return set(database.list_collection_names(filter={"name": {"$regex": "^events_"}}))


def test_whole_days_go_two_days_after_their_last_event_became_too_old(database: SyncDatabase, day: Day) -> None:
    store_days(database, day, 0, 10, 12, 13, 14, 50)
    dropped = retention(database, day.clock).drop_old_days()
    assert dropped == [day.ago(50), day.ago(14), day.ago(13)]
    assert stored_days(database) == {day.ago(0), day.ago(10), day.ago(12)}
    noted = database.maintenance.find_one({"_id": "retention"})
    assert noted is not None
    assert noted["dropped_before"] == int(day.now.timestamp()) // 86_400 - 13 + 1
    assert "until" not in noted
    assert retention(database, day.clock).drop_old_days() == []


def test_a_collection_that_is_not_ours_stays(database: SyncDatabase, day: Day) -> None:
    store_days(database, day, 20)
    database.create_collection(day.ago(30))
    assert retention(database, day.clock).drop_old_days() == [day.ago(20)]
    assert stored_days(database) == {day.ago(30)}


def test_one_process_at_a_time_drops_days(database: SyncDatabase, day: Day) -> None:
    store_days(database, day, 20)
    held = {"_id": "retention", "owner": "another", "until": datetime.now(UTC) + timedelta(minutes=5)}
    database.maintenance.insert_one(held)
    assert retention(database, day.clock).drop_old_days() == []
    left = {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}}
    database.maintenance.update_one({"_id": "retention"}, left)
    assert retention(database, day.clock).drop_old_days() == [day.ago(20)]


def test_a_wrong_clock_drops_nothing(database: SyncDatabase, day: Day) -> None:
    store_days(database, day, 5)
    with pytest.raises(ClockSkewed):
        retention(database, lambda: day.now + timedelta(days=30)).drop_old_days()
    assert stored_days(database) == {day.ago(5)}


def test_the_consumer_that_keeps_days_longest_counts_while_it_runs(database: SyncDatabase, day: Day) -> None:
    store_days(database, day, 5, 20)
    now, begun = day.now, Event()

    def later() -> datetime:
        begun.set()
        return now + timedelta(seconds=1)

    patient = Retention(database, Clocks(database, later), 30, later, "host.example-1")
    patient.start()
    assert begun.wait(10)
    wait_until("its note", lambda: database.maintenance.count_documents({"days": 30}) == 1, 10)
    assert retention(database, day.clock).drop_old_days() == []
    patient.stop()
    wait_until("its end", lambda: database.maintenance.count_documents({"days": 30}) == 0, 10)
    killed = {"_id": "keeper killed", "days": 30, "until": now + timedelta(minutes=30)}
    database.maintenance.insert_one(killed)
    assert retention(database, day.clock).drop_old_days() == []
    database.maintenance.update_one({"_id": "keeper killed"}, {"$set": {"until": now - timedelta(seconds=1)}})
    assert retention(database, day.clock).drop_old_days() == [day.ago(20)]


def test_days_go_while_consumers_run_and_late_events_come(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path, day: Day
) -> None:
    """Of two consumers one keeps fewer days: none is dropped of which the other may still store events."""
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        spread: dict[str, Any] = {"products": 5, "spread_seconds": 8 * 86_400}
        patient = events.consumer()
        events.publish(generate(count=500, seed=1, now_ms=now_ms(), **spread))
        events.wait_handled()
        hasty = events.consumer(EVENT_RETENTION_DAYS="3")
        wait_until("both at work", lambda: len(events.database.partitions.distinct("owner")) == 2, 30)
        events.publish(generate(count=1_000, seed=2, now_ms=now_ms(), **spread))
        events.wait_handled()
        assert len(stored_days(events.database)) >= 8
        assert patient.stop() == 0
        hasty.kill()
        hasty.start()  # it looks for old days at once, and reads meanwhile
        events.publish(generate(count=1_000, seed=3, now_ms=now_ms(), **spread))
        wait_until("old days gone", lambda: min(stored_days(events.database)) in day.still_ago(5), 30)
        events.publish(generate(count=1_000, seed=4, now_ms=now_ms(), **spread))
        events.wait_handled()
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
        assert "halted" not in patient.output + hasty.output
        assert hasty.stop() == 0


def test_a_consumer_drops_old_days_and_an_audit_tells_what_it_cannot_judge(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path, day: Day
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        consumer = events.consumer()
        spread = 8 * 86_400
        events.publish(generate(count=900, products=5, seed=2, spread_seconds=spread, now_ms=now_ms()))
        events.wait_handled()
        assert consumer.stop() == 0
        sums = list(events.database.rollups.find().sort("_id", 1))
        stored = len(list(raw_events(events.database)))
        second = events.consumer(EVENT_RETENTION_DAYS="3")
        wait_until("old days gone", lambda: min(stored_days(events.database)) in day.still_ago(5), 30)
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
            report = one.run(lambda _: dropped.extend(retention(database, utc_now).drop_old_days()))
            assert (repair.repaired, repair.left) == ({}, [])
            repair.rebuild_product((1, 0))
        assert len(dropped) > 3
        assert not report.findings.counts, report.findings.details[:5]
        assert report.findings.unverifiable["hours of days that retention dropped"] > 0
        assert "retention has dropped days" in repair.left[0]
        assert aggregates(database) == sums


def aggregates(database: SyncDatabase) -> list[list[Document]]:
    return [list(database[name].find().sort("_id", 1)) for name in (ROLLUPS, TOTALS, PRODUCTS)]


def test_a_database_notes_its_version_and_is_migrated_from_an_older_one(database: SyncDatabase) -> None:
    ran: list[int] = []
    three = tuple(lambda _, number=number: ran.append(number) for number in (1, 2, 3))
    schema.migrate(database, three[:1])
    schema.migrate(database, three)
    schema.migrate(database, three)
    assert ran == [1, 2, 3]
    assert schema.check(database, three) == 3


def test_a_consumer_refuses_a_newer_schema_and_says_what_to_do(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        ensure_collections(events.database)
        assert schema.check(events.database) == len(schema.MIGRATIONS)
        events.database.maintenance.update_one({"_id": "schema"}, {"$inc": {"version": 1}})
        with pytest.raises(SchemaNewer, match="a newer version of it has run here"):
            ensure_collections(events.database)
        consumer = events.consumer()
        assert consumer.wait(30) == 3
        assert "SchemaNewer" in consumer.output
        refused = script("audit", events.environment())
        assert (refused.returncode, "schema version" in refused.stderr) == (2, True)
