"""Writes when tokens were last used: in the background, for each at most once a minute. No request waits for it."""

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
"""At most one write a token in this time, by all instances together. So the stored time may be up to a minute older
than the last use, which is little beside idle ends of days. Half the time would double the writes that busy tokens
cause; twice the time would halve them and let the stored time be two minutes older."""

_PERIOD_SECONDS: Final = 5.0
"""How often the notes are written, all in one command. An instance that is killed loses the notes of this time. Half of
it loses less and writes twice as often; twice of it loses more."""


class TokenUse:
    """Notes which tokens were used and writes that to `token_uses` in the background.

    A use that cannot be written is forgotten: a busy token has another a minute later. `clock` gives UTC milliseconds.
    """

    def __init__(self, database: AsyncDatabase, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._uses = database[TOKEN_USES]
        self._noted: dict[str, datetime] = {}
        """Last use of each token, not written yet."""
        self._written: dict[str, float] = {}
        """When this instance last wrote a token's use, in seconds of the monotonic clock; of the last minute only."""

    def note(self, token: str) -> None:
        """Note that the token whose record has this `_id` was used just now. Does not block."""
        if token not in self._written:
            self._noted[token] = datetime.fromtimestamp(self._clock() / 1000, UTC)

    async def run(self) -> None:
        """Write every 5 seconds, until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what was noted, and forget it. Logs an error of MongoDB instead of raising it.

        At most one write a minute per token: a use within 60 s of the last written one is not written. `note` leaves it
        out when this instance wrote that one, and the condition in `_update` when another instance did.
        """
        now = time.monotonic()
        self._written = {t: at for t, at in self._written.items() if now - at < INTERVAL.total_seconds()}
        noted, self._noted = self._noted, {}
        if not noted:
            return
        self._written |= dict.fromkeys(noted, now)
        try:
            await self._uses.bulk_write([_update(token, at) for token, at in noted.items()], ordered=False)
        except PyMongoError as error:
            log.warning("the last use of tokens was not written", tokens=len(noted), error=brief(error))


def _update(token: str, used_at: datetime) -> UpdateOne:
    """Set a token's last use, unless an instance has written a use of the minute before `used_at`.

    With 12:00:00 stored, a use at 12:00:59 changes nothing and a use at 12:01:00 is written. A document without a last
    use, or none at all, is written too: MongoDB compares a missing field as less than any time. Where the value stays
    the same, MongoDB writes nothing.
    """
    due = {"$lte": ["$last_used_at", used_at - INTERVAL]}
    return UpdateOne(
        {"_id": token}, [{"$set": {"last_used_at": {"$cond": [due, used_at, "$last_used_at"]}}}], upsert=True
    )
