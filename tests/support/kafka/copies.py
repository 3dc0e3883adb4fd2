"""Reads a topic of dead letters."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from tests.support.servers.interface import KafkaServer

SILENCE_SECONDS = 30
"""How long Kafka may take for its first answer."""


def copies(kafka: KafkaServer, topic: str) -> Iterator[tuple[bytes | None, dict[str, Any]]]:
    """Value and headers of each message in the topic's only partition, up to its present end."""
    reader = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": f"{topic}-reader",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    reader.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    try:
        for message in iter(lambda: reader.poll(SILENCE_SECONDS), None):
            if message.error() is not None:
                return
            yield message.value(), dict(message.headers() or [])
    finally:
        reader.close()
