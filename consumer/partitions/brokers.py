"""The Kafka side: a consumer configured for offsets that live in MongoDB; what claims and commits ask the brokers."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings

QUERY_SECONDS = 3.0
NO_TOPIC_ID = ""
QUIET = 0
"""librdkafka writes no lines of its own; `error_cb` tells the same, and the consumer logs it in its own format."""


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
        # A partition whose queue is full is asked again this soon; the default of a second lets the queue run dry.
        "fetch.queue.backoff.ms": 50,
        "reconnect.backoff.max.ms": 2000,
        "log_level": QUIET,
    }


class PartitionState(NamedTuple):
    """What Kafka holds of a partition."""

    topic_id: str
    """Changes when the topic is created again; empty where it is not known."""
    low: int
    """The first offset that Kafka still holds."""
    high: int
    """The offset after the last, records of open and aborted transactions included."""


class PartitionQuery:
    """A partition's state, asked of its leader; librdkafka's own threads wait for the answer."""

    def __init__(self, partition: int, topic_id: "Future[Any] | None", low: "Future[Any]", high: "Future[Any]") -> None:
        self._partition = partition
        self._topic_id = topic_id
        self._low = low
        self._high = high

    @property
    def answered(self) -> bool:
        """Whether `answer` would return, or raise, at once."""
        return all(future.done() for future in self._futures())

    def answer(self) -> PartitionState:
        """Wait for it, `QUERY_SECONDS` or a little more. Raises SourceUnavailable."""
        return PartitionState(
            NO_TOPIC_ID if self._topic_id is None else str(self._result(self._topic_id).topic_id),
            self._result(self._low).offset,
            self._result(self._high).offset,
        )

    def _futures(self) -> "list[Future[Any]]":
        return [self._low, self._high] + ([] if self._topic_id is None else [self._topic_id])

    def _result(self, future: "Future[Any]") -> Any:
        try:
            return future.result(QUERY_SECONDS + 1)
        except (KafkaException, TimeoutError) as error:
            raise SourceUnavailable(
                f"Kafka does not tell the offsets of partition {self._partition}: {error}"
            ) from error


class Brokers:
    """Asks Kafka for the topic's id and the ends of partitions, by a client of its own; from any thread."""

    def __init__(self, settings: ConsumerSettings, client_id: str) -> None:
        self._topic = settings.kafka_topic
        self._has_topic_ids = settings.kafka_topic_id_check
        self._admin = AdminClient(settings.kafka_client() | {"client.id": f"{client_id}-admin", "log_level": QUIET})

    def ask(self, partition: int) -> PartitionQuery:
        """Ask for a partition's state; never waits."""
        place = TopicPartition(self._topic, partition)
        low, high = (
            self._admin.list_offsets({place: spec}, request_timeout=QUERY_SECONDS)[place]
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]
        )
        return PartitionQuery(partition, self._describe(), low, high)

    def ask_topic_id(self) -> Callable[[], str]:
        """Ask for the topic's id; never waits. What is returned waits for the answer, or raises SourceUnavailable."""
        asked = self._describe()

        def answer() -> str:
            if asked is None:
                return NO_TOPIC_ID
            try:
                return str(asked.result(QUERY_SECONDS + 1).topic_id)
            except (KafkaException, TimeoutError) as error:
                raise SourceUnavailable(f"Kafka does not tell the id of topic {self._topic}: {error}") from error

        return answer

    def _describe(self) -> "Future[Any] | None":
        if not self._has_topic_ids:
            return None
        return self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=QUERY_SECONDS)[self._topic]
