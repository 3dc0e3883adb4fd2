"""Whether the load balancer should send requests to this instance: what `/readyz` answers."""

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
"""How long a verdict serves every `/readyz`, so that these requests cannot load MongoDB. At half of it, MongoDB gets up
to twice as many questions; at twice, the load balancer learns up to a second later that MongoDB is away or back."""
_PING_SECONDS: Final = 1.0
"""How long MongoDB may take to answer. At half of it, a busy MongoDB makes instances unready that could still answer
requests; at twice, `/readyz` takes two seconds to say that MongoDB is silent."""


class Health:
    """Decides whether this instance is ready.

    `clock` gives UTC milliseconds. It is the clock by which the API decides what the last hour is, and it is compared
    with MongoDB's.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._draining = False
        self._checked_at = float("-inf")
        self._problem: str | None = None
        self._checking = asyncio.Lock()

    @property
    def draining(self) -> bool:
        """Whether this instance is ending: it still answers, but should be sent no further requests."""
        return self._draining

    def drain(self) -> None:
        """Make the instance unready from now on."""
        self._draining = True
        metrics.DRAINING.set(1)

    async def unreadiness(self, database: AsyncDatabase) -> str | None:
        """The reason why this instance is not ready, None when it is ready. Raises nothing.

        Asks MongoDB at most once a second; requests that come meanwhile wait for that question and share its answer.
        """
        if self._draining:
            return "this instance is ending"
        async with self._checking:
            if time.monotonic() - self._checked_at >= _KEPT_SECONDS:
                self._problem = await self._check(database)
                self._checked_at = time.monotonic()
        return self._problem

    async def _check(self, database: AsyncDatabase) -> str | None:
        """The reason by what MongoDB says: does it answer, can this program read its schema, do the clocks agree?"""
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
