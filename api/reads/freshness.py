"""How recent the answers are: the time up to which every partition of the topic was counted."""

import time
from datetime import UTC, datetime
from typing import Final

from api.reads.database import MongoReader
from api.reads.queries import caught_up_times
from shared import schema
from shared.documents import PARTITIONS, SCHEMA

_KEPT_SECONDS: Final = 1.0
"""Consumers write their progress at most once a second."""


class Freshness:
    """The oldest `caught_up_at` of the partitions.

    Ask before reading the sums: an answer is then at least as recent as it says. For the same reason a value up to a
    second old is as good as a new one.
    """

    def __init__(self, mongo: MongoReader) -> None:
        self._mongo = mongo
        self._read_at = float("-inf")
        self._as_of: str | None = None

    async def as_of(self) -> str | None:
        """RFC 3339; None while a partition has never been caught up, or there is none. Raises StoreUnavailable, and
        SchemaNewer where sums may mean something else than this program knows."""
        asked_at = time.monotonic()
        if asked_at - self._read_at > _KEPT_SECONDS:
            rows = await self._mongo.aggregate("freshness", PARTITIONS, caught_up_times())
            schema.checked(self._mongo.database_name, next((row for row in rows if row.get("_id") == SCHEMA), {}))
            rows = [row for row in rows if "_id" not in row]
            times: list[datetime | None] = [row.get("caught_up_at") for row in rows]
            known = [time for time in times if time is not None]
            self._as_of = rfc3339(min(known)) if known and len(known) == len(times) else None
            self._read_at = asked_at
        return self._as_of


def rfc3339(moment: datetime) -> str:
    """UTC, to the millisecond: 2026-06-01T12:00:00.000Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
