"""Turns what an operator asked for into a MongoDB query: letters by coordinates, reason, partition, time and state."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from scripts.common.documents import leniently
from shared.documents import REJECTED_EVENTS, Document, LetterState
from shared.events import RETIRED_REASONS, Reason
from shared.mongo import SyncDatabase

STATES: Final = tuple(state.value for state in LetterState)
_COORDINATES: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,19})(?::([0-9]{1,10}))?", re.ASCII)
_FETCHED_AT_ONCE: Final = 100
"""Most letters are small, and MongoDB ends a reply at 16 MiB, so large ones do not fill the memory. Half as many take
twice as many round trips; twice as many save few."""


_SIZE: Final = {
    "$ifNull": [
        "$value_bytes",
        {"$cond": [{"$in": [{"$type": "$value"}, ["binData", "string"]]}, {"$binarySize": "$value"}, 0]},
    ]
}
"""The length of a letter's whole value, for an aggregation. Only a letter that was cut has `value_bytes`."""


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
        _check("reason", self.reasons, [*Reason, *sorted(RETIRED_REASONS)])
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

    def find(self, database: SyncDatabase) -> Iterator[Document]:
        """Yield the letters in order of partition and offset, some of them in memory at a time.

        Raises WrongSelection, PyMongoError.
        """
        letters = leniently(database)[REJECTED_EVENTS].find(self.query(), batch_size=_FETCHED_AT_ONCE).sort("_id", 1)
        with letters:
            yield from letters

    def summaries(self, database: SyncDatabase, limit: int) -> list[Document]:
        """The `limit` letters that were rejected last, the newest first, without key, value and headers.

        `size` is the whole value's length in bytes. Raises WrongSelection, PyMongoError.
        """
        stages: list[dict[str, Any]] = [
            {"$match": self.query()},
            {"$set": {"size": _SIZE}},
            {"$unset": ["key", "value", "headers"]},
            {"$sort": {"rejected_at": -1, "_id": -1}},
            {"$limit": limit},
        ]
        return list(leniently(database)[REJECTED_EVENTS].aggregate(stages))

    def count_by_reason(self, database: SyncDatabase) -> dict[str, int]:
        """How many letters there are of each reason. Raises WrongSelection, PyMongoError."""
        stages: list[dict[str, Any]] = [
            {"$match": self.query()},
            {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
        ]
        return {str(group["_id"]): group["count"] for group in leniently(database)[REJECTED_EVENTS].aggregate(stages)}


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
