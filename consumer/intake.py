"""Kafka messages of leased partitions -> records. Everything that is judged is judged here, on the polling thread."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from bson.errors import BSONError
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from consumer.assignment import Assigned
from consumer.batch import Record
from consumer.decode import TimeLimits, decode
from consumer.encode import encode
from consumer.lease import Lease
from consumer.rejected import Headers, Source, rejected_document
from consumer.rejection import Rejection
from shared.events import Reason

Clock = Callable[[], datetime]


class Intake:
    """Judges messages by the clock's reading at the moment they are taken."""

    def __init__(self, topic: str, retention_days: int, copy_rejections: bool, clock: Clock) -> None:
        self._topic = topic
        self._retention_days = retention_days
        self._copy_rejections = copy_rejections
        self._clock = clock

    def take(self, assigned: Assigned, lease: Lease, messages: Iterable[Message]) -> tuple[list[Record], int]:
        """Records of one partition's messages, in order, and about how many bytes their documents have.

        What was fetched before the last seek is left out.
        """
        limits = TimeLimits.at(int(self._clock().timestamp() * 1000), self._retention_days)
        records, size = [], 0
        assigned.at_end = False
        partition, generation = lease.partition, lease.generation
        for message in messages:
            offset = message.offset()
            if offset is None or offset < assigned.position:
                continue
            assigned.position = offset + 1
            judged = decode(message.value(), _recorded_ms(message), limits)
            size += len(message)
            if isinstance(judged, Rejection):
                records.append(self._dead_letter(lease, message, judged))
                continue
            try:
                document = encode(judged, partition, offset, generation)
            except (BSONError, OverflowError, ValueError) as error:
                rejection = Rejection(Reason.REFUSED_BY_DATABASE, str(error))
                records.append(self._dead_letter(lease, message, rejection))
                continue
            size += len(document)
            records.append(Record(lease, offset, judged, document, message))
        return records, size

    def reject(self, record: Record, error: str) -> Record:
        """The dead letter of an accepted record that MongoDB refused with `error`."""
        return self._dead_letter(record.lease, record.message, Rejection(Reason.REFUSED_BY_DATABASE, error))

    def _dead_letter(self, lease: Lease, message: Message, rejection: Rejection) -> Record:
        offset = message.offset() or 0
        source = Source(
            topic=self._topic,
            generation=lease.generation,
            partition=lease.partition,
            offset=offset,
            timestamp_ms=_recorded_ms(message),
            key=message.key(),
            value=message.value(),
            headers=_headers(message),
        )
        document = rejected_document(source, rejection, self._clock(), self._copy_rejections)
        return Record(lease, offset, None, document, message)


def utc_now() -> datetime:
    """The clock of a real consumer."""
    return datetime.now(UTC)


def _recorded_ms(message: Message) -> int:
    """Kafka's timestamp of the record; -1, which is too old for any retention, where there is none."""
    kind, milliseconds = message.timestamp()
    return -1 if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds


def _headers(message: Message) -> Headers:
    """Names and values; a name that is not UTF-8 makes the client refuse them all, so it then gives none."""
    try:
        headers = message.headers() or []
    except UnicodeDecodeError:
        return []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]
