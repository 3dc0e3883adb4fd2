"""Errors that Kafka's client repeats: each kind is logged once, and again while it lasts."""

import time

from confluent_kafka import KafkaError

from shared.logs import logger

REPEAT_SECONDS = 30.0

log = logger(__name__)


class KafkaErrorLog:
    """Logs client errors, each code at most once in `REPEAT_SECONDS`."""

    def __init__(self) -> None:
        self._next: dict[int, float] = {}

    def log(self, error: KafkaError) -> None:
        """Log `error` unless its like has just been logged. Also librdkafka's `error_cb`."""
        now = time.monotonic()
        if now >= self._next.get(error.code(), 0.0):
            self._next[error.code()] = now + REPEAT_SECONDS
            log.warning("Kafka's client reports a problem and goes on trying", kind=error.name(), reason=error.str())
