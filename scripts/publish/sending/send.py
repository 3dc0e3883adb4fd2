"""Sends records to Kafka, each exactly once, and counts what Kafka acknowledged.

The producer is idempotent: a retry never adds a second record, and the order within a partition is kept. Records wait
in librdkafka's queue, which bounds the memory; while it is full, sending waits. If the broker refuses one record alone,
for example because it is too large, the sender counts the record as failed and goes on. Any other failure would meet
every later record as well, so the sender stops.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from scripts.common.fates.places import Place
from scripts.publish.sending.delivery import KEPT_FAILURES, Acknowledged, Delivery, Failure, Silence
from scripts.publish.sending.producer_settings import configuration
from scripts.publish.sending.records import Record, TracedRecord
from shared.settings import KafkaSettings

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


class Sender:
    """Sends records of one run by a producer of its own.

    `on_progress` gets the counts so far, at least every `POLL_SECONDS` while the sender waits. `on_silence` gets them
    when Kafka has answered nothing for `SILENCE_SECONDS` although records wait, once for each such silence.
    `timeout_seconds` is how long a record may wait for Kafka's acknowledgement. Making a sender raises KafkaException
    if the client does not take a setting; it does not connect yet.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        timeout_seconds: float = 30.0,
        on_progress: Callable[[Delivery], None] = lambda delivery: None,
        on_silence: Callable[[Delivery], None] = lambda delivery: None,
    ) -> None:
        self.delivery = Delivery()
        self._silence = Silence(on_silence)
        self._topic = settings.kafka_topic
        self._timeout_seconds = timeout_seconds
        self._on_progress = on_progress
        self._producer = Producer(configuration(settings, timeout_seconds, self._on_delivery, self._on_error))

    def send(self, records: Iterable[Record], rate: float = 0.0) -> Delivery:
        """Send `records`, `rate` a second (0: as fast as possible). Blocks until Kafka has answered for each of them,
        or their time is over. Call it once.

        Every record that is taken from `records` is sent, unless an earlier failure stops the run while it waits for
        room in the queue. So a caller who counts the records as they are taken counts those that were sent.
        """
        started = time.monotonic()
        for record in self._paced(records, rate):
            self._produce(record)
            if self.delivery.stopped or self.delivery.interrupted:
                break
        self._flush()
        self.delivery.seconds = time.monotonic() - started
        self._on_progress(self.delivery)
        return self.delivery

    def idle(self) -> None:
        """Take what Kafka has answered meanwhile. For a caller whose next record is long in coming, on the thread of
        `send`, and never while `send` does something else than wait for that record."""
        self._poll(0)

    def interrupt(self) -> None:
        """Make `send` take no further record; it still waits for those that it has sent. May be called from a signal
        handler or another thread."""
        self.delivery.interrupted = True

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
                while (
                    rate and (wait := started + number / rate - time.monotonic()) > 0 and not self.delivery.interrupted
                ):
                    self._poll(min(wait, POLL_SECONDS))
            yield record

    def _produce(self, record: Record) -> None:
        """Hand a record to the client; waits while its queue is full."""
        report = partial(self._on_traced, record.origin) if isinstance(record, TracedRecord) else None
        while True:
            try:
                self._producer.produce(self._topic, record.value, record.key, on_delivery=report)
            except BufferError:
                self._poll(POLL_SECONDS)
                if self.delivery.stopped:
                    return
            except KafkaException as refused:
                self._count(record)
                self._fail(refused.args[0])
                if isinstance(record, TracedRecord):
                    self._note(record.origin, refused.args[0], None)
                return
            else:
                self._count(record)
                return

    def _count(self, record: Record) -> None:
        """Note that a record was handed to the client. Its delivery report comes later, while the client is polled."""
        self.delivery.sent += 1
        if isinstance(record, TracedRecord):
            self.delivery.last_origin = record.origin
            self.delivery.unanswered[record.origin] = None

    def _poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        self._show()

    def _show(self) -> None:
        self._on_progress(self.delivery)
        self._silence.watch(self.delivery)

    def _flush(self) -> None:
        """Wait until every record has ended. Each ends within its own timeout, so this wait is bounded too."""
        deadline = time.monotonic() + self._timeout_seconds + FLUSH_GRACE_SECONDS
        while len(self._producer) and time.monotonic() < deadline:
            self._producer.flush(POLL_SECONDS)
            self._show()

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.delivery.delivered += 1
        else:
            self._fail(error)

    def _on_traced(self, origin: str, error: KafkaError | None, message: Message) -> None:
        self._on_delivery(error, message)
        self.delivery.unanswered.pop(origin, None)
        partition, offset = message.partition(), message.offset()
        if error is not None:
            self._note(origin, error, partition)
        elif partition is not None and offset is not None:
            first, _ = self.delivery.ranges.get(partition, (offset, offset))
            self.delivery.ranges[partition] = (first, offset)
            self.delivery.last = Acknowledged(Place(partition, offset), message.timestamp()[1])

    def _note(self, origin: str, error: KafkaError, partition: int | None) -> None:
        self.delivery.unanswered.pop(origin, None)
        if len(self.delivery.failures) < KEPT_FAILURES:
            known = partition if partition is not None and partition >= 0 else None
            self.delivery.failures.append(Failure(origin, _reason(error), known))

    def _on_error(self, error: KafkaError) -> None:
        self.delivery.trouble = error.str()
        if error.code() in _CONNECTION_ERRORS:
            self.delivery.connection_error = error.str()

    def _fail(self, error: KafkaError) -> None:
        reason = _reason(error)
        self.delivery.failed[reason] += 1
        if error.code() not in _ONE_RECORD_ONLY:
            self.delivery.stopped = self.delivery.stopped or reason


def _reason(error: KafkaError) -> str:
    return f"{error.name()}: {error.str()}"
