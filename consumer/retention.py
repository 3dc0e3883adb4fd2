"""Raw events of days that are past their time are dropped, a day at a time; sums stay for good.

Every consumer looks once an hour, on a thread of its own, and one at a time does it, under a lock document. A day goes
two days after its last event has become too old to be accepted, by this machine's clock and MongoDB's. It is noted as
dropped first, so that an audit never takes it for lost.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pymongo.errors import DuplicateKeyError, PyMongoError

from consumer.clocks import Clocks
from shared.documents import DAY_MS, EVENTS_PREFIX, MAINTENANCE, RETENTION, event_collection, event_day
from shared.errors import AnalyticsError
from shared.failures import brief
from shared.logs import logger
from shared.mongo import SyncDatabase

ROUND_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 60.0
MARGIN_DAYS: Final = 2
LOCK_MINUTES: Final = 10

log = logger(__name__)


class Retention:
    """A thread that drops old days, now and every hour."""

    def __init__(
        self, database: SyncDatabase, clocks: Clocks, retention_days: int, clock: Callable[[], datetime], owner: str
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._retention_days = retention_days
        self._clock = clock
        self._owner = owner
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; does not wait, a drop that runs is MongoDB's to finish."""
        self._stopping.set()

    def drop_old_days(self) -> list[str]:
        """Drop the days that are past their time; the collections that went. Raises ClockSkewed, StoreUnavailable,
        PyMongoError."""
        now = self._clock()
        kept_from = (int(now.timestamp() * 1000) - (self._retention_days + MARGIN_DAYS) * DAY_MS) // DAY_MS
        # One that is not clustered is another program's; what to do with it is a person's to decide.
        ours = {"name": {"$regex": f"^{EVENTS_PREFIX}"}, "options.clusteredIndex": {"$exists": True}}
        names = self._database.list_collection_names(filter=ours)
        old = sorted(day for day in map(event_day, names) if day is not None and day < kept_from)
        if not old:
            return []
        self._clocks.check()
        if not self._lock(now):
            return []
        try:
            return [self._drop(day) for day in old]
        finally:
            self._database[MAINTENANCE].update_one({"_id": RETENTION, "owner": self._owner}, {"$unset": {"until": ""}})

    def _drop(self, day: int) -> str:
        self._database[MAINTENANCE].update_one({"_id": RETENTION}, {"$max": {"dropped_before": day + 1}})
        name = event_collection(day * DAY_MS)
        self._database.drop_collection(name)
        log.info("a day of raw events was dropped, its sums stay", collection=name)
        return name

    def _lock(self, now: datetime) -> bool:
        """Whether nobody else drops days; a lock that was left behind ends by itself."""
        free = {"$or": [{"until": None}, {"until": {"$lt": now}}]}
        mine = {"owner": self._owner, "until": now + timedelta(minutes=LOCK_MINUTES)}
        try:
            self._database[MAINTENANCE].update_one({"_id": RETENTION, **free}, {"$set": mine}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            seconds = ROUND_SECONDS
            try:
                self.drop_old_days()
            except (AnalyticsError, PyMongoError) as error:
                reason = brief(error) if isinstance(error, PyMongoError) else str(error)
                log.warning("old days wait to be dropped", reason=reason)
                seconds = AGAIN_SECONDS
            self._stopping.wait(seconds)
