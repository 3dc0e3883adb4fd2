"""How long the consumer waits before it tries MongoDB again, and what it logs when an outage begins and ends."""

import time
from typing import Final

from tenacity import wait_exponential, wait_random_exponential

from consumer.process.backoff import delay_seconds
from shared.logs import logger

FIRST_DELAY_SECONDS: Final = 0.1
"""The shortest pause after a first failure; the longest is twice as long.

Most failures last for a moment. At twice this, the attempt after such a moment comes up to 0.2 s later. At half, an
outage sees one attempt more before the pauses reach their limit.
"""
MOST_DELAY_SECONDS: Final = 3.0
"""The longest pause, reached with the fifth failure in a row.

Once MongoDB answers again, it is at most this long until somebody notices. At twice this, that is 6 of the 15 s that a
takeover may take. At half, each consumer makes twice as many attempts for as long as an outage lasts.
"""
_HALF: Final = MOST_DELAY_SECONDS / 2
PAUSES: Final = wait_exponential(FIRST_DELAY_SECONDS, _HALF) + wait_random_exponential(FIRST_DELAY_SECONDS, _HALF)
"""A fixed part that doubles with each failure in a row, and a random part from zero to as much again.

The pauses are 0.1 to 0.2 s, 0.2 to 0.4, 0.4 to 0.8, 0.8 to 1.6, and from the fifth failure on 1.5 to 3 s. The random
part spreads the consumers that an outage has met at the same moment; the fixed part makes each of them wait.
"""

log = logger(__name__)


class OutageBackoff:
    """Counts failures in a row, of rounds of claims and of batches alike. Polling thread only; never blocks.

    An outage lasts from the first failure to the next success. The poll loop goes on meanwhile, so that this process
    stays in Kafka's group.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._since = 0.0
        self._kind = ""

    @property
    def failing(self) -> bool:
        """Whether an outage lasts: the last attempt failed."""
        return self._failures > 0

    def failed(self, error: Exception) -> float:
        """Note a failure. Returns the monotonic time before which nothing should be tried again, as `PAUSES` draws it.

        The outage is logged once, and again when the kind of `error` changes.
        """
        now, kind = time.monotonic(), type(error).__name__
        if not self._failures:
            self._since = now
        if not self._failures or kind != self._kind:
            log.error("reading pauses, nothing is lost", kind=kind, reason=str(error))
        self._kind = kind
        self._failures += 1
        return now + delay_seconds(PAUSES, self._failures)

    def succeeded(self) -> None:
        """Note a success. An outage, if one lasted, is over, and its length is logged."""
        if self._failures:
            log.info("reading goes on", after_seconds=round(time.monotonic() - self._since, 1), failures=self._failures)
        self._failures = 0
