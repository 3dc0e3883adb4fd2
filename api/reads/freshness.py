"""How recent the answers are: the time up to which every partition of the topic was counted."""

import time
from datetime import UTC, datetime
from typing import Final

from api.reads.database import MongoReader
from api.reads.queries import caught_up_times
from shared import schema
from shared.documents import PARTITIONS, SCHEMA

_KEPT_SECONDS: Final = 1.0
"""How long an as-of is used again, so that an instance asks for it about once a second. Consumers write their status at
most once a second: half the time would double these queries and find little new, twice the time would let `Data-As-Of`
lag a second more."""


class Freshness:
    """The as-of: the oldest `caught_up_at` of all partitions.

    With partition 0 caught up at 12:00:00.000 and partition 1 at 11:59:59.123, the as-of is 11:59:59.123. If partition
    2 has never been caught up, nobody knows what it still holds, and there is no as-of.

    Ask for it before reading the sums: an answer is then at least as recent as it says. For the same reason an as-of
    that is up to a second old may be used again: it claims too little, never too much.
    """

    def __init__(self, mongo: MongoReader) -> None:
        self._mongo = mongo
        self._read_at = float("-inf")
        self._as_of: str | None = None

    async def as_of(self) -> str | None:
        """The as-of in RFC 3339; None while a partition has never been caught up, or when there are no partitions.

        Raises DatabaseUnavailable. Raises SchemaNewer when a newer version has migrated the database: its sums may mean
        something that this program does not know.
        """
        asked_at = time.monotonic()
        if asked_at - self._read_at > _KEPT_SECONDS:
            rows = await self._mongo.aggregate("freshness", PARTITIONS, caught_up_times())
            schema.checked(self._mongo.database_name, next((row for row in rows if row.get("_id") == SCHEMA), {}))
            # The rows of partitions have no `_id`: the projection leaves it out.
            times: list[datetime | None] = [row.get("caught_up_at") for row in rows if "_id" not in row]
            known = [time for time in times if time is not None]
            self._as_of = rfc3339(min(known)) if known and len(known) == len(times) else None
            self._read_at = asked_at
        return self._as_of


def rfc3339(moment: datetime) -> str:
    """UTC, cut to the millisecond: 2026-06-01T12:00:00.007Z for 14:00:00.007999 at +02:00."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
