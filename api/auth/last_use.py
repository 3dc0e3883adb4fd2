"""When tokens were last used: written a while later, at most once a minute a token, never while a request waits."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from shared import logs
from shared.documents import TOKEN_USES
from shared.mongo import AsyncDatabase, brief

log = logs.logger(__name__)

INTERVAL: Final = timedelta(minutes=1)
_PERIOD_SECONDS: Final = 5.0


class TokenUse:
    """Collects uses and writes them in the background. A use that cannot be written is forgotten.

    `clock` gives UTC milliseconds.
    """

    def __init__(self, database: AsyncDatabase, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._uses = database[TOKEN_USES]
        self._used: dict[str, datetime] = {}
        self._written: dict[str, float] = {}

    def note(self, token: str) -> None:
        """The token with this digest was used just now."""
        if token not in self._written:
            self._used[token] = datetime.fromtimestamp(self._clock() / 1000, UTC)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what was noted and is not younger than the last write by less than the interval."""
        now = time.monotonic()
        self._written = {t: at for t, at in self._written.items() if now - at < INTERVAL.total_seconds()}
        used, self._used = self._used, {}
        if not used:
            return
        self._written |= dict.fromkeys(used, now)
        try:
            await self._uses.bulk_write([_update(token, at) for token, at in used.items()], ordered=False)
        except PyMongoError as error:
            log.warning("the last use of tokens was not written", tokens=len(used), error=brief(error))


def _update(token: str, used_at: datetime) -> UpdateOne:
    """Other instances write as well: the condition keeps all of them together to one write an interval."""
    # No use yet compares as less than any time. A value that stays is not written.
    due = {"$lte": ["$last_used_at", used_at - INTERVAL]}
    return UpdateOne(
        {"_id": token}, [{"$set": {"last_used_at": {"$cond": [due, used_at, "$last_used_at"]}}}], upsert=True
    )
