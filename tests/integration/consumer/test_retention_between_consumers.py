"""Consumers that run side by side keep each other's days, and one at a time drops those that nobody keeps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from consumer.process.clocks import Clocks, utc_now
from consumer.retention import Retention
from scripts.publish.generated.generate import generate
from shared.documents import DAY_MS, event_collection
from shared.mongo import SyncDatabase, ensure_collections
from stack.waiting import wait_until
from tests.support.commands.audit import audit
from tests.support.documents.days import NOW, at, day_ago, keeping, store_days, stored_days
from tests.support.kafka.consumer_group import consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer


def test_one_process_at_a_time_drops_days(database: SyncDatabase) -> None:
    store_days(database, 20)
    held = {"_id": "retention", "owner": "another", "until": NOW + timedelta(minutes=5)}
    database.maintenance.insert_one(held)
    assert keeping(database, 10).drop_old_days() == []
    left = {"$set": {"until": NOW - timedelta(seconds=1)}}
    database.maintenance.update_one({"_id": "retention"}, left)
    assert keeping(database, 10).drop_old_days() == [day_ago(20)]


def test_the_consumer_that_keeps_days_longest_counts_while_it_runs(database: SyncDatabase) -> None:
    store_days(database, 5, 20)
    now, begun = NOW, Event()

    def later() -> datetime:
        begun.set()
        return now + timedelta(seconds=1)

    patient = Retention(database, Clocks(database, utc_now), 30, later, "host.example-1")
    patient.start()
    assert begun.wait(10)
    wait_until("its note", lambda: database.maintenance.count_documents({"days": 30}) == 1, 10)
    assert keeping(database, 10).drop_old_days() == []
    patient.stop()
    wait_until("its end", lambda: database.maintenance.count_documents({"days": 30}) == 0, 10)
    killed = {"_id": "keeper killed", "days": 30, "until": now + timedelta(minutes=30)}
    database.maintenance.insert_one(killed)
    assert keeping(database, 10).drop_old_days() == []
    database.maintenance.update_one({"_id": "keeper killed"}, {"$set": {"until": now - timedelta(seconds=1)}})
    assert keeping(database, 10).drop_old_days() == [day_ago(20)]


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


def test_a_lock_that_another_consumer_has_taken_over_is_not_given_back(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one took longer than the lock holds."""
    store_days(database, 20)
    drop, until = Retention._drop, NOW.replace(microsecond=0) + timedelta(minutes=7)

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
    hour = timedelta(hours=1)
    for moment in (NOW - 3 * hour, NOW - hour):
        keeping(database, 30, moment, owner="patient").drop_old_days()
    almost, over = NOW + hour - timedelta(seconds=1), NOW + hour + timedelta(seconds=1)
    assert keeping(database, 10, almost).drop_old_days() == []
    assert database.maintenance.count_documents({"_id": "keeper patient"}) == 1
    assert keeping(database, 10, over).drop_old_days() == [day_ago(20)]
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
        oldest_kept = {event_collection(now_ms() - 5 * DAY_MS)}
        hasty.start()  # it looks for old days at once, and reads meanwhile
        events.publish(generate(count=1_000, seed=3, now_ms=now_ms(), **spread))
        oldest_kept.add(event_collection(now_ms() - 5 * DAY_MS))  # it may be another by now, at midnight
        wait_until("old days gone", lambda: min(stored_days(events.database)) in oldest_kept, 30)
        events.publish(generate(count=1_000, seed=4, now_ms=now_ms(), **spread))
        events.wait_handled()
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
        assert "halted" not in patient.output + hasty.output
        assert hasty.stop() == 0
