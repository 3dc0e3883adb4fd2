"""Messages as a Kafka client hands them out, made without Kafka."""

from collections.abc import Iterable

from confluent_kafka import TIMESTAMP_CREATE_TIME, Message

from scripts.publish.generate import GeneratedMessage


def received(messages: Iterable[GeneratedMessage], partition: int, at_ms: int, first: int = 0) -> list[Message]:
    """These messages as received from one partition, at the offsets from `first` on.

    All have the timestamp `at_ms` (UTC milliseconds).
    """
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
