"""Drops the raw events of days that are past their time, a whole day at a time. Sums stay for good.

Every consumer looks for such days once an hour, on a thread of its own. A lock document in `maintenance` lets one
consumer at a time drop them. A day is dropped two days after its last event became too old to be accepted. Before that
the consumer compares its clock with MongoDB's, and notes the day as dropped, so that an audit never reports it as lost.

Consumers may differ in `EVENT_RETENTION_DAYS`, as they do during a rolling change. Then the longest counts. A consumer
that keeps a day may still store events of it, into a collection that it has found before and does not look for again
for an hour; were the collection dropped, MongoDB would make another one for them, not clustered. So each consumer notes
in `maintenance` how long it keeps events, for two hours at a time.
"""

from datetime import datetime, timedelta
from typing import Final

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from consumer.process.clocks import Clock, Clocks
from consumer.process.duty import Duty
from shared.documents import (
    DAY_MS,
    EVENT_COLLECTIONS,
    MAINTENANCE,
    RETENTION,
    event_collection,
    event_day,
    milliseconds,
)
from shared.logs import logger
from shared.mongo import SyncDatabase

ROUND_SECONDS: Final = 3600.0
"""How often a consumer looks for old days, and writes its note again.

Days end once a day, so at twice or half of this a day is dropped an hour later or half an hour earlier. It must stay
below `KEEPER_HOURS`, or the note of a running consumer would end.
"""
AGAIN_SECONDS: Final = 60.0
"""How soon it looks again after an error. Twice or half of it shifts the next attempt, and nothing waits for it."""
MARGIN_DAYS: Final = 2
"""Days between the moment at which a day's last event becomes too old and the moment at which the day is dropped.

It leaves room for batches that were judged and not committed yet, for clocks that differ a little, and for an operator
who raises `EVENT_RETENTION_DAYS` late. At twice this, raw events take two days more of disk. At half, the operator has
a day less.
"""
LOCK_MINUTES: Final = 10
"""How long the lock holds when the consumer that took it dies.

A round usually drops one day. At twice this, the others wait twice as long after a death. At half, a round that drops
hundreds of days may still run when another consumer begins one; both then drop the same days, which does no harm.
"""
KEEPER_HOURS: Final = 2
"""How long the note of a consumer counts that was killed: two rounds, so that one may fail.

At twice this, the days that a killed consumer kept stay two hours longer. At half, a running consumer's note could end
just before it is written again, and the days that it keeps could be dropped.
"""
_KEEPER: Final = "keeper "

log = logger(__name__)


def first_day_to_keep(
    database: SyncDatabase, retention_days: int, now: datetime, session: ClientSession | None = None
) -> int:
    """The first day since 1970 (UTC) that must stay at `now`: of an older one no consumer accepts events any more.

    The longest note of a consumer counts, and `retention_days` where there is none. Example: with 10 days and the
    margin of 2, at noon of June 30 it is June 18, and June 17 is dropped. Its last event became too old when June 28
    began, two days and a half ago. Raises PyMongoError.
    """
    notes = {"_id": {"$regex": f"^{_KEEPER}"}, "until": {"$gte": now}}
    keepers = database[MAINTENANCE].find(notes, {"days": 1}, session=session)
    days = max((keeper["days"] for keeper in keepers), default=retention_days)
    return (milliseconds(now) - (days + MARGIN_DAYS) * DAY_MS) // DAY_MS


class Retention(Duty):
    """A thread that drops old days, at its start and every hour from then on.

    `owner` names this process in the lock and in its note. `clock` gives the time by which events are judged.
    """

    def __init__(self, database: SyncDatabase, clocks: Clocks, retention_days: int, clock: Clock, owner: str) -> None:
        super().__init__("retention", "old days wait to be dropped", AGAIN_SECONDS)
        self._database = database
        self._clocks = clocks
        self._retention_days = retention_days
        self._clock = clock
        self._owner = owner

    def work(self) -> float:
        """Drop the days that are past their time. Raises as `drop_old_days` does."""
        self.drop_old_days()
        return ROUND_SECONDS

    def finish(self) -> None:
        """Take this consumer's note away. Raises PyMongoError."""
        self._database[MAINTENANCE].delete_one({"_id": _KEEPER + self._owner})

    def drop_old_days(self) -> list[str]:
        """Drop the days that are past their time. Returns the names of the dropped collections, oldest first.

        Blocks. The list is empty when another consumer is dropping days. Raises ClockSkewed, DatabaseUnavailable or
        PyMongoError.
        """
        self._clocks.check()
        now = self._clock()
        self._note(now)
        # A collection that is not clustered was made by another program, and a person has to decide about it.
        ours = {**EVENT_COLLECTIONS, "options.clusteredIndex": {"$exists": True}}
        names = self._database.list_collection_names(filter=ours)
        kept_from = self._kept_from(now)
        old = sorted(day for day in map(event_day, names) if day is not None and day < kept_from)
        if not old or not self._lock(now):
            return []
        try:
            # Before each day the notes are read again: a consumer that keeps more days may have started meanwhile.
            return [self._drop(day) for day in old if day < self._kept_from(now)]
        finally:
            self._database[MAINTENANCE].update_one({"_id": RETENTION, "owner": self._owner}, {"$unset": {"until": ""}})

    def _note(self, now: datetime) -> None:
        """Note for the other consumers how long this one keeps events, and delete notes that are out of date."""
        note = {"days": self._retention_days, "until": now + timedelta(hours=KEEPER_HOURS)}
        self._database[MAINTENANCE].update_one({"_id": _KEEPER + self._owner}, {"$set": note}, upsert=True)
        self._database[MAINTENANCE].delete_many({"_id": {"$regex": f"^{_KEEPER}"}, "until": {"$lt": now}})

    def _kept_from(self, now: datetime) -> int:
        return first_day_to_keep(self._database, self._retention_days, now)

    def _drop(self, day: int) -> str:
        """Note that `day` (since 1970) and all before it are dropped, then drop its collection. Returns its name."""
        self._database[MAINTENANCE].update_one({"_id": RETENTION}, {"$max": {"dropped_before": day + 1}})
        name = event_collection(day * DAY_MS)
        self._database.drop_collection(name)
        log.info("a day of raw events was dropped, its sums stay", collection=name)
        return name

    def _lock(self, now: datetime) -> bool:
        """Take the lock. Returns whether this process has it; a lock that a dead process left ends by itself."""
        free = {"$or": [{"until": None}, {"until": {"$lt": now}}]}
        mine = {"owner": self._owner, "until": now + timedelta(minutes=LOCK_MINUTES)}
        try:
            self._database[MAINTENANCE].update_one({"_id": RETENTION, **free}, {"$set": mine}, upsert=True)
        except DuplicateKeyError:
            return False
        return True
