"""Raw events of days that are past their time are dropped, a day at a time; sums stay for good.

Every consumer looks once an hour, on a thread of its own, and one at a time does it, under a lock document. A day goes
two days after its last event has become too old to be accepted, by this machine's clock and MongoDB's. It is noted as
dropped first, so that an audit never takes it for lost.

While consumers differ in how long events are kept, the longest counts, for each would store events of the days that it
keeps, into collections that it knows to be there. So each notes its own, for two hours at a time.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from pymongo.errors import DuplicateKeyError, PyMongoError

from consumer.process.clocks import Clocks
from shared.documents import DAY_MS, EVENT_COLLECTIONS, MAINTENANCE, RETENTION, event_collection, event_day
from shared.errors import AnalyticsError
from shared.logs import logger
from shared.mongo import SyncDatabase, brief

ROUND_SECONDS: Final = 3600.0
STOP_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 60.0
MARGIN_DAYS: Final = 2
LOCK_MINUTES: Final = 10
KEEPER_HOURS: Final = 2
"""How long the note of a consumer that was killed counts."""
_KEEPER: Final = "keeper "

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
        """End, and keep nothing from being dropped any more; waits a second for it at most."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def drop_old_days(self) -> list[str]:
        """Drop the days that are past their time; the collections that went. Raises ClockSkewed, StoreUnavailable,
        PyMongoError."""
        self._clocks.check()
        now = self._clock()
        self._note(now)
        # One that is not clustered is another program's; what to do with it is a person's to decide.
        ours = {**EVENT_COLLECTIONS, "options.clusteredIndex": {"$exists": True}}
        names = self._database.list_collection_names(filter=ours)
        kept_from = self._kept_from(now)
        old = sorted(day for day in map(event_day, names) if day is not None and day < kept_from)
        if not old or not self._lock(now):
            return []
        try:
            # Asked again each time: a consumer that keeps more may have begun.
            return [self._drop(day) for day in old if day < self._kept_from(now)]
        finally:
            self._database[MAINTENANCE].update_one({"_id": RETENTION, "owner": self._owner}, {"$unset": {"until": ""}})

    def _note(self, now: datetime) -> None:
        """Tell the others how long this process keeps events; forget those that have ended."""
        note = {"days": self._retention_days, "until": now + timedelta(hours=KEEPER_HOURS)}
        self._database[MAINTENANCE].update_one({"_id": _KEEPER + self._owner}, {"$set": note}, upsert=True)
        self._database[MAINTENANCE].delete_many({"_id": {"$regex": f"^{_KEEPER}"}, "until": {"$lt": now}})

    def _kept_from(self, now: datetime) -> int:
        """The first day of which some consumer may yet store events, and two days of margin."""
        keepers = self._database[MAINTENANCE].find({"_id": {"$regex": f"^{_KEEPER}"}}, {"days": 1})
        days = max((keeper["days"] for keeper in keepers), default=self._retention_days)
        return (int(now.timestamp() * 1000) - (days + MARGIN_DAYS) * DAY_MS) // DAY_MS

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
        with suppress(PyMongoError):
            self._database[MAINTENANCE].delete_one({"_id": _KEEPER + self._owner})
