"""`partitions list` of a real group: consumers that read, are frozen or stopped, partitions that nobody has read."""

import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bson.int64 import Int64
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from scripts.partitions.decision import PAST_FIELDS
from scripts.publish.generated.generate import generate
from shared.documents import partition_id
from stack import ports
from stack.waiting import wait_until
from tests.support.commands.audit import script
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer


@pytest.fixture
def group(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as one:
        yield one


def listed(group: ConsumerGroup, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return script("partitions", group.environment(**environment), "list", *arguments)


def overview(group: ConsumerGroup) -> list[dict[str, Any]]:
    done = listed(group, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def conditions(group: ConsumerGroup) -> list[str]:
    return [one["condition"] for one in overview(group)]


def unread_records_deleted(group: ConsumerGroup) -> int:
    """Let a consumer read and end, publish more, and delete all but the last record of partition 0. Returns the offset
    of that record."""
    consumer = group.consumer()
    group.publish(generate(count=300, products=20, seed=1))
    group.wait_handled()
    assert consumer.stop() == 0
    group.publish(generate(count=300, products=20, seed=2))
    admin = AdminClient({"bootstrap.servers": group.kafka.bootstrap_servers})
    end = max(offset for partition, offset in group.acknowledged if partition == 0)
    taken = TopicPartition(group.topic, 0, end)
    admin.delete_records([taken])[taken].result(10)
    return end


def test_a_group_s_life(group: ConsumerGroup) -> None:
    assert conditions(group) == ["never read", "never read"]
    consumer = group.consumer()
    group.publish(generate(count=300, products=20, seed=1))
    group.wait_handled()
    wait_until("a status of both", lambda: conditions(group) == ["read", "read"], 30)
    read = overview(group)
    assert [(one["lag"], one["reason"]) for one in read] == [(0, None)] * 2
    assert sum(one["next_offset"] for one in read) == sum(one["end_in_kafka"] for one in read) == 300

    consumer.freeze()
    group.publish(generate(count=500, products=20, seed=2))
    frozen = overview(group)
    assert sum(one["lag"] for one in frozen) == 500
    wait_until("its session over", lambda: conditions(group) == ["owner dead", "owner dead"], 40)
    table = listed(group)
    assert table.returncode == 0
    rows = [line for line in table.stdout.splitlines() if line.startswith("│")]
    assert [row.count("owner dead") for row in rows] == [1, 1]
    assert all(frozen[0]["owner"] in row for row in rows)
    assert "partitions 0, 1: owner dead: its owner" in table.stdout
    assert "no consumer is in the group" in table.stdout

    consumer.thaw()
    group.wait_handled()
    assert consumer.stop() == 0
    group.publish(generate(count=400, products=20, seed=3))
    stopped = overview(group)
    assert [one["condition"] for one in stopped] == ["owner dead"] * 2
    assert sum(one["lag"] for one in stopped) == 400


def test_halts_and_what_only_one_side_knows(group: ConsumerGroup) -> None:
    unread_records_deleted(group)
    admin = AdminClient({"bootstrap.servers": group.kafka.bootstrap_servers})
    admin.create_partitions([NewPartitions(group.topic, 3)])[group.topic].result(10)
    beyond = group.database.partitions.find_one()
    assert beyond is not None
    beyond["_id"] = partition_id(group.topic, group.topic, 7)
    group.database.partitions.insert_one(beyond)
    wait_until("the third partition", lambda: len(overview(group)) == 4, 20)
    found = {one["partition"]: one for one in overview(group)}
    assert {number: one["condition"] for number, one in found.items()} == {
        0: "halted",
        1: "owner dead",
        2: "never read",
        7: "not in Kafka",
    }
    assert (found[0]["halt"], found[0]["lag"]) == ("OffsetsLost", 1)
    assert "restart --partition 0" in found[0]["reason"]
    assert (found[2]["lag"], found[7]["lag"]) == (0, None)
    assert "halted, OffsetsLost" in listed(group).stdout


def test_a_halt_for_what_mongodb_refuses_is_shown_with_its_reason(group: ConsumerGroup) -> None:
    consumer = group.consumer()
    group.publish(generate(count=300, products=20, seed=1))
    group.wait_handled()
    group.database.command("collMod", "totals", validator={"refused": True})
    group.publish(generate(count=300, products=20, seed=2))
    wait_until("both halts", lambda: conditions(group) == ["halted", "halted"], 40)
    found = overview(group)
    assert [one["halt"] for one in found] == ["AggregateRefused"] * 2
    assert all("(collMod)" in one["reason"] for one in found)
    assert sum(one["lag"] for one in found) > 0
    assert consumer.stop() == 0
    group.database.command("collMod", "totals", validator={})
    group.consumer()
    group.wait_handled()
    wait_until("both read", lambda: conditions(group) == ["read", "read"], 40)


def test_a_restart_says_what_it_would_do_and_asks(group: ConsumerGroup) -> None:
    end = unread_records_deleted(group)
    identity = {"_id": partition_id(group.topic, group.topic, 0)}
    group.database.partitions.update_one(identity, {"$set": {"read_to": Int64(1)}})
    before = group.database.partitions.find_one(identity)
    assert before is not None
    restart = partial(script, "partitions", group.environment(), "restart", "--partition", "0")
    refused = restart()
    lost = end - before["next_offset"]
    assert refused.returncode == 2
    assert f"partition 0 would go on at offset {end}: {lost} offsets are no longer in Kafka" in refused.stderr
    assert group.database.partitions.find_one(identity) == before
    done = restart("--yes")
    assert done.returncode == 0
    assert f"partition 0 goes on at offset {end}: {lost} offsets are no longer in Kafka" in done.stderr
    after = group.database.partitions.find_one(identity)
    assert after is not None
    assert (after["next_offset"], after["first_offset"], after["generation"]) == (end, end, 2)
    assert after["epoch"] == before["epoch"] + 1
    assert after["past"] == [{name: before[name] for name in PAST_FIELDS}]
    assert "read_to" not in after


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_without_kafka_it_shows_what_mongodb_knows_and_says_so(
    group: ConsumerGroup, arguments: tuple[str, ...]
) -> None:
    consumer = group.consumer()
    group.publish(generate(count=300, products=20, seed=1))
    group.wait_handled()
    assert consumer.stop() == 0
    (port,) = ports.pick(1)
    away = listed(group, *arguments, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{port}")
    assert away.returncode == 1
    (sentence,) = away.stderr.splitlines()
    assert sentence.startswith(f"Kafka at 127.0.0.1:{port} does not answer")
    assert "KafkaError{" not in sentence
    if arguments:
        found = json.loads(away.stdout)
        assert [(one["lag"], one["end_in_kafka"]) for one in found] == [(None, None)] * 2
        assert sum(one["next_offset"] for one in found) == 300
    else:
        assert away.stdout.count("unknown") == 2


def test_a_topic_that_is_not_there_is_not_created(group: ConsumerGroup) -> None:
    done = listed(group, KAFKA_TOPIC=f"{group.topic}-x[/red]")
    assert done.returncode == 78 or "Kafka has no topic" in done.stderr
    missing = listed(group, KAFKA_TOPIC=f"{group.topic}-x")
    assert missing.returncode == 1
    assert f"Kafka has no topic {group.topic}-x" in missing.stderr
    admin = AdminClient({"bootstrap.servers": group.kafka.bootstrap_servers})
    assert f"{group.topic}-x" not in admin.list_topics(timeout=10).topics
