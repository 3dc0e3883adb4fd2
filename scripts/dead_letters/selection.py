"""Which dead letters are meant: by where they stood in Kafka, by reason, partition, time and state."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from shared.documents import REJECTED_EVENTS, Document, LetterState
from shared.events import Reason
from shared.mongo import SyncDatabase

STATES: Final = tuple(state.value for state in LetterState)
_PLACE: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,19})(?::([0-9]{1,10}))?", re.ASCII)


class WrongSelection(Exception):
    """What was asked for cannot be meant."""


class Selection(NamedTuple):
    """Letters of one topic for which everything given is true; `places` are `PARTITION:OFFSET` or
    `PARTITION:OFFSET:GENERATION`."""

    topic: str
    places: Sequence[str] = ()
    reasons: Sequence[str] = ()
    partitions: Sequence[int] = ()
    states: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether anything was given that chooses among the letters."""
        return any((self.places, self.reasons, self.partitions, self.since, self.until))

    def query(self) -> dict[str, Any]:
        """The MongoDB query. Raises WrongSelection."""
        _check("reason", self.reasons, [reason.value for reason in Reason])
        _check("state", self.states, STATES)
        query: dict[str, Any] = {"_id.topic": self.topic}
        if self.places:
            query["$or"] = [_place(place) for place in self.places]
        if self.reasons:
            query["reason"] = {"$in": list(self.reasons)}
        if self.partitions:
            query["_id.k"] = {"$in": list(self.partitions)}
        if self.states:
            query["state"] = {"$in": list(self.states)}
        times = {"$gte": self.since, "$lt": self.until}
        chosen = {order: time.replace(tzinfo=UTC) for order, time in times.items() if time is not None}
        return query | ({"rejected_at": chosen} if chosen else {})

    def find(self, database: SyncDatabase, limit: int = 0) -> Iterator[Document]:
        """The letters in order of `_id`, a few in memory at a time."""
        with database[REJECTED_EVENTS].find(self.query(), batch_size=100).sort("_id", 1).limit(limit) as found:
            yield from found


def place_of(letter: Document) -> str:
    """How a letter is named: `PARTITION:OFFSET:GENERATION`."""
    identity = letter["_id"]
    return f"{identity['k']}:{identity['o']}:{identity['g']}"


def _place(text: str) -> dict[str, Any]:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise WrongSelection(f"{text!r} is not PARTITION:OFFSET or PARTITION:OFFSET:GENERATION, as `list` shows them")
    partition, offset, generation = match.groups()
    place = {"_id.k": int(partition), "_id.o": int(offset)}
    return place if generation is None else place | {"_id.g": int(generation)}


def _check(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    unknown = set(given) - set(known)
    if unknown:
        raise WrongSelection(f"there is no {what} {', '.join(sorted(unknown))}; there are {', '.join(known)}")
