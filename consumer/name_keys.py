"""Adds the keys of names that a consumer of an older version leaves out, while both run: see `shared.name_index`."""

import threading
from typing import Final

from pymongo.errors import PyMongoError

from shared.logs import logger
from shared.mongo import SyncDatabase, brief
from shared.name_index import add_missing_keys

ROUND_SECONDS: Final = 60.0
"""How often a consumer looks, by one query that finds nothing but during an update. At twice of it, a search misses a
product that an old consumer has renamed for two minutes; at half, every consumer asks twice as often for nothing."""
STOP_SECONDS: Final = 1.0
"""How long `stop` waits for the thread. At twice this, the process ends a second later while MongoDB is silent; at
half, a slice that is being written is more often cut off, which does no harm."""

log = logger(__name__)


class NameKeys:
    """A thread that looks for documents without a key, every minute.

    Not at its start: before its first claim a consumer migrates the database, which adds the keys.
    """

    def __init__(self, database: SyncDatabase, round_seconds: float = ROUND_SECONDS) -> None:
        self._database = database
        self._round_seconds = round_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="name keys", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Waits for it for `STOP_SECONDS` at most."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(self._round_seconds):
            try:
                written = add_missing_keys(self._database)
                if written:
                    log.info("names of products got the keys that an older consumer left out", products=written)
            except PyMongoError as error:
                log.warning("searches may miss products that an older consumer named", reason=brief(error))
