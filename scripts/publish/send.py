"""Sends records to Kafka, each exactly once, and counts what Kafka acknowledged.

The producer is idempotent: a retry never adds a second record, and the order within a partition is kept. Records wait
in librdkafka's queue, which bounds the memory; while it is full, sending waits. If the broker refuses one record alone,
for example because it is too large, the sender counts the record as failed and goes on. Any other failure would meet
every later record as well, so the sender stops.
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
"""How much may wait for Kafka. Twice as much takes twice the memory, and an interrupted run waits longer for what it
has sent; half as much makes sending wait sooner while a broker pauses."""
LARGEST_RECORD_BYTES = 64 * 1024 * 1024
"""The client's limit is as large as its queue, so that the broker's limit decides. A lower one would fail records that
the broker takes; a higher one would allow records that do not fit into the queue."""
POLL_SECONDS = 0.1
"""The longest wait before the sender shows its progress and notices an interruption. At twice this, Ctrl-C is answered
later; at half, the sender wakes up twice as often for nothing."""
FLUSH_GRACE_SECONDS = 5.0
"""After the last record's time is over, its delivery report may take this long. It is a bound for a client that hangs:
a client that works reports at once, so twice or half the time changes nothing then."""

# A broker refuses a record with one of these codes for what the record is; it may take the next record.
_ONE_RECORD_ONLY = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.INVALID_RECORD,
}


# Kafka's client tries to connect again after these errors, until the records' time is over.
_CONNECTION_ERRORS = {KafkaError._AUTHENTICATION, KafkaError._SSL}


class Record(Protocol):
    """What `Sender` sends: a key and a value, as they go to Kafka."""

    @property
    def key(self) -> bytes | None:
        """Decides the partition; None lets the client choose any."""

    @property
    def value(self) -> bytes | None:
        """None is a tombstone."""


class KeyAndValue(NamedTuple):
    """A record that holds nothing else; a `GeneratedMessage` is a record that also says what is expected of it."""

    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Delivery:
    """Counts of one run. Each record that was sent ends as delivered, failed or unknown."""

    sent: int = 0
    """Records handed to Kafka's client."""
    delivered: int = 0
    """Records that Kafka acknowledged."""
    failed: Counter[str] = field(default_factory=Counter)
    """How many records failed, by the reason that Kafka's client gives."""
    stopped: str = ""
    """The failure that ended the run because every later record would meet it; empty: none."""
    connection_error: str = ""
    """Why a broker refused the connection itself; empty: none did."""
    seconds: float = 0.0

    @property
    def unknown(self) -> int:
        """Records that Kafka neither acknowledged nor refused; they may be in Kafka or not."""
        return self.sent - self.delivered - self.failed.total()

    @property
    def complete(self) -> bool:
        """Whether Kafka acknowledged every record, and no failure ended the run."""
        return not self.stopped and self.delivered == self.sent


class Sender:
    """Sends records of one run by a producer of its own.

    `on_progress` gets the counts so far, at least every `POLL_SECONDS` while the sender waits. `timeout_seconds` is how
    long a record may wait for Kafka's acknowledgement. Making a sender raises KafkaException if the client does not
    take a setting; it does not connect yet.
    """

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
        """Send `records`, `rate` a second (0: as fast as possible). Blocks until Kafka has answered for each of them,
        or their time is over. Call it once.

        Every record that is taken from `records` is sent, unless an earlier failure stops the run while it waits for
        room in the queue. So a caller who counts the records as they are taken counts those that were sent.
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
        """Make `send` take no further record; it still waits for those that it has sent. May be called from a signal
        handler or another thread."""
        self._interrupted = True

    def _paced(self, records: Iterable[Record], rate: float) -> Iterator[Record]:
        """Yield each record when it is due, and serve delivery reports between slices.

        A slice is what is due in a hundredth of a second: at 5,000 records a second, 50 records are sent at once, and
        then the sender waits until the next 50 are due. Without a rate, a slice is 1,000 records and no wait.
        """
        started = time.monotonic()
        step = max(1, int(rate / 100)) if rate else 1000
        for number, record in enumerate(records):
            if number % step == 0:
                self._poll(0)
                while rate and (wait := started + number / rate - time.monotonic()) > 0 and not self._interrupted:
                    self._poll(min(wait, POLL_SECONDS))
            yield record

    def _produce(self, record: Record) -> None:
        """Hand a record to the client; waits while its queue is full."""
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
        """Wait until every record has ended. Each ends within its own timeout, so this wait is bounded too."""
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
        if error.code() in _CONNECTION_ERRORS:
            self.delivery.connection_error = error.str()

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
        # The client waits this long for a topic to appear, then says that it is missing: before its messages time out.
        "topic.metadata.propagation.max.ms": min(timeout_ms // 2, 10_000),
        "queue.buffering.max.messages": QUEUE_MESSAGES,
        "queue.buffering.max.kbytes": QUEUE_KIB,
        "message.max.bytes": LARGEST_RECORD_BYTES,
        "on_delivery": on_delivery,
        "error_cb": on_error,
        # The report says once what went wrong; the client's log would say it at every attempt to connect.
        "log_level": 2,
    }
