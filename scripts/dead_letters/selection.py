"""Turns what an operator asked for into a MongoDB query: letters by coordinates, reason, partition, time and state."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from shared.documents import REJECTED_EVENTS, Document, LetterState
from shared.events import Reason
from shared.mongo import SyncDatabase

STATES: Final = tuple(state.value for state in LetterState)
_COORDINATES: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,19})(?::([0-9]{1,10}))?", re.ASCII)
_FETCHED_AT_ONCE: Final = 100
"""Most letters are small, and MongoDB ends a reply at 16 MiB, so large ones do not fill the memory. Half as many take
twice as many round trips; twice as many save few."""


class WrongSelection(Exception):
    """No letter can match what was asked for, for example because there is no such reason."""


class Selection(NamedTuple):
    """The letters of one topic for which everything that is given is true; what is empty or None chooses all.

    `coordinates` are `PARTITION:OFFSET` or `PARTITION:OFFSET:GENERATION`. `since` and `until` are times of rejection in
    UTC without a time zone, the first included, the last not.
    """

    topic: str
    coordinates: Sequence[str] = ()
    reasons: Sequence[str] = ()
    partitions: Sequence[int] = ()
    states: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the state chooses among the letters."""
        return any((self.coordinates, self.reasons, self.partitions, self.since, self.until))

    def query(self) -> dict[str, Any]:
        """The MongoDB query. Raises WrongSelection."""
        _check("reason", self.reasons, [reason.value for reason in Reason])
        _check("state", self.states, STATES)
        query: dict[str, Any] = {"_id.topic": self.topic}
        if self.coordinates:
            query["$or"] = [_at(coordinates) for coordinates in self.coordinates]
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
        """Yield the letters in order of `_id`, at most `limit` of them (0: all), some of them in memory at a time.

        Raises WrongSelection, PyMongoError.
        """
        letters = database[REJECTED_EVENTS].find(self.query(), batch_size=_FETCHED_AT_ONCE).sort("_id", 1).limit(limit)
        with letters:
            yield from letters


def coordinates_of(letter: Document) -> str:
    """The name of a letter for a person: `PARTITION:OFFSET:GENERATION`."""
    identity = letter["_id"]
    return f"{identity['k']}:{identity['o']}:{identity['g']}"


def _at(text: str) -> dict[str, Any]:
    """The query for the letters at these coordinates; without a generation, those of every generation."""
    match = _COORDINATES.fullmatch(text)
    if match is None:
        raise WrongSelection(f"{text!r} is not PARTITION:OFFSET or PARTITION:OFFSET:GENERATION, as `list` shows them")
    partition, offset, generation = match.groups()
    query = {"_id.k": int(partition), "_id.o": int(offset)}
    return query if generation is None else query | {"_id.g": int(generation)}


def _check(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    unknown = set(given) - set(known)
    if unknown:
        raise WrongSelection(f"there is no {what} {', '.join(sorted(unknown))}; there are {', '.join(known)}")
