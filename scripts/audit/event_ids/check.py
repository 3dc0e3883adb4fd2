"""The events of a day that have an id, against `event_ids`: each id must be recorded, for the event that has it.

Judged are the events that happened inside the window, which is noted in `maintenance` (`shared.event_id_window`). Their
ids cannot have expired: MongoDB, whose clock counts, keeps ids an hour longer than the window. Events and ids of a day
are read at one moment, a thousand at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions

from scripts.audit.event_ids.places import Key, Place, key_in, place_in
from scripts.audit.findings import Findings, Kind
from scripts.audit.reading.shapes import is_event_id
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import DAY_MS, EVENT_IDS, HOUR_MS, Document, event_collection, events_of, milliseconds
from shared.event_id_window import Window
from shared.events import MAX_AHEAD_MS

IDS_AT_ONCE: Final = 1_000
"""Ids that one question names. At twice of it a question and its answer take twice the memory, some 400 KB; at half,
the audit waits for twice as many round trips."""
MOST_LOOKED_UP: Final = 10_000
"""Ids of events that happened before the window, which were late, are looked up one by one, at some 0.3 ms each: so
many at most. At twice of it an audit after a large late delivery takes 3 s longer; at half, more are not judged."""


_AWARE: Final = CodecOptions[Document](tz_aware=True, tzinfo=UTC)


class EventIdCheck:
    """Checks ids as far back as `window` says; without one nothing can be judged.

    `clock` gives MongoDB's time, and `kept_from` the first day that retention has not dropped. Both are asked again and
    again, because an audit may take hours.
    """

    def __init__(
        self,
        window: Window | None,
        clock: Callable[[], datetime],
        kept_from: Callable[[], int],
        findings: Findings,
    ) -> None:
        self._findings = findings
        self._window = window
        self._clock = clock
        self._kept_from = kept_from
        self.compared = 0
        """How many events with an id were compared."""
        self.days: set[int] = set()
        """The days of which every id that was recorded since `from_ms` has its event."""
        self.from_ms = 0
        """Events that happened since then are judged. It moves with the clock."""
        self._move_window()

    def _move_window(self) -> None:
        if self._window is not None:
            # An event may be ahead of the clock that it was judged by.
            self.from_ms = milliseconds(self._window.begins(self._clock())) + MAX_AHEAD_MS

    def check_day(self, day: int, snapshot: Snapshot) -> None:
        """Check a day's events, and the ids that name events of that day. Raises PyMongoError."""
        self._move_window()
        first_ms, end_ms = max(self.from_ms, day * DAY_MS), (day + 1) * DAY_MS
        if self._window is None or first_ms >= end_ms:
            return
        confirmed = 0
        events = _events_with_ids(snapshot, event_collection(day * DAY_MS), first_ms)
        while some := list(islice(events, IDS_AT_ONCE)):
            confirmed += self._compare(some, snapshot)
            self.compared += len(some)
        named = {"$match": {"t": {"$gte": first_ms, "$lt": end_ms}}}
        counted = snapshot.aggregate(EVENT_IDS, [named, {"$count": "ids"}])
        if not counted or counted[0]["ids"] == confirmed:
            self.days.add(day)
            return
        for document in snapshot.find(EVENT_IDS, named["$match"]):
            self._look_up(document, snapshot)

    def check_late(self, days: frozenset[int], snapshot: Snapshot) -> None:
        """Look up the events that happened before the window, or at its border, and whose ids are there, on the `days`
        that were read."""
        if self._window is None:
            return
        self._move_window()
        late = snapshot.find(EVENT_IDS, {"t": {"$lt": self.from_ms}})
        for document in islice(late, MOST_LOOKED_UP):
            place = place_in(document)
            if place is None or place.day in days:
                self._look_up(document, snapshot)
                self._judge_twins(document, snapshot)
        left = sum(1 for _ in late)
        self._findings.cannot_judge("ids of events before the ids' window, beyond those that were looked up", left)

    def _judge_twins(self, document: Document, snapshot: Snapshot) -> None:
        """Say where another event of the day has the id: when it was judged, and so whether it should have counted, is
        not known, since the events are older than the window."""
        key, place = key_in(document["_id"]), place_in(document)
        if key is None or place is None:
            return
        same = {**events_of(key.product), "event_id": key.event_id, "as_new": {"$ne": True}}
        twins = sum(1 for _ in snapshot.find(event_collection(place.time_ms), same, {"_id": 1}))
        self._findings.cannot_judge("further events with one id, from before the ids' window", max(0, twins - 1))

    def _compare(self, events: list[tuple[Key, Place]], snapshot: Snapshot) -> int:
        """Compare events with the recorded ids. Returns for how many of them the id is recorded as it must be."""
        recorded = ids_of(snapshot, (key for key, _ in events))
        confirmed = 0
        for key, place in events:
            document = recorded.get(key)
            # Nearly all of them: compared without a look at the types, which equal numbers need not have.
            if document is not None and place == tuple(map(document.get, "tkog")):
                confirmed += 1
                continue
            if document is None:
                self._add(Kind.EVENT_ID_MISSING, key, place, "its id is not recorded, so it may be counted again")
                continue
            counted = place_in(document)
            if counted is None or not isinstance(document.get("at"), datetime):
                self._add(Kind.MALFORMED_EVENT_ID, key, place, "the document of its id is damaged")
            elif self._window is not None and place.time_ms > milliseconds(
                document["at"] - timedelta(days=self._window.days)
            ):
                self._add(Kind.COUNTED_TWICE, key, place, f"another event with this id counted as well, from {counted}")
        return confirmed

    def _look_up(self, document: Document, snapshot: Snapshot) -> None:
        """Report an id whose event is not stored."""
        key, place = key_in(document["_id"]), place_in(document)
        if key is None or place is None:
            text = f"`{EVENT_IDS}` holds a document that is not an event's id: {document['_id']!r}"
            self._findings.add(Kind.MALFORMED_EVENT_ID, text, collection=EVENT_IDS)
        elif not event_is_stored(snapshot, key, place) and not self.was_dropped(place):
            self._add(Kind.EVENT_ID_WITHOUT_EVENT, key, place, "its id is recorded, but the event is not stored")

    def was_dropped(self, place: Place) -> bool:
        """Whether retention has dropped the day of an event that is not stored, so that nothing can be said of it."""
        if place.day >= self._kept_from():
            return False
        self._findings.cannot_judge("events with an id of days that retention dropped")
        return True

    def _add(self, kind: Kind, key: Key, place: Place, text: str) -> None:
        self._findings.add(
            kind, f"product {key.product}, event_id {key.event_id!r}, from {place}: {text}",
            product=key.product, hour=place.time_ms // HOUR_MS,
            partition=place.partition, offset=place.offset, generation=place.generation,
        )  # fmt: skip


def ids_of(snapshot: Snapshot, keys: Iterator[Key]) -> Mapping[tuple[int, str], Document]:
    """The documents of those of the ids that are recorded."""
    wanted = [{"p": product, "i": event_id} for product, event_id in keys]
    found: dict[tuple[int, str], Document] = {}
    for batch in snapshot.raw_batches(EVENT_IDS, {"_id": {"$in": wanted}}, None):
        for document in bson.decode_all(batch, _AWARE):
            found[document["_id"]["p"], document["_id"]["i"]] = document
    return found


def event_is_stored(snapshot: Snapshot, key: Key, place: Place) -> bool:
    """Whether the event at this place is stored, and has this id."""
    event = snapshot.find_one(event_collection(place.time_ms), {"_id": place.identity(key.product)})
    return event is not None and event.get("event_id") == key.event_id


def _events_with_ids(snapshot: Snapshot, collection: str, first_ms: int) -> Iterator[tuple[Key, Place]]:
    """The events of a day since `first_ms` that were counted by their id. Malformed ones were reported before."""
    counted: dict[str, Any] = {"event_id": {"$exists": True}, "as_new": {"$ne": True}, "_id.t": {"$gte": first_ms}}
    for batch in snapshot.raw_batches(collection, counted, {"_id": 1, "event_id": 1}):
        for document in bson.decode_all(batch):
            identity, event_id = document["_id"], document["event_id"]
            if is_event_id(identity) and isinstance(event_id, str):
                product, *place = map(identity.__getitem__, "ptkog")
                yield Key(product, event_id), Place(*place)
