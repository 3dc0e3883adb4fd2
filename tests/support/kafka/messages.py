"""Messages as a Kafka client hands them out, made without Kafka; and messages whose products change their names."""

import zlib
from collections.abc import Iterable

from confluent_kafka import TIMESTAMP_CREATE_TIME, Message

from scripts.publish.generated.generate import GeneratedMessage


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


_NAMED = b'"name_of_product":"Product '
_EDITIONS = (b"Old", b"New", "Größere".encode())


def renamed(message: GeneratedMessage) -> GeneratedMessage:
    """The message, with another name of its product for three events of eight.

    Every product of generated traffic has one name, so that a wrong name could not show. Which name an event has
    depends on its bytes alone: names change back and forth, whatever the order in which the events come.
    """
    value = message.value
    if value is None or isinstance(message.expected, str):
        return message
    edition = zlib.crc32(value) % 8
    if edition >= len(_EDITIONS):
        return message
    return message._replace(value=value.replace(_NAMED, b'"name_of_product":"%b Product ' % _EDITIONS[edition]))
