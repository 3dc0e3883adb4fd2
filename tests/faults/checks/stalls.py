"""How long consumers wrote nothing although there was something to read, by the stored offsets."""

import threading
import time
from collections.abc import Callable

from pymongo import MongoClient
from pymongo.errors import PyMongoError

SAMPLE_SECONDS = 0.2
"""The longest stall is known to about this."""
CALL_MS = 1_000
"""Deadline of a look; MongoDB may be away."""


class StallWatch:
    """A thread that samples `partitions.next_offset`; a look that MongoDB does not answer counts as no progress.

    `published` returns how many messages are acknowledged at the moment.
    """

    def __init__(self, uri: str, database: str, published: Callable[[], int]) -> None:
        self.longest_seconds = 0.0
        self._client: MongoClient[dict[str, int]] = MongoClient(
            uri, timeoutMS=CALL_MS, serverSelectionTimeoutMS=CALL_MS, connectTimeoutMS=CALL_MS
        )
        self._partitions = self._client[database].partitions
        self._published = published
        self._handled = 0
        self._advanced_at = time.monotonic()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stall-watch", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    @property
    def is_watching(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop watching; `longest_seconds` keeps the result."""
        self._ends.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._ends.wait(SAMPLE_SECONDS):
            published = self._published()
            try:
                handled = sum(one["next_offset"] - one["first_offset"] for one in self._partitions.find())
            except PyMongoError:
                handled = self._handled
            now = time.monotonic()
            if handled != self._handled or handled >= published:
                self._advanced_at = now
            self._handled = handled
            self.longest_seconds = max(self.longest_seconds, now - self._advanced_at)
