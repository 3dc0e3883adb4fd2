"""Real consumers that read one topic into one database, and what was published to that topic."""

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaError, Message, Producer
from pydantic import SecretStr

from scripts.publish.generated.generate import GeneratedMessage
from shared.mongo import SyncDatabase, connect
from shared.settings import SharedSettings
from stack.waiting import wait_until
from tests.support.documents import invariant
from tests.support.documents.invariant import Coordinates
from tests.support.kafka.messages import renamed
from tests.support.kafka.topic_config import set_topic
from tests.support.process import Running, module
from tests.support.servers.interface import KafkaServer, MongoServer


class ConsumerGroup:
    """A new topic and a database and a Kafka group of the same name; `consumer` starts a consumer."""

    def __init__(self, kafka: KafkaServer, mongo: MongoServer, folder: Path, partitions: int = 4) -> None:
        self.topic = f"events-{uuid.uuid4().hex[:12]}"
        self.kafka = kafka
        self.mongo = mongo
        self.folder = folder
        self.acknowledged: list[tuple[int, int]] = []
        """(partition, offset) of each message that Kafka acknowledged."""
        self.acknowledgements: list[tuple[datetime, Coordinates]] = []
        """When each was acknowledged, at the latest."""
        self.consumers: list[Running] = []
        kafka.create_topic(self.topic, partitions)
        # Kafka looks for old records every five minutes, and by default takes those whose own time is a week ago.
        set_topic(kafka, self.topic, retention_ms=-1)
        settings = SharedSettings(
            mongodb_uri=SecretStr(mongo.uri), mongodb_database=self.topic, mongodb_timeout_ms=10_000
        )
        self.database: SyncDatabase = connect(settings, "tests")

    def environment(self, **more: str) -> dict[str, str]:
        """The settings of this group's consumers, with `more` added or changed.

        Days stay unsealed for a year, so that a test finds the hours of old events; those of sealing give another time.
        """
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "KAFKA_TOPIC": self.topic,
            "GROUP_ID": self.topic,
            "MONGODB_URI": self.mongo.uri,
            "MONGODB_DATABASE": self.topic,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "SEAL_AFTER_HOURS": "8760",
            "METRICS_PORT": "0",
            "LOG_FORMAT": "json",
        } | more

    def consumer(self, program: str = "consumer", **more: str) -> Running:
        """Start a consumer, of the module `program`; `more` are settings that differ. Returns it at once."""
        number = len(self.consumers) + 1
        process = module(program, self.folder / f"consumer-{number}.log", self.environment(**more))
        self.consumers.append(process)
        process.start()
        return process

    def publish(self, messages: Iterable[GeneratedMessage], rate: float = 0.0) -> int:
        """Publish, at most `rate` messages a second if given, and wait for every acknowledgement. Products change
        their names on the way.

        Returns how many messages Kafka acknowledged.
        """
        before = len(self.acknowledged)
        producer = Producer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "partitioner": "murmur2_random",
            }
        )

        started = time.monotonic()
        for count, message in enumerate(map(renamed, messages), 1):
            while True:
                try:
                    producer.produce(self.topic, key=message.key, value=message.value, on_delivery=self.note)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(max(0.0, started + count / rate - time.monotonic()) if rate else 0)
        assert producer.flush(60) == 0
        return len(self.acknowledged) - before

    def note(self, error: KafkaError | None, message: Message) -> None:
        """Take a delivery report of Kafka's: the consumers must handle this message. Fails the test on an error."""
        assert error is None, error
        partition, offset = message.partition() or 0, message.offset() or 0
        self.acknowledged.append((partition, offset))
        self.acknowledgements.append((datetime.now(UTC), Coordinates(1, partition, offset)))

    @property
    def handled(self) -> int:
        """How many messages are handled, by the stored offsets. Right where the topic's offsets have no gaps."""
        return sum(one["next_offset"] - one["first_offset"] for one in self.database.partitions.find())

    def wait_handled(self, seconds: float = 60.0) -> None:
        """Wait until every acknowledged message is handled."""
        wait_until("all messages handled", lambda: self.handled >= len(self.acknowledged), seconds)

    def check(self) -> None:
        """Assert that every acknowledged message is stored once and that every sum is right."""
        invariant.check(self.database, self.acknowledged)

    def close(self) -> None:
        """End the consumers. The database stays: a drop would wait for transactions that killed consumers left open."""
        for process in self.consumers:
            process.close()
        self.database.client.close()


@contextmanager
def consumer_group(
    kafka: KafkaServer, mongo: MongoServer, folder: Path, partitions: int = 4
) -> Iterator[ConsumerGroup]:
    """A group whose consumers end with the block."""
    one = ConsumerGroup(kafka, mongo, folder, partitions)
    try:
        yield one
    finally:
        mongo.restore()
        one.close()


def now_ms() -> int:
    """This machine's time, in UTC milliseconds."""
    return int(datetime.now(UTC).timestamp() * 1000)
