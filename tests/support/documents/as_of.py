"""Whether as-of ever claimed more than was stored: everything that Kafka held at `caught_up_at` must be."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.documents.invariant import Coordinates

SAMPLE_SECONDS = 0.1
"""Statuses are written once a second, and the offsets beside them move ten times in it; each look sees another pair."""
CALL_MS = 1_000
"""Deadline of a look; MongoDB may be away."""


class Claim(NamedTuple):
    """What MongoDB said of one partition at one look."""

    caught_up_at: datetime
    generation: int
    next_offset: int


class AsOfWatch:
    """A thread that samples each partition's `caught_up_at`, and beside it what is stored then."""

    def __init__(self, uri: str, database: str) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            uri, timeoutMS=CALL_MS, serverSelectionTimeoutMS=CALL_MS, connectTimeoutMS=CALL_MS, tz_aware=True
        )
        self._statuses = self._client[database].partition_status
        self._claims: dict[int, set[Claim]] = defaultdict(set)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="as-of-watch", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching. May be called twice."""
        self._ends.set()
        self._thread.join()
        self._client.close()

    @property
    def claims(self) -> int:
        """How many different claims it has seen."""
        return sum(map(len, self._claims.values()))

    def lies(self, acknowledged: Iterable[tuple[datetime, Coordinates]]) -> list[str]:
        """Each claim that was untrue, in words. `acknowledged` says when Kafka acknowledged each message."""
        messages: dict[int, list[tuple[datetime, Coordinates]]] = defaultdict(list)
        for at, coordinates in acknowledged:
            messages[coordinates.partition].append((at, coordinates))
        found = []
        for partition, of_partition in messages.items():
            of_partition.sort()
            times = [at for at, _ in of_partition]
            furthest = list(accumulate((coordinates for _, coordinates in of_partition), max))
            for claim in self._claims[partition]:
                before = bisect_left(times, claim.caught_up_at)
                stored = Coordinates(claim.generation, partition, claim.next_offset)
                if before and furthest[before - 1] >= stored:
                    found.append(f"{claim} although {furthest[before - 1]} was acknowledged before")
        return found

    def _run(self) -> None:
        beside = {"from": "partitions", "localField": "_id", "foreignField": "_id", "as": "stored"}
        while not self._ends.wait(SAMPLE_SECONDS):
            with suppress(PyMongoError):
                # One command, so one server answers, and it reads the status before what is stored.
                for status in self._statuses.aggregate([{"$lookup": beside}]):
                    (stored,) = status["stored"]
                    if "caught_up_at" in status:
                        claim = Claim(status["caught_up_at"], stored["generation"], stored["next_offset"])
                        self._claims[status["_id"]["k"]].add(claim)
