"""What became of one message, by what MongoDB holds: counted, a duplicate, rejected, or not handled yet. Reads only.

`scripts.publish --wait` asks about the message that it has just published, `scripts.events` about any. Every question
is a lookup by a whole `_id`, so its cost does not depend on how much is stored.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.common.documents import event_days, leniently
from scripts.common.fates.places import Place, generation_at
from shared.documents import (
    PARTITION_STATUS,
    PARTITIONS,
    REJECTED_EVENTS,
    REPLAYED_PARTITION,
    Document,
    Id,
    LetterState,
    event_collection,
    event_id,
    events_of,
    partition_id,
    rejected_id,
    replayed_source,
)
from shared.events import Reason
from shared.mongo import SyncDatabase

_ANY_TIME: Final = TimeLimits(-(2**63), 2**63)
"""The consumers judged the time by their clock; here the time only names the event's document."""


class Fate(StrEnum):
    """What became of a message. Programs read these words, so they do not change."""

    COUNTED = "counted"
    """It is an event: of its own, or because somebody replayed its dead letter."""
    DUPLICATE = "duplicate"
    """An event with its id and content had counted before; the message is a dead letter that names that event."""
    REJECTED = "rejected"
    """The contract said no, and the message is a dead letter."""
    WAITING = "waiting"
    """No consumer has handled it yet."""
    MISSING = "missing"
    """Consumers are past it, and MongoDB holds neither an event nor a dead letter of it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What MongoDB holds of one message."""

    place: Place
    fate: Fate
    event: Document | None = None
    letter: Document | None = None
    partition: Document | None = None
    """The partition's document, None where no consumer has claimed it yet."""
    status: Document | None = None
    """The partition's status, as its consumer wrote it last."""

    @property
    def settled(self) -> bool:
        """Whether a consumer has handled the message."""
        return self.fate is not Fate.WAITING

    @property
    def collection(self) -> str | None:
        """The collection of the event's day."""
        return None if self.event is None else event_collection(self.event["_id"]["t"])


class Lookups:
    """Looks up messages of one topic and one consumer group. Each call raises PyMongoError."""

    def __init__(self, database: SyncDatabase, group: str, topic: str) -> None:
        self._database = leniently(database)
        self._group = group
        self.topic = topic

    def partition(self, partition: int) -> Document | None:
        """The partition's document in `partitions`; None where no consumer has claimed it yet."""
        return self._database[PARTITIONS].find_one({"_id": partition_id(self._group, self.topic, partition)})

    def fate(self, place: Place, event: tuple[int, int] | None, topic_id: str = "") -> Known:
        """What became of the message that Kafka holds at `place`.

        `event` is the product and the time (UTC milliseconds) of the event in it, None where it holds none. Without a
        generation in `place`, the one counts to which the offset belongs in the topic with this id.
        """
        # The offset is read before the event is looked for: an event that is stored in between is found all the same.
        stored = self.partition(place.partition)
        generation = place.generation
        if generation is None and stored is not None:
            generation = generation_at(stored, place.offset, topic_id)
        if stored is None or generation is None:
            return self._waiting(place, stored)
        place = place._replace(generation=generation)
        letter = self.letter(place)
        replayed = letter is not None and letter.get("state") == LetterState.REPLAYED
        found = self._event_of(place, letter, event)
        if found is not None or replayed:
            return Known(place, Fate.COUNTED, found, letter, stored)
        if letter is not None:
            return Known(place, fate_of(letter), self.first(letter), letter, stored)
        if stored["generation"] == generation and stored["next_offset"] <= place.offset:
            return self._waiting(place, stored)
        found = self._of_latest_days(place, event)
        return Known(place, Fate.MISSING if found is None else Fate.COUNTED, found, partition=stored)

    def letter(self, place: Place) -> Document | None:
        """The dead letter of the message at a place with a generation."""
        identity = rejected_id(self.topic, place.generation or 1, place.partition, place.offset)
        return self._database[REJECTED_EVENTS].find_one({"_id": identity})

    def event(self, identity: Id | Document) -> Document | None:
        """The raw event with this `_id`."""
        return self._database[event_collection(int(identity["t"]))].find_one({"_id": dict(identity)})

    def first(self, letter: Document) -> Document | None:
        """The event that counted before the letter of a duplicate or of a conflict, if it is still stored."""
        first = letter.get("first")
        if not isinstance(first, dict):
            return None
        return self.event({name: first[name] for name in ("p", "t", "k", "o", "g")})

    def _event_of(self, place: Place, letter: Document | None, event: tuple[int, int] | None) -> Document | None:
        if letter is not None:
            replayed = letter.get("replayed_as")
            return self.event(replayed) if replayed else None
        if event is None or place.generation is None:
            return None
        product, time_ms = event
        return self.event(event_id(product, time_ms, place.partition, place.offset, place.generation))

    def _waiting(self, place: Place, stored: Document | None) -> Known:
        identity = partition_id(self._group, self.topic, place.partition)
        status = self._database[PARTITION_STATUS].find_one({"_id": identity})
        return Known(place, Fate.WAITING, partition=stored, status=status)

    def _of_latest_days(self, place: Place, event: tuple[int, int] | None) -> Document | None:
        """The event of a message whose time in Kafka is not the one that Kafka acknowledged, as with the mock broker.

        Looks through the product's events of the last two days that have any.
        """
        if event is None:
            return None
        here = {"_id.k": place.partition, "_id.o": place.offset, "_id.g": place.generation}
        found = (self._database[day].find_one(events_of(event[0]) | here) for day in event_days(self._database)[:2])
        return next((document for document in found if document is not None), None)


def fate_of(letter: Document) -> Fate:
    """What became of a message, by its dead letter alone."""
    if letter.get("state") == LetterState.REPLAYED:
        return Fate.COUNTED
    return Fate.DUPLICATE if letter.get("reason") == Reason.DUPLICATE else Fate.REJECTED


def identity_of(value: bytes | None, recorded_ms: int) -> tuple[int, int] | None:
    """Product and time of the event in a message that Kafka recorded at this time, in UTC milliseconds.

    They name the event's document. None where the contract, as it is today, accepts no event.
    """
    verdict = decode(value, recorded_ms, _ANY_TIME)
    return None if isinstance(verdict, Rejection) else (verdict.product, verdict.time_ms)


def place_of(identity: Id | Document) -> Place:
    """The place in Kafka of the message that became this event, also if it did so by a replay."""
    partition, offset = identity["k"], identity["o"]
    if partition == REPLAYED_PARTITION:
        partition, offset = replayed_source(int(offset))
    return Place(int(partition), int(offset), int(identity["g"]))
