"""Errors of Kafka's client: their text for a log line, and a log of those that the client reports again and again."""

import time

from confluent_kafka import KafkaError, KafkaException

from shared.logs import logger

REPEAT_SECONDS = 30.0
"""A kind of error is logged once in this time.

While a broker is away, librdkafka reports the same error at each attempt to reach it. At this number an outage of an
hour takes 120 lines a kind, at half of it 240. At twice, the last minute of the log may not show that it still lasts.
"""

log = logger(__name__)


class KafkaErrorLog:
    """Logs what Kafka's client reports, each kind of error at most once in `REPEAT_SECONDS`. Polling thread only."""

    def __init__(self) -> None:
        self._next: dict[int, float] = {}
        """By error code: the monotonic time from which it is logged again."""

    def log(self, error: KafkaError) -> None:
        """Log `error`, unless one with the same code was logged within `REPEAT_SECONDS`. Also librdkafka's `error_cb`.

        librdkafka deals with these errors itself, by trying again, so nobody has to act on a single one.
        """
        now = time.monotonic()
        if now >= self._next.get(error.code(), 0.0):
            self._next[error.code()] = now + REPEAT_SECONDS
            log.warning("Kafka's client reports a problem and goes on trying", kind=error.name(), reason=error.str())


def reason_of(error: KafkaException) -> str:
    """What the client says went wrong, such as "Local: Timed out", without the codes that `str(error)` wraps it in."""
    cause = error.args[0]
    return cause.str() if isinstance(cause, KafkaError) else str(cause)
