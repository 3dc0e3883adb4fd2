"""Days of raw events, and consumers' retention of them, at one moment: a test sees no midnight."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from consumer.process.clocks import Clocks, utc_now
from consumer.retention import Retention
from shared.documents import DAY_MS, EVENT_COLLECTIONS, event_collection
from shared.mongo import SyncDatabase, ensure_collections, ensure_event_collection

NOW: Final = datetime.now(UTC)
NOW_MS: Final = int(NOW.timestamp() * 1000)


def day_ago(days: int) -> str:
    """The collection of the day that was `days` days before `NOW`."""
    return event_collection(NOW_MS - days * DAY_MS)


def store_days(database: SyncDatabase, *days: int) -> None:
    """Make collections of days, so many days before `NOW`, each with a document."""
    ensure_collections(database)
    for days_ago in days:
        ensure_event_collection(database, day_ago(days_ago))
        database[day_ago(days_ago)].insert_one({"_id": {"p": 1}})


def stored_days(database: SyncDatabase) -> set[str]:
    """The days that have a collection."""
    return set(database.list_collection_names(filter=EVENT_COLLECTIONS))


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: moment


def keeping(database: SyncDatabase, days: int, moment: datetime = NOW, owner: str = "one") -> Retention:
    """The retention of a consumer with `EVENT_RETENTION_DAYS=days` at a moment, which is not compared with MongoDB's
    clock."""
    return Retention(database, Clocks(database, utc_now), days, at(moment), owner)
