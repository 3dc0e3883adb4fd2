"""The Kafka side: a consumer configured for offsets that live in MongoDB, and what claims ask the brokers."""

from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.claims import NO_TOPIC_ID
from shared.errors import StoreUnavailable
from shared.logs import logger
from shared.settings import ConsumerSettings

QUERY_SECONDS = 3.0
QUIET = 0
"""librdkafka writes no lines of its own; `error_cb` tells the same, and the consumer logs it in its own format."""

log = logger(__name__)


def consumer_config(settings: ConsumerSettings, client_id: str) -> dict[str, str | int | float | bool]:
    """librdkafka's configuration. Offsets come from MongoDB alone; a missing one is an error, never a guess."""
    return settings.kafka_client() | {
        "group.id": settings.group_id,
        "client.id": client_id,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.kafka_session_timeout_ms,
        "heartbeat.interval.ms": settings.kafka_session_timeout_ms // 4,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": settings.kafka_isolation_level,
        "statistics.interval.ms": 1000,
        "topic.metadata.refresh.interval.ms": 5000,
        "queued.min.messages": 20_000,
        "queued.max.messages.kbytes": settings.fetch_memory_kib,
        "fetch.max.bytes": min(8 * 1024, settings.fetch_memory_kib) * 1024,
        "fetch.message.max.bytes": 1024 * 1024,
        "fetch.wait.max.ms": 500,
        "reconnect.backoff.max.ms": 2000,
        "log_level": QUIET,
    }


class Brokers:
    """What claims ask Kafka: the topic's id and a partition's watermarks. For the database thread.

    It has a client of its own, which joins no group: the polling thread's answers nobody else while it polls.
    """

    def __init__(self, settings: ConsumerSettings, client_id: str) -> None:
        self._consumer = Consumer(
            settings.kafka_client()
            | {"group.id": settings.group_id, "client.id": f"{client_id}-claims", "log_level": QUIET}
        )
        self._topic = settings.kafka_topic
        self._admin = (
            AdminClient(settings.kafka_client() | {"log_level": QUIET}) if settings.kafka_topic_id_check else None
        )

    def topic_id(self) -> str:
        """The topic's id, or nothing when the check is off."""
        if self._admin is None:
            return NO_TOPIC_ID
        try:
            described = self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=QUERY_SECONDS)
            return str(described[self._topic].result(timeout=2 * QUERY_SECONDS).topic_id)
        except (KafkaException, TimeoutError) as error:
            raise StoreUnavailable(f"Kafka does not tell the id of topic {self._topic}: {error}") from error

    def watermarks(self, partition: int) -> tuple[int, int]:
        """Low and high watermark, as the partition's leader has them at this moment."""
        try:
            # A partition added a moment ago is unknown to this client until it asks for the topic again.
            self._consumer.list_topics(self._topic, QUERY_SECONDS)
            answer = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition), timeout=QUERY_SECONDS, cached=False
            )
        except KafkaException as error:
            raise StoreUnavailable(f"Kafka does not tell the offsets of partition {partition}: {error}") from error
        if answer is None:
            raise StoreUnavailable(f"Kafka did not tell the offsets of partition {partition} in {QUERY_SECONDS} s")
        low, high = answer
        return low, high
