"""A message whole again: from its dead letter, or from Kafka where the letter holds only the beginning."""

import hashlib
import time
from typing import Final

from confluent_kafka import Consumer, KafkaError, TopicPartition

from consumer.partitions.brokers import QUIET, Brokers
from shared.documents import PARTITIONS, Document, partition_id
from shared.errors import SourceUnavailable
from shared.mongo import SyncDatabase
from shared.settings import ConsumerSettings

FETCH_SECONDS: Final = 15.0


class Gone(Exception):
    """The message cannot be had whole any more; the text says why."""


def value_of(letter: Document, database: SyncDatabase, settings: ConsumerSettings) -> bytes | None:
    """The message's value. Raises Gone, or SourceUnavailable when Kafka does not answer."""
    if not letter["truncated"]:
        value: bytes | None = letter["value"]
        return value
    _check_topic(letter, database, settings)
    value = _fetch(letter["_id"]["k"], letter["_id"]["o"], settings)
    if hashlib.sha256(value or b"").digest() != letter["value_sha256"]:
        raise Gone("it was cut, and what Kafka holds at its offset now is another message")
    return value


def _check_topic(letter: Document, database: SyncDatabase, settings: ConsumerSettings) -> None:
    """The same offset of a topic that was created again is another message."""
    partition, offset = letter["_id"]["k"], letter["_id"]["o"]
    brokers = Brokers(settings, "dead-letters")  # it answers only while it is kept
    state = brokers.ask(partition).answer()
    identity = partition_id(settings.group_id, settings.kafka_topic, partition)
    stored = database[PARTITIONS].find_one({"_id": identity}) or {"topic_id": ""}
    recreated = state.topic_id and stored["topic_id"] and state.topic_id != stored["topic_id"]
    if recreated or not state.low <= offset < state.high:
        raise Gone("it was cut, and Kafka no longer holds the rest")


def _fetch(partition: int, offset: int, settings: ConsumerSettings) -> bytes | None:
    reader = Consumer(
        settings.kafka_client()
        | {
            "group.id": f"{settings.group_id}-dead-letters",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "fetch.message.max.bytes": 64 * 1024 * 1024,
            "isolation.level": settings.kafka_isolation_level,
            "log_level": QUIET,
        }
    )
    deadline = time.monotonic() + FETCH_SECONDS
    try:
        reader.assign([TopicPartition(settings.kafka_topic, partition, offset)])
        while time.monotonic() < deadline:
            message = reader.poll(1.0)
            if message is None:
                continue
            error = message.error()
            if error is None and message.offset() == offset:
                return message.value()
            if error is None or error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                raise Gone("it was cut, and Kafka no longer holds the rest")
        raise SourceUnavailable(f"Kafka did not give partition {partition}, offset {offset} in {FETCH_SECONDS:.0f} s")
    finally:
        reader.close()
