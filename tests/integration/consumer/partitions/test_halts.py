"""What makes a partition halt, what the consumer then logs, and how an operator's decision ends the halt."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.process.clocks import Clocks
from scripts.publish.generated.generate import ExpectedSale, GeneratedMessage, generate
from shared.documents import event_collection
from shared.errors import ClockSkewed
from stack.waiting import wait_until
from tests.support.commands.audit import findings_of
from tests.support.documents.invariant import raw_events
from tests.support.documents.writing import sold
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.process import ROOT
from tests.support.servers.interface import KafkaServer, MongoServer


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as one:
        yield one


@pytest.fixture
def admin(kafka: KafkaServer) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap_servers})


def decide(events: ConsumerGroup, partition: int) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "scripts.partitions", "restart", "--yes", "--partition", str(partition))
    return subprocess.run(
        command, cwd=ROOT, env=events.environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_topic_recreated_while_it_is_read_halts_until_a_person_decides_and_then_nothing_collides(
    events: ConsumerGroup, admin: AdminClient
) -> None:
    """The new topic holds more than the old one did, so Kafka would let the consumer read on at the old offsets."""
    consumer = events.consumer()
    events.publish(generate(count=400, products=5, seed=1))
    events.wait_handled()
    old = events.acknowledged
    events.acknowledged = []
    consumer.freeze()
    admin.delete_topics([events.topic])[events.topic].result(10)
    wait_until("the topic gone", lambda: events.topic not in admin.list_topics(timeout=5).topics, 20)
    events.kafka.create_topic(events.topic, 2)
    events.publish(generate(count=900, products=5, seed=2))
    consumer.thaw()
    for partition in (0, 1):
        consumer.wait_for_output(f"python -m scripts.partitions restart --partition {partition}", 60)
    assert "TopicRecreated" in consumer.output
    for partition in (0, 1):
        answer = decide(events, partition)
        assert answer.returncode == 0, answer.stderr
    wait_until("the new topic read", lambda: len(coordinates(events)) == len(old) + len(events.acknowledged), 60)
    assert coordinates(events) == {(1, *one) for one in old} | {(2, *one) for one in events.acknowledged}
    assert findings_of(events, events.database) == []
    assert consumer.stop() == 0


def coordinates(events: ConsumerGroup) -> set[tuple[int, int, int]]:
    """The generation, partition and offset of every stored event."""
    return {(one["_id"]["g"], one["_id"]["k"], one["_id"]["o"]) for one in raw_events(events.database)}


def test_records_that_retention_took_unread_halt_their_partition_alone(
    events: ConsumerGroup, admin: AdminClient
) -> None:
    consumer = events.consumer()
    events.publish(generate(count=400, products=20, seed=1))
    events.wait_handled()
    statuses = events.database.partition_status
    wait_until("as-of", lambda: statuses.count_documents({"caught_up_at": {"$exists": True}}) == 2, 30)
    assert consumer.stop() == 0
    published = datetime.now(UTC)
    events.publish(generate(count=400, products=20, seed=2))
    taken = max(offset for partition, offset in events.acknowledged if partition == 0) - 10
    deleted = admin.delete_records([TopicPartition(events.topic, 0, taken)])
    for future in deleted.values():
        future.result(10)
    second = events.consumer()
    second.wait_for_output("OffsetsLost", 30)
    halted = datetime.now(UTC)
    moves = {"_id.k": 1, "caught_up_at": {"$gt": halted}}
    wait_until("as-of of the other", lambda: statuses.count_documents(moves) == 1, 30)
    assert statuses.count_documents({"_id.k": 0, "caught_up_at": {"$lt": published}}) == 1
    refused = decide(events, 1)
    assert refused.returncode == 1
    assert "not halted" in refused.stderr
    assert decide(events, 0).returncode == 0
    handled = [one for one in events.acknowledged if one[0] == 1 or one[1] >= taken]
    wait_until("the rest read", lambda: len(events_of_second_run(events)) == len(set(handled)), 30)


def events_of_second_run(events: ConsumerGroup) -> list[tuple[int, int, int]]:
    """The coordinates of partition 1's events, and of those that partition 0 brought after the decision."""
    return [(g, k, o) for g, k, o in coordinates(events) if k == 1 or g == 2]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_not_mongodbs_judges_no_event(events: ConsumerGroup, hours: int) -> None:
    with pytest.raises(ClockSkewed, match="correct the clock"):
        Clocks(events.database, lambda: datetime.now(UTC) + timedelta(hours=hours)).check()
    Clocks(events.database, lambda: datetime.now(UTC)).check()


@pytest.mark.parametrize("created", ["before the start", "while running"])
def test_a_collection_that_is_not_clustered_ends_the_process(events: ConsumerGroup, created: str) -> None:
    at_ms = now_ms()
    name = event_collection(at_ms)
    if created == "before the start":
        events.database.create_collection(name)
    consumer = events.consumer()
    if created == "while running":
        wait_until("a claim", lambda: events.database.partitions.count_documents({}) == 2, 30)
        events.database.create_collection(name)
        events.publish([GeneratedMessage(b"1", sold(at_ms=at_ms), ExpectedSale(1, 1, 10**6, at_ms))])
    assert consumer.wait(30) == 3
    assert "is not clustered" in consumer.output
    assert events.handled == 0
