"""What an outage does to the loop: how long until the next attempt, and a line at its start, end and new reason."""

import random
import time

from shared.logs import logger

FIRST_DELAY_SECONDS = 0.1
MOST_DELAY_SECONDS = 3.0

log = logger(__name__)


class OutageBackoff:
    """Counts failures in a row. Open from the first failure to the next success; the loop polls on meanwhile."""

    def __init__(self) -> None:
        self._failures = 0
        self._since = 0.0
        self._kind = ""

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def failed(self, error: Exception) -> float:
        """Note a failure. Returns the monotonic time of the next attempt: doubling delays with full jitter."""
        now, kind = time.monotonic(), type(error).__name__
        if not self._failures:
            self._since = now
        if not self._failures or kind != self._kind:
            log.error("reading pauses, nothing is lost", kind=kind, reason=str(error))
        self._kind = kind
        self._failures += 1
        longest = min(MOST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** min(self._failures, 10))
        return now + random.uniform(longest / 2, longest)

    def succeeded(self) -> None:
        """Note a success."""
        if self._failures:
            log.info("reading goes on", after_seconds=round(time.monotonic() - self._since, 1), failures=self._failures)
        self._failures = 0
