"""What Kafka says of offsets that nothing in MongoDB stands for.

A gap is lawful where Kafka gives no record: control records, aborted transactions, compaction. Where it gives one,
that message is lost, unless its event lies in a day that the audit has not read. Below what Kafka still holds, nobody
can tell.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from consumer.partitions.brokers import QUIET, Brokers, LogState
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings

SILENCE_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.1
"""A call that asks for many waits this long for the last of them."""
CHUNK: Final = 1_000
JOINED: Final = 20_000
"""Gaps closer together than this are read in one go: reading on is quicker than seeking."""

Gap = tuple[int, int]


class Log:
    """One topic, read without a group of its own. Raises SourceUnavailable when Kafka does not answer."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._topic = settings.kafka_topic
        self._brokers = Brokers(settings, "audit")
        self._settings = settings

    # A new leader is learnt of by a refusal of the old one, and may refuse as well until it has been told itself.
    @retry(
        retry=retry_if_exception_type(SourceUnavailable),
        stop=stop_after_delay(SILENCE_SECONDS),
        wait=wait_fixed(POLL_SECONDS),
        reraise=True,
    )
    def state(self, partition: int) -> LogState:
        """The topic's id and the ends of a partition."""
        return self._brokers.ask(partition).answer()

    def offset_at(self, partition: int, time_ms: int) -> int | None:
        """The first offset that Kafka recorded at `time_ms` or later; None where there is none yet."""
        reader = Consumer(self._configuration())
        try:
            (found,) = reader.offsets_for_times(
                [TopicPartition(self._topic, partition, time_ms)], timeout=SILENCE_SECONDS
            )
        except KafkaException as error:
            raise SourceUnavailable(f"Kafka does not tell an offset of partition {partition}: {error}") from error
        finally:
            reader.close()
        offset: int = found.offset
        return None if offset < 0 else offset

    def records_in(self, partition: int, gaps: Iterable[Gap]) -> Iterator[Message]:
        """The records that Kafka gives a reader for the offsets of `gaps`, which are in order."""
        for first, end, wanted in _joined(gaps):
            reader = Consumer(self._configuration())
            try:
                reader.assign([TopicPartition(self._topic, partition, first)])
                yield from self._read(reader, partition, end, wanted)
            finally:
                reader.close()

    def _read(self, reader: Consumer, partition: int, end: int, wanted: list[Gap]) -> Iterator[Message]:
        place = TopicPartition(self._topic, partition)
        gaps = iter(wanted)
        gap = next(gaps)
        heard = time.monotonic()
        while not _past(reader, place, end):
            messages = reader.consume(CHUNK, POLL_SECONDS)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                raise SourceUnavailable(f"Kafka gave nothing of partition {partition} for {SILENCE_SECONDS:.0f} s")
            for message in messages:
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    return
                if error is not None:
                    raise SourceUnavailable(f"Kafka does not give partition {partition}: {error}")
                offset = message.offset() or 0
                if offset >= end:
                    return
                while offset >= gap[1]:
                    gap = next(gaps)
                if offset >= gap[0]:
                    yield message

    def _configuration(self) -> dict[str, str | int | float | bool]:
        return self._settings.kafka_client() | {
            "group.id": f"{self._settings.group_id}-audit",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": self._settings.kafka_isolation_level,
            "log_level": QUIET,
        }


def _past(reader: Consumer, place: TopicPartition, end: int) -> bool:
    """Whether everything below `end` has been handed out."""
    try:
        position = reader.position([place])[0].offset
    except KafkaException:
        return False
    return position >= end


def _joined(gaps: Iterable[Gap]) -> Iterator[tuple[int, int, list[Gap]]]:
    """Neighbouring gaps, with the range from the first's start to the last's end."""
    together: list[Gap] = []
    for gap in gaps:
        if together and (gap[0] - together[-1][1] > JOINED or len(together) >= CHUNK):
            yield together[0][0], together[-1][1], together
            together = []
        together.append(gap)
    if together:
        yield together[0][0], together[-1][1], together
