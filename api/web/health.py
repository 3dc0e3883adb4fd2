"""Whether this instance should be sent requests."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from pymongo.errors import PyMongoError

from api import metrics
from shared import schema
from shared.documents import MAINTENANCE, SCHEMA
from shared.errors import SchemaNewer
from shared.mongo import MAX_CLOCK_SKEW_SECONDS, AsyncDatabase, clock_skew_seconds

_KEPT_SECONDS: Final = 1.0
_PING_SECONDS: Final = 1.0


class Health:
    """Readiness. `clock` gives UTC milliseconds and is the one that windows are cut by."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._draining = False
        self._checked_at = float("-inf")
        self._problem: str | None = None
        self._checking = asyncio.Lock()

    @property
    def draining(self) -> bool:
        """Whether this instance is ending: it answers, but wants no further requests."""
        return self._draining

    def drain(self) -> None:
        """From this moment on the instance is not ready."""
        self._draining = True
        metrics.DRAINING.set(1)

    async def unreadiness(self, database: AsyncDatabase) -> str | None:
        """Why this instance is not ready, None when it is. MongoDB is asked at most once a second."""
        if self._draining:
            return "this instance is ending"
        async with self._checking:
            if time.monotonic() - self._checked_at >= _KEPT_SECONDS:
                self._problem = await self._check(database)
                self._checked_at = time.monotonic()
        return self._problem

    async def _check(self, database: AsyncDatabase) -> str | None:
        try:
            async with asyncio.timeout(_PING_SECONDS):
                hello = await database.command("hello")
                noted = await database[MAINTENANCE].find_one({"_id": SCHEMA})
        except (PyMongoError, TimeoutError):
            return "MongoDB does not answer"
        try:
            schema.checked(database.name, noted or {})
        except SchemaNewer as error:
            return str(error)
        skew = clock_skew_seconds(hello, datetime.fromtimestamp(self._clock() / 1000, UTC))
        if abs(skew) > MAX_CLOCK_SKEW_SECONDS:
            return f"the clock here is {skew:+.1f} s off MongoDB's, so the last hour cannot be told; correct the clock"
        return None
