"""Adds the keys of names that a consumer of an older version leaves out, while both run: see `shared.name_index`."""

from typing import Final

from consumer.process.duty import Duty
from shared.logs import logger
from shared.mongo import SyncDatabase
from shared.name_index import add_missing_keys

ROUND_SECONDS: Final = 60.0
"""How often a consumer looks, by one query that finds nothing but during an update. At twice of it, a search misses a
product that an old consumer has renamed for two minutes; at half, every consumer asks twice as often for nothing."""

log = logger(__name__)


class NameKeys(Duty):
    """A thread that looks for documents without a key, every minute.

    Not at its start: before its first claim a consumer migrates the database, which adds the keys.
    """

    def __init__(self, database: SyncDatabase, round_seconds: float = ROUND_SECONDS) -> None:
        failing = "searches may miss products that an older consumer named"
        super().__init__("name keys", failing, again_seconds=round_seconds, first_seconds=round_seconds)
        self._database = database
        self._round_seconds = round_seconds

    def work(self) -> float:
        """Add the keys that are missing. Raises PyMongoError."""
        written = add_missing_keys(self._database)
        if written:
            log.info("names of products got the keys that an older consumer left out", products=written)
        return self._round_seconds
