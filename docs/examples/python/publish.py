"""Publishes a sale by confluent-kafka, and says where Kafka has stored it.

KAFKA_BOOTSTRAP_SERVERS names the brokers, KAFKA_TOPIC the topic (analytics).
"""

import os
import sys
from datetime import UTC, datetime
from decimal import Decimal

from confluent_kafka import KafkaError, Message, Producer
from shop_events import sold


def stored(error: KafkaError | None, message: Message) -> None:
    """Called once for each message, when Kafka has it or the client has given up."""
    if error is not None:
        sys.exit(f"not published: {error}")
    print(f"{message.partition()}@{message.offset()}")


producer = Producer(
    {
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "enable.idempotence": True,  # the client's own retries make no second message
        "partitioner": "murmur2_random",  # the same as in Java and JavaScript; librdkafka's own is another
        "compression.type": "zstd",  # Kafka compresses, the application does not
    }
)
producer.produce(
    os.environ.get("KAFKA_TOPIC", "analytics"),
    key="3",  # the product: all its events are in one partition then, in order
    value=sold(3, "Chair", 10, Decimal("1000.50"), datetime.now(UTC), "order-4711-line-2"),
    on_delivery=stored,
)
sys.exit(producer.flush(30))  # how many messages Kafka does not have yet
