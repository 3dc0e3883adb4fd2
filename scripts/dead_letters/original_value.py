"""Gives a dead letter's whole value: from the letter, or from Kafka where the letter holds only the beginning."""

import hashlib
import time
from typing import Final

from confluent_kafka import Consumer, KafkaError, TopicPartition

from consumer.partitions.brokers import Brokers, reader_config
from scripts.common.kafka_clients import client_settings_checked
from shared.documents import PARTITIONS, Document, partition_id
from shared.errors import SourceUnavailable
from shared.mongo import SyncDatabase
from shared.settings import ConsumerSettings

FETCH_SECONDS: Final = 15.0
"""Time for one message to come from Kafka. It lets a client connect and a partition get a new leader. At half, a change
of leader could fail a replay that would have worked; at twice, a run with many such letters takes longer to fail."""
LARGEST_MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""The client's limit is this high so that the broker's decides: whatever it took, it also gives. The memory is used for
the one message that is read; at half this, messages between 32 and 64 MiB could not be replayed."""


class Gone(Exception):
    """The whole message cannot be had any more; the text says why."""


def value_of(letter: Document, database: SyncDatabase, settings: ConsumerSettings) -> bytes | None:
    """The message's value; None for a tombstone.

    Blocks while Kafka answers, if the letter was cut. Raises Gone, SourceUnavailable when Kafka does not answer,
    ConfigurationError and PyMongoError.
    """
    if not letter["truncated"]:
        value: bytes | None = letter["value"]
        return value
    _check_topic(letter, database, settings)
    value = _fetch(letter["_id"]["k"], letter["_id"]["o"], settings)
    if hashlib.sha256(value or b"").digest() != letter["value_sha256"]:
        raise Gone("it was cut, and Kafka holds another message at its offset now")
    return value


def _check_topic(letter: Document, database: SyncDatabase, settings: ConsumerSettings) -> None:
    """Raise Gone if Kafka no longer holds the letter's offset, or holds it in a topic that was created again."""
    partition, offset = letter["_id"]["k"], letter["_id"]["o"]
    with client_settings_checked():
        brokers = Brokers(settings, "dead-letters")  # kept in a variable: its client answers only while it lives
    state = brokers.ask(partition).answer()
    identity = partition_id(settings.group_id, settings.kafka_topic, partition)
    stored = database[PARTITIONS].find_one({"_id": identity}) or {"topic_id": ""}
    recreated = state.topic_id and stored["topic_id"] and state.topic_id != stored["topic_id"]
    if recreated or not state.low <= offset < state.high:
        raise Gone("it was cut, and Kafka no longer holds the rest")


def _fetch(partition: int, offset: int, settings: ConsumerSettings) -> bytes | None:
    """Read one message's value from Kafka. Raises Gone, SourceUnavailable, ConfigurationError."""
    with client_settings_checked():
        reader = Consumer(
            reader_config(settings, f"{settings.group_id}-dead-letters")
            | {"fetch.message.max.bytes": LARGEST_MESSAGE_BYTES}
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
            # A later message, too, means that the one at `offset` is gone. After other errors the client tries again.
            if error is None or error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                raise Gone("it was cut, and Kafka no longer holds the rest")
        raise SourceUnavailable(f"Kafka did not give partition {partition}, offset {offset} in {FETCH_SECONDS:.0f} s")
    finally:
        reader.close()
