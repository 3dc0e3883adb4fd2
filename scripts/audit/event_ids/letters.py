"""Dead letters that were rejected for their id, against the events that they name: each first one must be stored.

Judged are letters of the window's length. Most of the first events have been confirmed with their ids by then, so a
letter costs a lookup among a thousand ids; only where the id says otherwise, or is gone, the event itself is looked up.
"""

from collections.abc import Container, Iterator
from datetime import datetime
from itertools import islice

from scripts.audit.event_ids.check import IDS_AT_ONCE, EventIdCheck, event_is_stored, ids_of
from scripts.audit.event_ids.places import Key, Place, key_in, place_in
from scripts.audit.findings import Findings, Kind
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import REJECTED_EVENTS, Document, coordinates_of
from shared.events import OF_REPEATED_IDS


class LetterCheck:
    """Checks letters that were rejected since `since`. `ids` has compared the recorded ids of all days before. `days`
    are those whose events can be read."""

    def __init__(self, ids: EventIdCheck, since: datetime, days: Container[int], findings: Findings) -> None:
        self._ids = ids
        self._since = since
        self._days = days
        self._findings = findings

    def run(self, topic: str, snapshot: Snapshot) -> None:
        """Report letters of the topic whose first event is not stored. Raises PyMongoError."""
        letters = self._letters(topic, snapshot)
        while some := list(islice(letters, IDS_AT_ONCE)):
            recorded = ids_of(snapshot, (key for _, key, _ in some))
            for letter, key, place in some:
                if not self._is_confirmed(place, recorded.get(key)):
                    self._look_up(letter, key, place, snapshot)

    def _is_confirmed(self, place: Place, document: Document | None) -> bool:
        """Whether the place is that of a recorded id whose event was found."""
        known = place.time_ms >= self._ids.from_ms and place.day in self._ids.days
        return known and document is not None and place_in(document) == place

    def _look_up(self, letter: Document, key: Key, place: Place, snapshot: Snapshot) -> None:
        if place.day not in self._days:
            self._findings.cannot_judge("first events of duplicates on days that were not read")
        elif not event_is_stored(snapshot, key, place) and not self._ids.was_dropped(place):
            identity = letter["_id"]
            self._findings.add(
                Kind.FIRST_MISSING,
                f"the letter {coordinates_of(letter)} is rejected as {letter['reason']} of product {key.product}, "
                f"event_id {key.event_id!r}, but the first event, from {place}, is not stored",
                partition=identity["k"], offset=identity["o"], generation=identity["g"], product=key.product,
            )  # fmt: skip

    def _letters(self, topic: str, snapshot: Snapshot) -> Iterator[tuple[Document, Key, Place]]:
        """The letters, each with the first event's key and place."""
        chosen = {"_id.topic": topic, "reason": {"$in": sorted(OF_REPEATED_IDS)}, "rejected_at": {"$gt": self._since}}
        for letter in snapshot.find(REJECTED_EVENTS, chosen, {"reason": 1, "first": 1}):
            first = letter.get("first")
            key, place = key_in(first), place_in(first) if isinstance(first, dict) else None
            if key is None or place is None:
                text = f"`{REJECTED_EVENTS}` holds {letter['_id']!r}: it does not say which event counted first"
                self._findings.add(Kind.MALFORMED_LETTER, text)
            else:
                yield letter, key, place
