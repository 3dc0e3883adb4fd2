"""Kafka's side of a consumer: its client's configuration, and the questions that claims and commits ask the brokers."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from consumer.process.kafka_errors import reason_of
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings

QUERY_SECONDS = 3.0
"""How long a broker may take to answer a question.

Each commit asks for the topic's id and waits for it inside its transaction, which has ten seconds in all
(`ATTEMPT_SECONDS` of the committer). At twice this, one unanswered question uses up most of them. At half, a broker
that is busy with an election fails claims and batches which a second more would have let succeed.
"""
QUEUED_MESSAGES = 20_000
"""librdkafka keeps about this many records of each partition ready, a whole batch (`BATCH_MAX_EVENTS`) where one
partition alone has a backlog.

Half of them would make such batches small. Twice as many take more memory than `FETCH_MEMORY_KIB` says, since
librdkafka counts values and neither keys nor headers.
"""
NO_TOPIC_ID = ""
QUIET = 0
"""librdkafka writes no lines to standard error. It passes the same errors to `error_cb`; `KafkaErrorLog` logs them."""


def reader_config(settings: ConsumerSettings, group: str) -> dict[str, str | int | float | bool]:
    """The configuration of a client that reads messages of the topic as the consumers do, from given offsets on.

    Offsets come from MongoDB or from a caller alone. So librdkafka commits none by itself, and reports an error where
    the offset to read is missing, instead of going to the beginning or the end of the partition.
    """
    return settings.kafka_client() | {
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "isolation.level": settings.kafka_isolation_level,
        "log_level": QUIET,
    }


def consumer_config(settings: ConsumerSettings, client_id: str) -> dict[str, str | int | float | bool]:
    """The configuration of librdkafka's consumer."""
    return reader_config(settings, settings.group_id) | {
        "client.id": client_id,
        # A rebalance takes away only the partitions that move; the others are read meanwhile.
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.kafka_session_timeout_ms,
        # The session outlives three lost heartbeats.
        "heartbeat.interval.ms": settings.kafka_session_timeout_ms // 4,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        # `Progress` computes lag and as-of from two statistics, so as-of is older than need be by this. At twice this,
        # it is half a second older; at half, the statistics (0.2 ms to parse with 2 partitions) come twice as often.
        "statistics.interval.ms": 500,
        # Added partitions are read within ten seconds, as the documents promise: this finds them within five.
        "topic.metadata.refresh.interval.ms": 5000,
        "queued.min.messages": QUEUED_MESSAGES,
        "queued.max.messages.kbytes": settings.fetch_memory_kib,
        # One answer of a broker never exceeds the memory that all fetched records may take.
        "fetch.max.bytes": min(8 * 1024, settings.fetch_memory_kib) * 1024,
        "fetch.message.max.bytes": 1024 * 1024,
        # An idle broker answers this often, twice between two statistics: `Progress` needs two fetches for a mark. At
        # twice this, as-of is half a second older; at half, an idle broker answers ten times a second.
        "fetch.wait.max.ms": 200,
        # A partition whose queue is full is fetched again this soon; the default of a second lets the queue run dry.
        "fetch.queue.backoff.ms": 50,
        # A broker that is back is found within two seconds. The default's ten are most of what a takeover may take.
        "reconnect.backoff.max.ms": 2000,
    }


class PartitionState(NamedTuple):
    """What Kafka holds of one partition."""

    topic_id: str
    """Kafka's id of the topic, another one each time the topic is created; empty where the check is switched off."""
    low: int
    """The first offset that Kafka still holds."""
    high: int
    """The offset after the last record, records of open and aborted transactions included."""


class PartitionQuery:
    """A question about one partition that is on its way to a broker. librdkafka's own threads receive the answer."""

    def __init__(self, partition: int, topic_id: "Future[Any] | None", low: "Future[Any]", high: "Future[Any]") -> None:
        self._partition = partition
        self._topic_id = topic_id
        self._low = low
        self._high = high

    @property
    def answered(self) -> bool:
        """Whether `answer` would return or raise at once."""
        return all(future.done() for future in self._futures())

    def answer(self) -> PartitionState:
        """Wait for the answer and return it. Blocks for about `QUERY_SECONDS` at most.

        Raises SourceUnavailable when the broker does not answer, or answers with an error.
        """
        return PartitionState(
            NO_TOPIC_ID if self._topic_id is None else str(self._result(self._topic_id).topic_id),
            self._result(self._low).offset,
            self._result(self._high).offset,
        )

    def _futures(self) -> "list[Future[Any]]":
        return [self._low, self._high] + ([] if self._topic_id is None else [self._topic_id])

    def _result(self, future: "Future[Any]") -> Any:
        return _result(future, f"which offsets it holds of partition {self._partition}")


class Brokers:
    """Asks Kafka for the topic's id and for the state of partitions, by an admin client of its own. From any thread."""

    def __init__(self, settings: ConsumerSettings, client_id: str) -> None:
        self._topic = settings.kafka_topic
        self._has_topic_ids = settings.kafka_topic_id_check
        self._admin = AdminClient(settings.kafka_client() | {"client.id": f"{client_id}-admin", "log_level": QUIET})

    def ask(self, partition: int) -> PartitionQuery:
        """Ask for a partition's state, and return without waiting for the answer."""
        asked = TopicPartition(self._topic, partition)
        low, high = (
            self._admin.list_offsets({asked: spec}, request_timeout=QUERY_SECONDS)[asked]
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]
        )
        return PartitionQuery(partition, self._describe(), low, high)

    def ask_topic_id(self) -> Callable[[], str]:
        """Ask for the topic's id, and return without waiting for the answer.

        The function that is returned waits for the answer, about `QUERY_SECONDS` at most, and returns the id, which is
        empty where the check is switched off. It raises SourceUnavailable.
        """
        described = self._describe()

        def answer() -> str:
            if described is None:
                return NO_TOPIC_ID
            return str(_result(described, f"which id topic {self._topic} has").topic_id)

        return answer

    def _describe(self) -> "Future[Any] | None":
        if not self._has_topic_ids:
            return None
        return self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=QUERY_SECONDS)[self._topic]


def _result(future: "Future[Any]", what: str) -> Any:
    """Wait for an answer of Kafka. Raises SourceUnavailable, which says that Kafka did not answer `what`."""
    try:
        # librdkafka ends the request itself after QUERY_SECONDS; the second more is for a thread of it that hangs.
        return future.result(QUERY_SECONDS + 1)
    except KafkaException as error:
        raise SourceUnavailable(f"Kafka did not answer {what}: {reason_of(error)}") from error
    except TimeoutError as error:
        raise SourceUnavailable(f"Kafka did not answer {what}: it was silent for {QUERY_SECONDS + 1:.0f} s") from error
