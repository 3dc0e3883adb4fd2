"""What Kafka knows of the topic's partitions and of the consumer group's members, as far as it answers."""

from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConsumerGroupDescription
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from consumer.partitions.brokers import QUERY_SECONDS, QUIET, Brokers, PartitionState
from consumer.process.kafka_errors import reason_of
from scripts.common.kafka_clients import client_settings_checked
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings

COORDINATOR_SECONDS: Final = 5.0
"""How long the group's coordinator may take to be found. A broker that has just started loads its groups in a second or
two. At half, the first question after a start may go unanswered; at twice, an operator waits 10 s for the table."""
PAUSE_SECONDS: Final = 0.2
"""Between two questions about the group. At twice this, the answer comes up to 0.4 s later than it could; at half, a
broker that is busy with its start is asked twice as often."""


@dataclass(slots=True)
class KafkaView:
    """What Kafka answered, and in `problems` a sentence for each thing that it did not answer."""

    partitions: set[int] | None = None
    """The partitions that the topic has; None while Kafka does not say."""
    states: dict[int, PartitionState] = field(default_factory=dict)
    """The state of each partition whose leader answered."""
    members: set[str] | None = None
    """The client ids of the consumers that are in the group now; None while Kafka does not say."""
    problems: list[str] = field(default_factory=list)


def ask_kafka(settings: ConsumerSettings) -> KafkaView:
    """Ask Kafka for everything at once. Blocks for some `QUERY_SECONDS` at most. Raises ConfigurationError."""
    view = KafkaView()
    with client_settings_checked():
        admin = AdminClient(settings.kafka_client() | {"client.id": "partitions", "log_level": QUIET})
        brokers = Brokers(settings, "partitions")
    view.partitions = _partitions(admin, settings, view.problems)
    if view.partitions is None:
        return view  # a Kafka that is away is waited for once, and not by each question again
    queries = {partition: brokers.ask(partition) for partition in sorted(view.partitions)}
    for partition, query in queries.items():
        try:
            view.states[partition] = query.answer()
        except SourceUnavailable as error:
            view.problems.append(str(error))
    view.members = _members(admin, settings.group_id, view.problems)
    return view


def _members(admin: AdminClient, group: str, problems: list[str]) -> set[str] | None:
    """The client ids of the group's members; none where Kafka knows no such group, None where it does not answer."""
    try:
        return {member.client_id for member in _described(admin, group).members}
    except KafkaException as error:
        cause = error.args[0]
        if cause.code() == KafkaError.GROUP_ID_NOT_FOUND:
            return set()
        reason = f"{cause.name()} {cause.str()}".rstrip(": ")
    except TimeoutError:
        reason = f"it was silent for {QUERY_SECONDS + 1:.0f} s"
    problems.append(f"Kafka did not answer which consumers are in the group {group}: {reason}")
    return None


def _is_moving(error: BaseException) -> bool:
    """Whether the group's coordinator is not known yet or has just moved, as after the start of a broker."""
    return isinstance(error, KafkaException) and error.args[0].code() in (
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
    )


@retry(
    retry=retry_if_exception(_is_moving),
    stop=stop_after_delay(COORDINATOR_SECONDS),
    wait=wait_fixed(PAUSE_SECONDS),
    reraise=True,
)
def _described(admin: AdminClient, group: str) -> ConsumerGroupDescription:
    """What Kafka says of the group. Raises KafkaException and TimeoutError."""
    described = admin.describe_consumer_groups([group], request_timeout=QUERY_SECONDS)[group]
    answer: ConsumerGroupDescription = described.result(QUERY_SECONDS + 1)
    return answer


def _partitions(admin: AdminClient, settings: ConsumerSettings, problems: list[str]) -> set[int] | None:
    try:
        # All topics: to ask for one by its name would create it, where the broker creates topics by itself.
        topics = admin.list_topics(timeout=QUERY_SECONDS).topics
    except KafkaException as error:
        problems.append(
            f"Kafka at {settings.kafka_bootstrap_servers} does not answer ({reason_of(error)}), so what it holds is "
            "unknown: is it running, is KAFKA_BOOTSTRAP_SERVERS right?"
        )
        return None
    if settings.kafka_topic not in topics:
        problems.append(f"Kafka has no topic {settings.kafka_topic}: was it deleted, is KAFKA_TOPIC right?")
        return None
    return set(topics[settings.kafka_topic].partitions)
