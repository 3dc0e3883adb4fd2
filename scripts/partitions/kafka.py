"""What Kafka knows of the topic's partitions and of the consumer group's members, as far as it answers."""

from dataclasses import dataclass, field

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from consumer.partitions.brokers import QUERY_SECONDS, QUIET, Brokers, PartitionState
from consumer.process.kafka_errors import reason_of
from scripts.common.kafka_clients import client_settings_checked
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings


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
    members = admin.describe_consumer_groups([settings.group_id], request_timeout=QUERY_SECONDS)[settings.group_id]
    for partition, query in queries.items():
        try:
            view.states[partition] = query.answer()
        except SourceUnavailable as error:
            view.problems.append(str(error))
    try:
        view.members = {member.client_id for member in members.result(QUERY_SECONDS + 1).members}
    except (KafkaException, TimeoutError) as error:
        reason = reason_of(error) if isinstance(error, KafkaException) else "it was silent"
        view.problems.append(f"Kafka did not answer which consumers are in the group {settings.group_id}: {reason}")
    return view


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
