"""Watches the records of tokens by a change stream, so that a revocation takes effect at once on every instance."""

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
"""How long MongoDB waits for a change before it answers that there is none. That answer confirms every kept record as
of the moment the wait began, so the last confirmation is 1 to 2 s old: within the trust of 3 s. Half the time would
ask MongoDB twice as often. With twice the time the confirmation would be 2 to 4 s old, so that trust would run out in
every wait and records be read again."""

_RETRY_SECONDS: Final = 1.0
"""Pause before the stream is opened again after a failure. Meanwhile records are read again every few seconds. Half the
time would ask a MongoDB that is away twice as often; twice the time would make those reads go on for a second more."""

_OF_INTEREST: Final[list[dict[str, Any]]] = [{"$project": {"documentKey": 1}}]
"""Of a change only the `_id` of its record: what changed is read from the record."""


class TokenWatch:
    """Reports each change of a token's record to `records`, and confirms to it when there was none.

    While there is no stream, `records` reads the records again instead, as `TokenRecords` says. `timeout` is the
    deadline of a MongoDB call in seconds.
    """

    def __init__(self, database: AsyncDatabase, records: TokenRecords, timeout: float) -> None:
        self._tokens = database[API_TOKENS]
        self._records = records
        # Half the deadline at the most: waiting for a change must not look like a MongoDB that does not answer.
        self._wait_ms = round(1000 * min(_WAIT_SECONDS, timeout / 2))
        self._broken = False

    async def run(self) -> None:
        """Watch until cancelled. Opens the stream again after every failure."""
        while True:
            try:
                await self._watch()
            except PyMongoError as error:
                self._log_failure(error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _watch(self) -> None:
        """Follow one stream until it ends (the collection was dropped) or fails, which raises PyMongoError."""
        since: float | None = None
        async with await self._tokens.watch(_OF_INTEREST, max_await_time_ms=self._wait_ms) as stream:
            while stream.alive:
                asked_at = time.monotonic()
                change: Document | None = await stream.try_next()
                if change is not None:
                    # The drop of the collection has no `documentKey`: any record may be gone.
                    self._records.changed(change.get("documentKey", {}).get("_id"))
                    continue
                if since is None:
                    # This stream confirms no record that was read before this moment. A write that was on its way
                    # when the stream was opened is not reported by it, and a read of that time may have missed it
                    # too. The first wait without a change has outlasted all such writes.
                    since = time.monotonic()
                    self._log_recovery()
                self._records.confirm(since, asked_at)

    def _log_failure(self, error: PyMongoError) -> None:
        if not self._broken:
            log.warning(
                "changes of tokens cannot be watched, their records are read again every few seconds instead",
                error=brief(error),
            )
        self._broken = True

    def _log_recovery(self) -> None:
        if self._broken:
            log.info("changes of tokens are watched again")
        self._broken = False
