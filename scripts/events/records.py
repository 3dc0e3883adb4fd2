"""Messages in Kafka: the one at a place, and the latest ones with a key. Joins no group and commits nothing."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.events.message import Headers, LeftOutHeaders, headers_of, offset_of, record_time_ms
from consumer.partitions.brokers import QUERY_SECONDS, Brokers, PartitionState, reader_config
from consumer.process.kafka_errors import reason_of
from scripts.common.fates.places import Place
from scripts.common.kafka_clients import client_settings_checked
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings

RECORD_SECONDS: Final = 5.0
"""How long one message may take to come. A partition's new leader is usually found within this. At twice it, ten rows
of an unreachable broker take longer than a search does by default; at half, a slow broker's messages are not shown."""
_FETCHING: Final = {
    # Each change of the offset waits until the broker has answered the fetch before, which may have nothing to bring.
    "fetch.wait.max.ms": 10,
    "fetch.queue.backoff.ms": 0,
    "enable.partition.eof": True,
    "fetch.message.max.bytes": 64 * 1024 * 1024,
    "queued.max.messages.kbytes": 16 * 1024,
}
_GONE: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
_POLL_SECONDS: Final = 0.2
_POLLED_AT_ONCE: Final = 500


class Record(NamedTuple):
    """A message as Kafka holds it. `topic_id` is the topic's at that moment, empty where the broker gives none."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: Headers
    hidden_headers: int | None
    """How many headers Kafka's client does not show, because the name of one is not UTF-8; None: unknown."""
    time_ms: int
    topic_id: str


class Latest(NamedTuple):
    """The latest messages with a key, the newest first, among how many that were looked at."""

    records: list[Record]
    looked_at: int
    held: int
    """How many offsets Kafka holds of the partitions that were searched."""
    is_complete: bool
    """Whether all that was to be looked at was read in time."""


class Records:
    """Reads from one topic. Not for several threads. Making it raises ConfigurationError; nothing is asked yet."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._topic = settings.kafka_topic
        with client_settings_checked():
            self._brokers = Brokers(settings, "events")
            self._consumer = Consumer(reader_config(settings, f"{settings.group_id}-events") | _FETCHING)
        self._states: dict[int, PartitionState | SourceUnavailable] = {}

    def close(self) -> None:
        """End the clients' connections."""
        self._consumer.close()

    def state(self, partition: int) -> PartitionState:
        """What Kafka holds of a partition, asked once. Raises SourceUnavailable, also if it did not answer before."""
        if partition not in self._states:
            self._ask([partition])
        state = self._states[partition]
        if isinstance(state, SourceUnavailable):
            raise state
        return state

    def at(self, place: Place, seconds: float) -> Record | str:
        """The message at a place; in words, why Kafka gives none. Blocks for `seconds` at most, and first while Kafka
        is asked what it holds."""
        try:
            state = self.state(place.partition)
        except SourceUnavailable as error:
            return str(error)
        if place.offset < state.low:
            return f"Kafka holds it no more: partition {place.partition} begins at offset {state.low}"
        if place.offset >= state.high:
            return f"Kafka has no message there: partition {place.partition} ends at offset {state.high}"
        self._consumer.assign([TopicPartition(self._topic, place.partition, place.offset)])
        found = self._awaited(place, min(seconds, RECORD_SECONDS))
        return found if isinstance(found, str) else _record(found, state.topic_id)

    def latest(self, key: bytes, partitions: Iterable[int], most: int, rows: int, seconds: float) -> Latest:
        """The latest `rows` messages with a key among the last `most` of these partitions, which share them equally.

        Those that were read when the time is over are kept. Raises SourceUnavailable when Kafka does not say what it
        holds.
        """
        deadline = time.monotonic() + seconds
        chosen = sorted(partitions)
        self._ask(chosen)
        states = {partition: self.state(partition) for partition in chosen}
        share = max(1, most // max(1, len(chosen)))
        begins = {k: max(state.low, state.high - share) for k, state in states.items()}
        ends = {k: state.high for k, state in states.items() if state.high > begins[k]}
        self._consumer.assign([TopicPartition(self._topic, k, begins[k]) for k in ends])
        kept, is_complete = self._with_key(key, ends, rows, deadline)
        records = [_record(message, states[message.partition() or 0].topic_id) for message in kept]
        looked_at = sum(ends[k] - begins[k] for k in ends)
        held = sum(state.high - state.low for state in states.values())
        latest = sorted(records, key=lambda record: record.time_ms, reverse=True)[:rows]
        return Latest(latest, looked_at, held, is_complete)

    def partitions(self, seconds: float) -> list[int]:
        """The topic's partitions. Blocks for `seconds` at most. Raises SourceUnavailable."""
        try:
            # All topics: to ask for one by its name would create it, where the broker creates topics by itself.
            topics = self._consumer.list_topics(timeout=max(_POLL_SECONDS, min(QUERY_SECONDS, seconds))).topics
        except KafkaException as error:
            raise SourceUnavailable(f"Kafka did not answer which partitions it has: {reason_of(error)}") from error
        if self._topic not in topics:
            raise SourceUnavailable(f"Kafka has no topic {self._topic}: is KAFKA_TOPIC right?")
        return sorted(topics[self._topic].partitions)

    def _ask(self, partitions: Iterable[int]) -> None:
        """Ask for the states that are not known yet, all at once."""
        queries = {partition: self._brokers.ask(partition) for partition in partitions if partition not in self._states}
        for partition, query in queries.items():
            try:
                self._states[partition] = query.answer()
            except SourceUnavailable as error:
                self._states[partition] = error

    def _awaited(self, place: Place, seconds: float) -> Message | str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is None:
                continue
            error = message.error()
            if error is None and offset_of(message) == place.offset:
                return message
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return "Kafka gives no message there: it was aborted, compacted away, or is a transaction's marker"
            if error.code() in _GONE:
                return "Kafka holds it no more"
        return f"Kafka did not give it within {seconds:.0f} s"

    def _with_key(self, key: bytes, ends: Mapping[int, int], rows: int, deadline: float) -> tuple[list[Message], bool]:
        """The latest messages with a key of each partition, up to its end, and whether all was read in time."""
        kept: dict[int, deque[Message]] = {partition: deque(maxlen=rows) for partition in ends}
        reading = set(ends)
        while reading:
            if time.monotonic() > deadline:
                break
            for message in self._consumer.consume(_POLLED_AT_ONCE, _POLL_SECONDS):
                error, partition = message.error(), message.partition() or 0
                is_end = error is not None and error.code() == KafkaError._PARTITION_EOF
                if is_end or (error is None and offset_of(message) >= ends[partition] - 1):
                    reading.discard(partition)
                if error is None and message.key() == key:
                    kept[partition].append(message)
        return [message for messages in kept.values() for message in messages], not reading


def _record(message: Message, topic_id: str) -> Record:
    headers = headers_of(message)
    hidden = headers.how_many if isinstance(headers, LeftOutHeaders) else 0
    place = Place(message.partition() or 0, offset_of(message))
    return Record(place, message.key(), message.value(), headers, hidden, record_time_ms(message), topic_id)
