"""Watches the records of tokens: a change stream, so that a revocation takes effect at once on every instance."""

import asyncio
import time
from typing import Any, Final

from pymongo.errors import PyMongoError

from api.auth.records import TokenRecords
from shared import logs
from shared.documents import API_TOKENS, Document
from shared.mongo import AsyncDatabase, brief

log = logs.logger(__name__)

_WAIT_SECONDS: Final = 1.0
"""How long MongoDB waits for a change before it says that there is none, which confirms what is believed."""
_RETRY_SECONDS: Final = 1.0
_OF_INTEREST: Final[list[dict[str, Any]]] = [{"$project": {"documentKey": 1}}]


class TokenWatch:
    """Tells `records` what changes. While there is no stream, they are read again instead, as their docstring says."""

    def __init__(self, database: AsyncDatabase, records: TokenRecords, timeout: float) -> None:
        self._tokens = database[API_TOKENS]
        self._records = records
        self._wait_ms = round(1000 * min(_WAIT_SECONDS, timeout / 2))
        self._broken = False

    async def run(self) -> None:
        """Watch until cancelled, again after every failure."""
        while True:
            try:
                await self._watch()
            except PyMongoError as error:
                self._tell_failure(error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _watch(self) -> None:
        since: float | None = None
        async with await self._tokens.watch(_OF_INTEREST, max_await_time_ms=self._wait_ms) as stream:
            while stream.alive:
                asked_at = time.monotonic()
                change: Document | None = await stream.try_next()
                if change is not None:
                    self._records.changed(change.get("documentKey", {}).get("_id"))
                    continue
                if since is None:
                    # The first wait without a change has outlasted every write that was on its way when it began.
                    since = time.monotonic()
                    self._tell_recovery()
                self._records.confirm(since, asked_at)

    def _tell_failure(self, error: PyMongoError) -> None:
        if not self._broken:
            log.warning(
                "changes of tokens cannot be watched, their records are read again every few seconds instead",
                error=brief(error),
            )
        self._broken = True

    def _tell_recovery(self) -> None:
        if self._broken:
            log.info("changes of tokens are watched again")
        self._broken = False
