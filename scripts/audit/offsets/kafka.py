"""What Kafka holds of the topic, asked where MongoDB has neither an event nor a dead letter for an offset.

A gap is lawful where Kafka gives a reader no record: transaction markers, aborted transactions, compaction. Where Kafka
gives a record, that message is lost, unless its event lies in a day that the audit has not read. Of offsets that Kafka
no longer holds, nobody can say which of the two they were.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from consumer.partitions.brokers import Brokers, PartitionState, reader_config
from consumer.process.kafka_errors import reason_of
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings

SILENCE_SECONDS: Final = 15.0
"""The audit gives up when Kafka has not given what was asked for so long.

A partition changes its leader in a few seconds: with half, an audit during a restart of a broker may end without a
judgement; with twice as much, an operator waits half a minute to learn that Kafka is away.
"""
POLL_SECONDS: Final = 0.1
"""How long a read waits for more records before it returns those that are there, and the pause between two questions.

With twice as much, each range of gaps ends up to 0.2 s later than it could; with half, an audit that waits for Kafka
wakes up twice as often.
"""
RECORDS_AT_ONCE: Final = 1_000
"""How many records one read returns at most, and how many gaps are read in one go at most. A record has up to 1 MB, so
twice as many may take twice the memory, and half as many take twice the calls."""
JOINED_OFFSETS: Final = 20_000
"""Gaps closer together than this many offsets are read in one go, with the records between them.

Reading on skips records that are not asked for; a new start costs a connection and a fetch. With twice as many offsets
the audit fetches more records for nothing, with half as many it connects more often.
"""

Gap = tuple[int, int]
"""Offsets from the first up to, not including, the second."""


class KafkaTopic:
    """The topic of the events, read without joining the consumers' group.

    Every method blocks, and raises SourceUnavailable, with a text for a person, when Kafka does not answer.
    """

    def __init__(self, settings: ConsumerSettings) -> None:
        self._topic = settings.kafka_topic
        self._brokers = Brokers(settings, "audit")
        self._settings = settings

    # A client learns of a new leader when the old one refuses its question. The new leader may refuse as well, until
    # it has learnt from the cluster's controller that it leads.
    @retry(
        retry=retry_if_exception_type(SourceUnavailable),
        stop=stop_after_delay(SILENCE_SECONDS),
        wait=wait_fixed(POLL_SECONDS),
        reraise=True,
    )
    def state(self, partition: int) -> PartitionState:
        """The topic's id and the offsets at which a partition begins and ends."""
        return self._brokers.ask(partition).answer()

    def offset_at(self, partition: int, time_ms: int) -> int | None:
        """The first offset that Kafka recorded at `time_ms` (UTC milliseconds) or later; None where there is none."""
        reader = Consumer(self._configuration())
        try:
            (found,) = reader.offsets_for_times(
                [TopicPartition(self._topic, partition, time_ms)], timeout=SILENCE_SECONDS
            )
        except KafkaException as error:
            raise SourceUnavailable(
                f"Kafka did not answer which offset of partition {partition} it recorded first since {time_ms} ms: "
                f"{reason_of(error)}"
            ) from error
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
        """The records of the gaps `wanted`, read in one go up to `end` or to the end of the partition."""
        topic_partition = TopicPartition(self._topic, partition)
        gaps = iter(wanted)
        gap = next(gaps)
        heard = time.monotonic()
        while not _has_passed(reader, topic_partition, end):
            messages = reader.consume(RECORDS_AT_ONCE, POLL_SECONDS)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                raise SourceUnavailable(f"Kafka gave no records of partition {partition} for {SILENCE_SECONDS:.0f} s")
            for message in messages:
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    return
                if error is not None:
                    raise SourceUnavailable(f"Kafka does not give the records of partition {partition}: {error.str()}")
                offset = message.offset() or 0
                if offset >= end:
                    return
                while offset >= gap[1]:
                    gap = next(gaps)
                if offset >= gap[0]:
                    yield message

    def _configuration(self) -> dict[str, str | int | float | bool]:
        return reader_config(self._settings, f"{self._settings.group_id}-audit") | {"enable.partition.eof": True}


def _has_passed(reader: Consumer, topic_partition: TopicPartition, end: int) -> bool:
    """Whether the reader has handed out every record below `end`, also where the last offsets have no records."""
    try:
        position = reader.position([topic_partition])[0].offset
    except KafkaException:
        return False
    return position >= end


def _joined(gaps: Iterable[Gap]) -> Iterator[tuple[int, int, list[Gap]]]:
    """Groups of neighbouring gaps: where the first gap begins, where the last one ends, and the gaps."""
    together: list[Gap] = []
    for gap in gaps:
        if together and (gap[0] - together[-1][1] > JOINED_OFFSETS or len(together) >= RECORDS_AT_ONCE):
            yield together[0][0], together[-1][1], together
            together = []
        together.append(gap)
    if together:
        yield together[0][0], together[-1][1], together
