"""The event ids of replayed letters: what counted already stays rejected, and what counts now has its id recorded.

A letter that the consumer rejected for its id stays rejected for good, also when the id's time is over: it was
published while the first one was remembered. Any other letter counts only if its id has not counted meanwhile, by
another letter or a later message. A letter does not age while it waits, so this holds when MongoDB has deleted the id:
then the product's raw events are searched for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from consumer.batches.event_ids import DamagedId, StoredId, is_expired, rejection_of
from consumer.events.event import Event, Identity
from consumer.events.rejection import Rejection
from consumer.storage import commands
from consumer.storage.statements.bson_parts import INT32
from consumer.storage.statements.event_ids import event_id_document, replacement
from scripts.dead_letters.forgotten_ids import why_forgotten
from shared.documents import (
    DAY_MS,
    EVENT_ID_SPARE_SECONDS,
    EVENT_IDS,
    REPLAYED_PARTITION,
    Document,
    event_id_key,
)
from shared.events import OF_REPEATED_IDS, Reason
from shared.mongo import SyncDatabase

if TYPE_CHECKING:
    from scripts.dead_letters.replay import Accepted

_DUPLICATE_KEY: Final = 11000
_CUT: Final = "headers of it were left out, and one of them may give its id; --as-new counts it without one"


class IdTaken(Exception):
    """An id that was to be recorded is stored by now, or two letters have it; nothing was written."""


class ReplayedIds:
    """Judges and records the ids of replayed events. `days` are `EVENT_ID_DAYS`, 0 where ids mean nothing; `header` is
    `EVENT_ID_HEADER`. With `as_new` no id is looked at or recorded."""

    def __init__(self, database: SyncDatabase, days: int, header: str, as_new: bool) -> None:
        self._database = database
        self._window_ms = days * DAY_MS
        self.header = header
        self.as_new = as_new

    def header_of(self, letter: Document) -> bytes | None:
        """The id that a letter's header gives it, for an event that has none of its own; the last such header. None
        where headers are lacking, since one of those may be the last."""
        if not self._window_ms or _lacks_headers(letter):
            return None
        values = [content for name, content in letter["headers"] if name == self.header] if self.header else []
        return values[-1] if values else None

    def judge(self, event: Event, letter: Document, now: datetime) -> Rejection | str | datetime | None:
        """A rejection where the letter's event has an id that counted, and text where nobody can tell. Else the `at` of
        its id, if MongoDB holds the id although its time is over. Raises PyMongoError."""
        if self.as_new:
            return None
        # Whatever this process is told of ids: the consumer that rejected the letter knew the id.
        if letter["reason"] in OF_REPEATED_IDS:
            return Rejection(Reason(letter["reason"]), letter["detail"], letter.get("first"))
        if not self._window_ms:
            return None
        if event.identity is None:
            return _CUT if self.header and _lacks_headers(letter) else None
        return self._counted(event, event.identity, letter["rejected_at"], now)

    def _counted(
        self, event: Event, identity: Identity, read_at: datetime, now: datetime
    ) -> Rejection | str | datetime | None:
        """What `judge` says of an event with an id that was read at `read_at`."""
        found = self._database[EVENT_IDS].find_one({"_id": event_id_key(event.product, identity.event_id)})
        if found is None:
            # What counted inside the days before `read_at` is kept for them and for the spare time.
            is_recent = now - read_at < timedelta(seconds=EVENT_ID_SPARE_SECONDS)
            return None if is_recent else why_forgotten(self._database, event.product, identity.event_id)
        try:
            counted = StoredId.of(found)
        except DamagedId as damaged:
            return f"{damaged}; delete that document"
        over = is_expired(counted.at, min(read_at, now), self._window_ms)
        return counted.at if over else rejection_of(identity, counted)

    def insert(self, session: ClientSession, accepted: Sequence["Accepted"], at_ms: int) -> None:
        """Record the ids of events in the transaction that stores them. Raises IdTaken and PyMongoError."""
        inserts: list[bytes] = []
        updates: list[bytes] = []
        for item in accepted:
            identity = item.event.identity
            if self.as_new or identity is None or not self._window_ms:
                continue
            generation = item.letter["_id"]["g"]
            document = event_id_document(
                item.event, identity, REPLAYED_PARTITION, item.offset, generation, at_ms
            )  # fmt: skip
            if item.expired is None:
                inserts.append(document)
            else:
                updates.append(replacement((item.event.product, identity.event_id), item.expired, document))
        try:
            if inserts:
                commands.insert(self._database, EVENT_IDS, inserts, session)
            if updates:
                commands.update(self._database, EVENT_IDS, updates, session)
        except BulkWriteError as error:
            if error.details["writeErrors"][0]["code"] == _DUPLICATE_KEY:
                raise IdTaken from error
            raise

    def marked(self, document: bytes) -> bytes:
        """An event's document, which says `as_new: true` where its id was not looked at."""
        if not self.as_new:
            return document
        elements = document[4:-1] + b"\x08as_new\0\x01"
        return INT32(len(elements) + 5) + elements + b"\0"


def _lacks_headers(letter: Document) -> bool:
    """Whether the letter does not have all headers of its message."""
    return bool(letter["truncated"]) and letter.get("headers_left_out") != 0
