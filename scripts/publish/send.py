"""Send records to Kafka so that each is there exactly once, and count what Kafka acknowledged.

The producer is idempotent: a retry is never a second record, and the order within a partition is kept. Memory is
bounded by librdkafka's queue; when that is full, sending waits. A refusal that concerns one record (too large) is
counted and sending goes on; any other failure would meet every record after it, so sending stops.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from shared.settings import KafkaSettings

QUEUE_MESSAGES = 100_000
QUEUE_KIB = 64 * 1024
LARGEST_RECORD_BYTES = 64 * 1024 * 1024
POLL_SECONDS = 0.1
FLUSH_GRACE_SECONDS = 5.0

_ONE_RECORD_ONLY = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.INVALID_RECORD,
}


# Of connections, which are tried again until the records' time is over.
_NOT_LET_IN = {KafkaError._AUTHENTICATION, KafkaError._SSL}


class Record(Protocol):
    """What is sent: key and value as they go to Kafka."""

    @property
    def key(self) -> bytes | None:
        """None: any partition."""

    @property
    def value(self) -> bytes | None:
        """None: a tombstone."""


class PlainRecord(NamedTuple):
    """A record and nothing else."""

    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Delivery:
    """Counts of one run. `sent` were handed to the client; each ends as delivered, failed or unknown."""

    sent: int = 0
    delivered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    stopped: str = ""
    not_let_in: str = ""
    """Why a broker refused the connection itself, if one did."""
    seconds: float = 0.0

    @property
    def unknown(self) -> int:
        """Records that Kafka neither acknowledged nor refused; they may be there."""
        return self.sent - self.delivered - self.failed.total()

    @property
    def complete(self) -> bool:
        """Whether every record was sent and acknowledged."""
        return not self.stopped and self.delivered == self.sent


class Sender:
    """One producer. `on_progress` is called every tenth of a second or so, with the counts so far."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        timeout_seconds: float = 30.0,
        on_progress: Callable[[Delivery], None] = lambda delivery: None,
    ) -> None:
        self.delivery = Delivery()
        self._interrupted = False
        self._topic = settings.kafka_topic
        self._timeout_seconds = timeout_seconds
        self._on_progress = on_progress
        self._producer = Producer(_configuration(settings, timeout_seconds, self._on_delivery, self._on_error))

    def send(self, records: Iterable[Record], rate: float = 0.0) -> Delivery:
        """Send `records`, `rate` a second (0: as fast as possible), and wait until Kafka has answered for each.

        A record that was taken from `records` was sent, unless an earlier one failed.
        """
        started = time.monotonic()
        for record in self._paced(records, rate):
            self._produce(record)
            if self.delivery.stopped or self._interrupted:
                break
        self._flush()
        self.delivery.seconds = time.monotonic() - started
        self._on_progress(self.delivery)
        return self.delivery

    def interrupt(self) -> None:
        """From a signal handler or another thread: send no further record; what was sent is still waited for."""
        self._interrupted = True

    def _paced(self, records: Iterable[Record], rate: float) -> Iterator[Record]:
        """Each record when it is due; in slices of a hundredth of a second, each with a look at the reports."""
        started = time.monotonic()
        step = max(1, int(rate / 100)) if rate else 1000
        for number, record in enumerate(records):
            if number % step == 0:
                self._poll(0)
                while rate and (wait := started + number / rate - time.monotonic()) > 0 and not self._interrupted:
                    self._poll(min(wait, POLL_SECONDS))
            yield record

    def _produce(self, record: Record) -> None:
        while True:
            try:
                self._producer.produce(self._topic, record.value, record.key)
            except BufferError:
                self._poll(POLL_SECONDS)
                if self.delivery.stopped:
                    return
            except KafkaException as refused:
                self.delivery.sent += 1
                self._fail(refused.args[0])
                return
            else:
                self.delivery.sent += 1
                return

    def _poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        self._on_progress(self.delivery)

    def _flush(self) -> None:
        """Every record ends within its own timeout, so this does too; the grace is for the last report's way."""
        deadline = time.monotonic() + self._timeout_seconds + FLUSH_GRACE_SECONDS
        while len(self._producer) and time.monotonic() < deadline:
            self._producer.flush(POLL_SECONDS)
            self._on_progress(self.delivery)

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.delivery.delivered += 1
        else:
            self._fail(error)

    def _on_error(self, error: KafkaError) -> None:
        if error.code() in _NOT_LET_IN:
            self.delivery.not_let_in = error.str()

    def _fail(self, error: KafkaError) -> None:
        reason = f"{error.name()}: {error.str()}"
        self.delivery.failed[reason] += 1
        if error.code() not in _ONE_RECORD_ONLY:
            self.delivery.stopped = self.delivery.stopped or reason


def _configuration(
    settings: KafkaSettings,
    timeout_seconds: float,
    on_delivery: Callable[[KafkaError | None, Message], None],
    on_error: Callable[[KafkaError], None],
) -> dict[str, object]:
    timeout_ms = int(timeout_seconds * 1000)
    return {
        **settings.kafka_client(),
        "client.id": "product-analytics-publish",
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 5,
        "compression.type": "lz4",
        "delivery.timeout.ms": timeout_ms,
        # A missing topic is found missing before its messages time out for want of it.
        "topic.metadata.propagation.max.ms": min(timeout_ms // 2, 10_000),
        "queue.buffering.max.messages": QUEUE_MESSAGES,
        "queue.buffering.max.kbytes": QUEUE_KIB,
        # How large a record may be is the broker's to decide.
        "message.max.bytes": LARGEST_RECORD_BYTES,
        "on_delivery": on_delivery,
        "error_cb": on_error,
        # What goes wrong is told once, in the report, instead of by every connection attempt.
        "log_level": 2,
    }
