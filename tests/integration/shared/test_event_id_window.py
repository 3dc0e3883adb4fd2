"""How long ids are kept and since when they are complete, as consumers note it and MongoDB does it."""

from datetime import UTC, datetime, timedelta

import pytest

from consumer.process.clocks import utc_now
from shared.documents import EVENT_IDS, PARTITIONS
from shared.event_id_window import CHANGE_HOURS, Window, following, keep_for, read_window
from shared.mongo import SyncDatabase, ensure_collections

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(days=100)
SPARE = 3_600
CHANGE = timedelta(hours=CHANGE_HOURS)


@pytest.fixture
def ready(database: SyncDatabase) -> SyncDatabase:
    ensure_collections(database)
    return database


def kept_seconds(database: SyncDatabase) -> int:
    seconds: int = database[EVENT_IDS].index_information()["at"]["expireAfterSeconds"]
    return seconds


def test_a_new_database_keeps_ids_for_seven_days_from_its_first_consumer_on(ready: SyncDatabase) -> None:
    assert kept_seconds(ready) == 7 * 86_400 + SPARE
    keep_for(ready, 7, NOW)
    assert read_window(ready) == Window(7, NOW)
    keep_for(ready, 7, NOW + timedelta(days=1))
    assert read_window(ready) == Window(7, NOW)


def test_a_changed_setting_changes_the_index(ready: SyncDatabase) -> None:
    for days in (30, 1):
        keep_for(ready, days, utc_now())
        assert kept_seconds(ready) == days * 86_400 + SPARE
    ensure_collections(ready)
    assert kept_seconds(ready) == 86_400 + SPARE


def test_mongodb_deletes_an_id_an_hour_after_its_days(ready: SyncDatabase) -> None:
    """The consumer, whose clock may be behind MongoDB's, still finds it when its days are over to the millisecond."""
    assert kept_seconds(ready) == 7 * 86_400 + 3_600
    keep_for(ready, 2, NOW)
    assert kept_seconds(ready) == 2 * 86_400 + 3_600


def test_switched_off_the_note_is_gone_and_a_later_one_begins_anew(ready: SyncDatabase) -> None:
    keep_for(ready, 7, BEFORE)
    ready[PARTITIONS].insert_one({"_id": "any"})
    keep_for(ready, 0, NOW)
    assert read_window(ready) is None
    keep_for(ready, 7, NOW)
    assert read_window(ready) == Window(7, NOW + CHANGE)


@pytest.mark.parametrize(
    ("noted", "days", "since"),
    [
        (None, 7, NOW + CHANGE),
        (Window(7, BEFORE), 7, BEFORE),
        (Window(7, BEFORE), 3, BEFORE),
        (Window(7, BEFORE), 30, NOW + CHANGE - timedelta(days=7)),
        (Window(7, NOW - timedelta(days=2)), 30, NOW - timedelta(days=2)),
    ],
)
def test_a_longer_window_reaches_back_as_far_as_ids_are_there(noted: Window | None, days: int, since: datetime) -> None:
    assert following(noted, days, NOW) == Window(days, since)


def test_a_window_begins_with_its_days_or_with_its_note() -> None:
    assert Window(7, BEFORE).begins(NOW) == NOW - timedelta(days=7)
    assert Window(7, NOW).begins(NOW) == NOW
