"""Retention drops old days whole, one consumer at a time, by a right clock. Sums stay, and audits know of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from consumer.process.clocks import Clocks
from consumer.retention import Retention
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.transactions import Repair
from scripts.publish.generate import generate
from shared import schema
from shared.documents import DAY_MS, PRODUCTS, ROLLUPS, TOTALS, Document, event_collection, first_kept_day
from shared.errors import ClockSkewed, SchemaNewer
from shared.mongo import SyncDatabase, connect, ensure_collections, ensure_event_collection
from shared.settings import SharedSettings
from stack.waiting import wait_until
from tests.support.commands.audit import audit, script
from tests.support.documents.invariant import raw_events
from tests.support.documents.writing import Writer, rated, sold
from tests.support.kafka.consumer_group import consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer


@pytest.fixture
def database(mongo: MongoServer, request: pytest.FixtureRequest) -> Iterator[SyncDatabase]:
    name = request.node.name.partition("[")[0][:60]
    one = connect(SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database=name), "tests")
    yield one
    one.client.close()


def day_ago(days: int) -> str:
    """The collection of the day that was `days` days ago."""
    return event_collection(now_ms() - days * DAY_MS)


def retention(
    database: SyncDatabase, owner: str = "one", clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Retention:
    return Retention(database, Clocks(database, clock), 10, clock, owner)


def store_days(database: SyncDatabase, *days: int) -> None:
    ensure_collections(database)
    for days_ago in days:
        ensure_event_collection(database, day_ago(days_ago))
        database[day_ago(days_ago)].insert_one({"_id": {"p": 1}})


def stored_days(database: SyncDatabase) -> set[str]:
    return set(database.list_collection_names(filter={"name": {"$regex": "^events_"}}))


def test_whole_days_go_two_days_after_their_last_event_became_too_old(database: SyncDatabase) -> None:
    store_days(database, 0, 10, 12, 13, 14, 50)
    dropped = retention(database).drop_old_days()
    assert dropped == [day_ago(50), day_ago(14), day_ago(13)]
    assert stored_days(database) == {day_ago(0), day_ago(10), day_ago(12)}
    noted = database.maintenance.find_one({"_id": "retention"})
    assert noted is not None
    assert noted["dropped_before"] == (now_ms() - 13 * DAY_MS) // DAY_MS + 1
    assert "until" not in noted
    assert retention(database).drop_old_days() == []


def test_a_collection_that_is_not_ours_stays(database: SyncDatabase) -> None:
    store_days(database, 20)
    database.create_collection(day_ago(30))
    assert retention(database).drop_old_days() == [day_ago(20)]
    assert stored_days(database) == {day_ago(30)}


def test_one_process_at_a_time_drops_days(database: SyncDatabase) -> None:
    store_days(database, 20)
    held = {"_id": "retention", "owner": "another", "until": datetime.now(UTC) + timedelta(minutes=5)}
    database.maintenance.insert_one(held)
    assert retention(database).drop_old_days() == []
    left = {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}}
    database.maintenance.update_one({"_id": "retention"}, left)
    assert retention(database).drop_old_days() == [day_ago(20)]


def test_a_wrong_clock_drops_nothing(database: SyncDatabase) -> None:
    store_days(database, 5)
    with pytest.raises(ClockSkewed):
        retention(database, clock=lambda: datetime.now(UTC) + timedelta(days=30)).drop_old_days()
    assert stored_days(database) == {day_ago(5)}


def test_the_consumer_that_keeps_days_longest_counts_while_it_runs(database: SyncDatabase) -> None:
    store_days(database, 5, 20)
    now, begun = datetime.now(UTC), Event()

    def later() -> datetime:
        begun.set()
        return now + timedelta(seconds=1)

    patient = Retention(database, Clocks(database, later), 30, later, "host.example-1")
    patient.start()
    assert begun.wait(10)
    wait_until("its note", lambda: database.maintenance.count_documents({"days": 30}) == 1, 10)
    assert retention(database).drop_old_days() == []
    patient.stop()
    wait_until("its end", lambda: database.maintenance.count_documents({"days": 30}) == 0, 10)
    killed = {"_id": "keeper killed", "days": 30, "until": now + timedelta(minutes=30)}
    database.maintenance.insert_one(killed)
    assert retention(database).drop_old_days() == []
    database.maintenance.update_one({"_id": "keeper killed"}, {"$set": {"until": now - timedelta(seconds=1)}})
    assert retention(database).drop_old_days() == [day_ago(20)]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: moment


def keeping(
    database: SyncDatabase, days: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC), owner: str = "one"
) -> Retention:
    """The retention of a consumer with `EVENT_RETENTION_DAYS=days`. Its clock may be wrong without being found out."""
    return Retention(database, Clocks(database, lambda: datetime.now(UTC)), days, clock, owner)


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
    assert keeping(database, days, at(goes_at - timedelta(milliseconds=1))).drop_old_days() == []
    assert keeping(database, days, at(goes_at)).drop_old_days() == [name]
    noted = database.maintenance.find_one({"_id": "retention"})
    assert noted is not None
    assert first_kept_day(noted) == (day - EPOCH).days + 1


def test_a_consumer_that_starts_between_two_days_keeps_the_second(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a rolling change, in which consumers keep more days from now on."""
    store_days(database, 20, 30)
    drop = Retention._drop

    def start_another_and_drop(one: Retention, day: int) -> str:
        keeping(database, 25, owner="another").drop_old_days()
        return drop(one, day)

    monkeypatch.setattr(Retention, "_drop", start_another_and_drop)
    assert keeping(database, 10).drop_old_days() == [day_ago(30)]
    assert stored_days(database) == {day_ago(20)}


def test_a_consumer_that_keeps_fewer_days_does_not_count(database: SyncDatabase) -> None:
    store_days(database, 8, 20)
    assert keeping(database, 3, owner="hasty").drop_old_days() == [day_ago(20), day_ago(8)]
    store_days(database, 8, 20)
    keeping(database, 10, owner="patient").drop_old_days()
    assert stored_days(database) == {day_ago(8)}
    assert keeping(database, 3, owner="hasty").drop_old_days() == []


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
    assert dropped == {day_ago(days): (now_ms() - days * DAY_MS) // DAY_MS + 1 for days in (20, 30)}


def test_what_was_dropped_stays_noted_when_an_older_day_goes(database: SyncDatabase) -> None:
    """Events of a day that was dropped may be accepted again where consumers keep more days later."""
    store_days(database, 20)
    keeping(database, 10).drop_old_days()
    noted = database.maintenance.find_one({"_id": "retention"}, {"dropped_before": 1})
    store_days(database, 30)
    assert keeping(database, 10).drop_old_days() == [day_ago(30)]
    assert database.maintenance.find_one({"_id": "retention"}, {"dropped_before": 1}) == noted


def test_a_lock_that_another_consumer_has_taken_over_is_not_given_back(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one took longer than the lock holds."""
    store_days(database, 20)
    drop, until = Retention._drop, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=7)

    def lose_the_lock_and_drop(one: Retention, day: int) -> str:
        database.maintenance.update_one({"_id": "retention"}, {"$set": {"owner": "another", "until": until}})
        return drop(one, day)

    monkeypatch.setattr(Retention, "_drop", lose_the_lock_and_drop)
    assert keeping(database, 10).drop_old_days() == [day_ago(20)]
    held = database.maintenance.find_one({"_id": "retention"})
    assert held is not None
    assert (held["owner"], held["until"]) == ("another", until)
    store_days(database, 30)
    assert keeping(database, 10).drop_old_days() == []


def test_the_lock_is_given_back_when_a_drop_fails(database: SyncDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    store_days(database, 20)

    def fail(*_: object) -> str:
        raise AutoReconnect("MongoDB is away")

    with monkeypatch.context() as patched:
        patched.setattr(Retention, "_drop", fail)
        with pytest.raises(AutoReconnect):
            keeping(database, 10).drop_old_days()
    assert keeping(database, 10, owner="another").drop_old_days() == [day_ago(20)]


def test_a_consumers_note_counts_for_two_hours_and_is_moved_on_each_round(database: SyncDatabase) -> None:
    store_days(database, 20)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    for moment in (now - 3 * hour, now - hour):
        keeping(database, 30, at(moment), owner="patient").drop_old_days()
    almost, over = now + hour - timedelta(seconds=1), now + hour + timedelta(seconds=1)
    assert keeping(database, 10, at(almost)).drop_old_days() == []
    assert database.maintenance.count_documents({"_id": "keeper patient"}) == 1
    assert keeping(database, 10, at(over)).drop_old_days() == [day_ago(20)]
    assert database.maintenance.count_documents({"_id": "keeper patient"}) == 0


def test_a_consumer_that_ends_takes_its_own_note_away_alone(database: SyncDatabase) -> None:
    ensure_collections(database)
    for owner in ("one", "one-more"):
        keeping(database, 30, owner=owner).drop_old_days()
    one = keeping(database, 30, owner="one")
    one.start()
    one.stop()
    assert [note["_id"] for note in database.maintenance.find({"days": {"$exists": True}})] == ["keeper one-more"]


def test_clocks_that_differ_by_less_than_is_allowed_keep_each_others_days(database: SyncDatabase) -> None:
    """One is 29 s behind MongoDB's, the other 29 s ahead: neither takes the other's note or lock for out of date."""
    store_days(database, 20)
    now, apart = datetime.now(UTC), timedelta(seconds=29)
    slow, fast = (Clocks(database, at(moment)) for moment in (now - apart, now + apart))
    Retention(database, slow, 30, at(now - apart), "slow").drop_old_days()
    assert Retention(database, fast, 10, at(now + apart), "fast").drop_old_days() == []
    assert stored_days(database) == {day_ago(20)}


def test_late_events_beside_a_drop_are_stored_where_they_belong(writer: Writer) -> None:
    """A day is dropped, and its sums stay. Then consumers keep more days, and an event of that day is accepted: it
    counts, and goes with its day the next time."""
    day, database = event_collection(now_ms() - 20 * DAY_MS), writer.database
    old = [sold(at_ms=now_ms() - 20 * DAY_MS), rated(at_ms=now_ms() - 20 * DAY_MS)]
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


def test_days_go_while_consumers_run_and_late_events_come(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
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
        wait_until("old days gone", lambda: min(stored_days(events.database)) == day_ago(5), 30)
        events.publish(generate(count=1_000, seed=4, now_ms=now_ms(), **spread))
        events.wait_handled()
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
        assert "halted" not in patient.output + hasty.output
        assert hasty.stop() == 0


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
        second = events.consumer(EVENT_RETENTION_DAYS="3")
        oldest_kept = day_ago(5)
        wait_until("old days gone", lambda: min(stored_days(events.database)) == oldest_kept, 30)
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
            report = one.run(lambda _: dropped.extend(retention(database).drop_old_days()))
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
