"""Which events of a batch repeat an event id, so that what is published twice counts once. Pure.

An id belongs to a product: the same id of another product is another one. The first event of a product with an id
counts. Any other within the window becomes a dead letter that names the first one's place: a `duplicate` where the
contents are the same, an `event_id_conflict` where they are not.

A batch finds its own repeats while it is filled (`EventIds.note`). What MongoDB holds from earlier batches, of this and
of other consumers, is compared once the batch is complete (`compared`).
"""

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from consumer.events.details.quoting import quoted
from consumer.events.encode import Encoder
from consumer.events.event import Event, Identity
from consumer.events.rejection import Rejection
from consumer.partitions.taken import Taken
from shared.documents import (
    DAY_MS,
    EVENT_IDS,
    Document,
    event_collection,
    milliseconds,
    place_name,
)
from shared.events import Reason

EventKey: TypeAlias = tuple[int, str]
"""Product and event id: `_id` in `event_ids`."""
Coordinates: TypeAlias = tuple[int, int]
"""Partition and offset of a message in a batch, which holds one generation of each partition."""

ID_BYTES: Final = 950
"""About how much memory an event with an id takes beside its message and its document: the event itself, which is kept
for the case that the batch has to be added up again, its id and fingerprint, and its document in `event_ids`. Measured
by tracemalloc with UUIDs as ids. At half, three batches of events with ids would take 20 MB more than `BATCH_BYTES`
says; at twice, such batches would be smaller than they need be."""


class Occurrence(NamedTuple):
    """An event with an id, as a batch met it."""

    event: Event
    offset: int
    taken: Taken
    """The messages with which the event was taken. They say its partition, and when it was judged."""

    @property
    def identity(self) -> Identity:
        """The event's, which has one."""
        assert self.event.identity is not None  # noqa: S101  # only such events are noted
        return self.event.identity

    @property
    def coordinates(self) -> Coordinates:
        """Its partition and offset."""
        return self.taken.lease.partition, self.offset

    @property
    def place(self) -> Document:
        """Where its event is stored, once it counts: the id of the event, and the fields of the raw event's `_id`."""
        lease = self.taken.lease
        return place_of(self.event, lease.partition, self.offset, lease.generation)

    @property
    def collection(self) -> str:
        """The collection that stores its event, once it counts."""
        return event_collection(self.event.time_ms)

    @property
    def document(self) -> bytes:
        """What that collection stores of it."""
        lease = self.taken.lease
        return Encoder(lease.partition, lease.generation).encode(self.event, self.offset)


class DamagedId(ValueError):
    """A document of `event_ids` is not what this program writes; the text names it."""


class StoredId(NamedTuple):
    """What MongoDB holds of an id."""

    place: Document
    """The place of the event that counted."""
    fingerprint: bytes
    at: datetime
    """What the clock showed that the counted event was judged by."""

    @classmethod
    def of(cls, document: Document) -> "StoredId":
        """The id in a document of `event_ids`. Raises DamagedId."""
        numbers, fingerprint, at = [*map(document.get, "tkog")], document.get("fingerprint"), document.get("at")
        if (
            all(isinstance(number, int) for number in numbers)
            and isinstance(fingerprint, bytes)
            and isinstance(at, datetime)
        ):
            return cls(document["_id"] | dict(zip("tkog", numbers, strict=True)), fingerprint, at)
        raise DamagedId(f"{EVENT_IDS} holds a document that is not an event's id: {document['_id']!r}")


class EventIds:
    """The ids of a batch's events, in the order in which the events were added.

    They are remembered for `days`; with 0 nothing is noted and nothing is a repeat.
    """

    __slots__ = ("_repeats", "counted", "window_ms")

    def __init__(self, days: int) -> None:
        self.window_ms = days * DAY_MS
        self.counted: dict[EventKey, Occurrence] = {}
        """By id: the event that counts."""
        self._repeats: dict[EventKey, list[Occurrence]] = {}

    def note(self, event: Event, identity: Identity, offset: int, taken: Taken) -> Rejection | None:
        """Note an event. Returns None where it counts, and its rejection where an earlier one has its id."""
        if not self.window_ms:
            return None
        key = event.product, identity.event_id
        occurrence = Occurrence(event, offset, taken)
        first = self.counted.setdefault(key, occurrence)
        if first is occurrence:
            return None
        self._repeats.setdefault(key, []).append(occurrence)
        return rejection_of(identity, StoredId(first.place, first.identity.fingerprint, first.taken.at))

    def repeats_of(self, counted: Container[Coordinates]) -> Iterator[Occurrence]:
        """The repeats of the ids whose event that counts is at one of these partitions and offsets."""
        for key, repeats in self._repeats.items():
            if self.counted[key].coordinates in counted:
                yield from repeats

    def occurrences(self, key: EventKey) -> Iterator[Occurrence]:
        """All events of the batch with this id: first the event that counts, then its repeats."""
        yield self.counted[key]
        yield from self._repeats.get(key, ())


class Comparison(NamedTuple):
    """What MongoDB's ids mean for a batch."""

    rejections: dict[Coordinates, Rejection]
    """Of the events whose id was counted before this batch."""
    expired: dict[EventKey, datetime]
    """The ids that MongoDB still holds though their time is over, with their `at`: they count anew."""
    own: frozenset[EventKey]
    """The ids whose counted event belongs to this batch, because an earlier attempt at the batch was committed. The
    offsets, which the transaction compares, decide about that."""


def compared(ids: EventIds, stored: Mapping[EventKey, StoredId]) -> Comparison:
    """Compare a batch's ids with those of them that MongoDB holds.

    All events of an id are judged at once, so that whatever of them is left has to be added up only once more.
    """
    rejections: dict[Coordinates, Rejection] = {}
    expired: dict[EventKey, datetime] = {}
    own: set[EventKey] = set()
    for key, counted in stored.items():
        for occurrence in ids.occurrences(key):
            if occurrence.place == counted.place:
                own.add(key)
            elif is_expired(counted.at, occurrence.taken.at, ids.window_ms):
                expired[key] = counted.at
            else:
                rejections[occurrence.coordinates] = rejection_of(occurrence.identity, counted)
    return Comparison(rejections, {key: at for key, at in expired.items() if key not in own}, frozenset(own))


def is_expired(at: datetime, now: datetime, window_ms: int) -> bool:
    """Whether an id that was counted at `at` is out of the window at `now`, so that it counts anew."""
    return milliseconds(now) - milliseconds(at) >= window_ms


def place_of(event: Event, partition: int, offset: int, generation: int) -> Document:
    """The place at which an event with an id is stored: `{p, i, t, k, o, g}`."""
    assert event.identity is not None  # noqa: S101  # callers have looked
    return {
        "p": event.product, "i": event.identity.event_id, "t": event.time_ms,
        "k": partition, "o": offset, "g": generation,
    }  # fmt: skip


def rejection_of(identity: Identity, counted: StoredId) -> Rejection:
    """The rejection of an event whose id was counted before."""
    place = counted.place
    before = (
        f"event_id {quoted(identity.event_id)} of product {place['p']} was counted before, from {place_name(place)}, "
        f"read {counted.at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if identity.fingerprint == counted.fingerprint:
        text = (
            f"{before}, with the same content: nothing is to be done. If both did happen, each needs an id of its own"
        )
        return Rejection(Reason.DUPLICATE, f"{text}; `replay --as-new` counts this one too", place)
    text = f"{before}, with other content: compare the two. If this is another event, it needs an id of its own"
    return Rejection(Reason.EVENT_ID_CONFLICT, f"{text}, and `replay --as-new` counts it; else discard it", place)
