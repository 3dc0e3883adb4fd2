"""How long event ids are remembered, and since when: the TTL index of `event_ids`, and a note in `maintenance`.

The note `{_id: "event_ids", days, since}` tells the audit how far back it may judge. Every event that was stored since
`since` and has an id had that id recorded, and each id was kept for `days`. All consumers of a group should be given
the same `EVENT_ID_DAYS`; while they are restarted with another one, the note allows for those that still run with the
old one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from shared.documents import EVENT_IDS, EVENT_IDS_TTL, MAINTENANCE, PARTITIONS, Document, expiry_seconds

CHANGE_HOURS: Final = 1
"""A consumer that remembers ids for longer than those before it allows them so long to be restarted: what they store
meanwhile is not judged by the new setting. At twice of it an audit judges an hour less after each such change; at half,
an audit after a slow change may report ids that an old consumer did not record."""
_NOTE: Final = EVENT_IDS


class Window(NamedTuple):
    """How far back what is known of event ids is complete."""

    days: int
    """So long each id is remembered."""
    since: datetime
    """Ids of events that were judged before this may be missing."""

    def begins(self, now: datetime) -> datetime:
        """The moment at which an event must have been judged, or later, for its id to be there."""
        return max(self.since, now - timedelta(days=self.days))


def keep_for(database: "Database[Document]", days: int, now: datetime) -> None:
    """Have ids kept for `days`, 0 for not at all, and note it. For the start of a consumer. Raises PyMongoError.

    The collection and its index must be there. With 0 the ids that are there stay until their time is over.
    """
    if not days:
        database[MAINTENANCE].delete_one({"_id": _NOTE})
        return
    _expire_after(database, days)
    noted = noted_window(database[MAINTENANCE].find_one({"_id": _NOTE}))
    is_new = noted is None and database[PARTITIONS].find_one({}, {"_id": 1}) is None
    window = Window(days, now) if is_new else following(noted, days, now)
    change = {"$set": {"days": window.days, "since": window.since}}
    try:
        database[MAINTENANCE].update_one({"_id": _NOTE}, change, upsert=True)
    except DuplicateKeyError:
        # Another consumer, which starts at the same time, has noted the same.
        database[MAINTENANCE].update_one({"_id": _NOTE}, change)


def following(noted: Window | None, days: int, now: datetime) -> Window:
    """The window to note where a consumer begins to keep ids for `days` at `now`, and `noted` was noted before. Pure.

    With fewer days than before, or as many, what is there is complete. With more, ids that were judged earlier than the
    old days ago are gone: with 7 days before and 10 from now on, those of eight days ago.
    """
    known_days = noted.days if noted is not None else 0
    since = now + timedelta(hours=CHANGE_HOURS) - timedelta(days=known_days)
    if noted is not None:
        since = noted.since if days <= known_days else max(noted.since, since)
    return Window(days, since)


def noted_window(note: Mapping[str, Any] | None) -> Window | None:
    """The window in the note's document; None where there is none, so that nothing may be judged."""
    if note is None:
        return None
    since: datetime = note["since"]
    return Window(int(note["days"]), since if since.tzinfo else since.replace(tzinfo=UTC))


def read_window(database: "Database[Document]") -> Window | None:
    """The noted window. Raises PyMongoError."""
    return noted_window(database[MAINTENANCE].find_one({"_id": _NOTE}))


def _expire_after(database: "Database[Document]", days: int) -> None:
    """Have MongoDB delete ids once their days are over, unless it does so already."""
    seconds = expiry_seconds(days)
    index = database[EVENT_IDS].index_information().get(EVENT_IDS_TTL, {})
    if index.get("expireAfterSeconds") != seconds:
        database.command("collMod", EVENT_IDS, index={"name": EVENT_IDS_TTL, "expireAfterSeconds": seconds})
