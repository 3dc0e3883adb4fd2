"""The event ids of replayed letters: what counted already stays rejected, and what counts now has its id recorded.

A letter that the consumer rejected for its id stays rejected for good, also when the id's time is over: it was
published while the first one was remembered. Any other letter counts only if its id has not counted meanwhile, by
another letter or a later message.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from consumer.batches.event_ids import StoredId, is_expired, rejection_of
from consumer.events.event import Event
from consumer.events.rejection import Rejection
from consumer.storage import commands
from consumer.storage.statements.bson_parts import INT32
from consumer.storage.statements.event_ids import event_id_document, replacement
from shared.documents import DAY_MS, EVENT_IDS, REPLAYED_PARTITION, Document, event_id_key
from shared.events import Reason
from shared.mongo import SyncDatabase

if TYPE_CHECKING:
    from scripts.dead_letters.replay import Accepted

_FOR_ITS_ID: Final = frozenset({Reason.DUPLICATE.value, Reason.EVENT_ID_CONFLICT.value})
_DUPLICATE_KEY: Final = 11000


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
        """The id that a letter's header gives it, for an event that has none of its own; the last such header."""
        values = [content for name, content in letter["headers"] if name == self.header] if self.header else []
        return values[-1] if values else None

    def may_be_cut(self, event: Event, letter: Document) -> bool:
        """Whether a header that the letter lacks may have given the event its id."""
        return (
            bool(self.header)
            and not self.as_new
            and event.identity is None
            and letter["truncated"]
            and (letter.get("headers_left_out") != 0)
        )

    def judge(self, event: Event, letter: Document, now: datetime) -> Rejection | datetime | None:
        """A rejection where the letter's event has an id that counted. Else the `at` of its id, if MongoDB holds the id
        although its time is over. Raises PyMongoError."""
        if self.as_new or event.identity is None or not self._window_ms:
            return None
        if letter["reason"] in _FOR_ITS_ID:
            return Rejection(Reason(letter["reason"]), letter["detail"], letter.get("first"))
        identity = event.identity
        found = self._database[EVENT_IDS].find_one({"_id": event_id_key(event.product, identity.event_id)})
        if found is None:
            return None
        counted = StoredId.of(found)
        return counted.at if is_expired(counted.at, now, self._window_ms) else rejection_of(identity, counted)

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
