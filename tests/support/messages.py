"""Kafka messages as a consumer gets them, made without Kafka."""

from collections.abc import Iterable

from confluent_kafka import TIMESTAMP_CREATE_TIME, Message

from scripts.publish.generate import GeneratedMessage


def received(messages: Iterable[GeneratedMessage], partition: int, at_ms: int, first: int = 0) -> list[Message]:
    """`messages` at the offsets from `first` of one partition, with `at_ms` as their timestamp."""
    return [
        Message(
            topic="events",
            partition=partition,
            offset=offset,
            key=message.key,
            value=message.value,
            timestamp=(TIMESTAMP_CREATE_TIME, at_ms),
        )
        for offset, message in enumerate(messages, first)
    ]
