"""The settings of the publisher's client: idempotent, and with a queue that bounds the memory."""

from collections.abc import Callable

from confluent_kafka import KafkaError, Message

from shared.settings import KafkaSettings

QUEUE_MESSAGES = 100_000
QUEUE_KIB = 64 * 1024
"""How much may wait for Kafka. Twice as much takes twice the memory, and an interrupted run waits longer for what it
has sent; half as much makes sending wait sooner while a broker pauses."""
LARGEST_RECORD_BYTES = 64 * 1024 * 1024
"""The client's limit is as large as its queue, so that the broker's limit decides. A lower one would fail records that
the broker takes; a higher one would allow records that do not fit into the queue."""


def configuration(
    settings: KafkaSettings,
    timeout_seconds: float,
    on_delivery: Callable[[KafkaError | None, Message], None],
    on_error: Callable[[KafkaError], None],
) -> dict[str, object]:
    """The settings, with which records end within `timeout_seconds`. The callbacks run while the client is polled."""
    timeout_ms = int(timeout_seconds * 1000)
    return {
        **settings.kafka_client(),
        "client.id": "product-analytics-publish",
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 5,
        "compression.type": "lz4",
        "delivery.timeout.ms": timeout_ms,
        # The client waits this long for a topic to appear, then says that it is missing: before its messages time out.
        "topic.metadata.propagation.max.ms": min(timeout_ms // 2, 10_000),
        "queue.buffering.max.messages": QUEUE_MESSAGES,
        "queue.buffering.max.kbytes": QUEUE_KIB,
        "message.max.bytes": LARGEST_RECORD_BYTES,
        "on_delivery": on_delivery,
        "error_cb": on_error,
        # The report says once what went wrong; the client's log would say it at every attempt to connect.
        "log_level": 2,
    }
