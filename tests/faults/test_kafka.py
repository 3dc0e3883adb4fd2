"""Kafka that dies, deletes records, gets its topic recreated or enlarged; and producers that abort transactions."""

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from stack.waiting import wait_until
from tests.faults.checks.ownership import MOVE_SECONDS, owns
from tests.faults.conftest import Start
from tests.faults.scenario import Scenario
from tests.support.process import ROOT, Running
from tests.support.servers.interface import KafkaServer

RESOLVES = re.compile(r"`python (-m scripts\.partitions restart --partition (\d+))`")
PARTITIONS = 3
HELD_BACK, NO_LONGER = "held back by an open transaction", "no longer held back"


@pytest.fixture
def admin(kafka: KafkaServer) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})


def resolve(scenario: Scenario, consumer: Running, partitions: set[int]) -> None:
    """Wait until these partitions have halted, then run for each the command that the consumer's message names."""
    wait_until("the halts", lambda: partitions <= commands(consumer).keys(), MOVE_SECONDS)
    for partition in partitions:
        command = (sys.executable, *shlex.split(commands(consumer)[partition]), "--yes")
        environment = scenario.group.environment()
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr


def commands(consumer: Running) -> dict[int, str]:
    """By partition: the command that the consumer's last message about it names."""
    return {int(partition): command for command, partition in RESOLVES.findall(consumer.output)}


@pytest.mark.timeout(400)
def test_a_broker_killed_and_restarted(start: Start, full: bool, kafka: KafkaServer) -> None:
    scenario = start()
    with scenario.under_traffic(400):
        consumers = [scenario.consumer() for _ in range(2)]
        for _ in range(5 if full else 1):
            scenario.wait_progress(200)
            kafka.kill()
            scenario.fault()
            kafka.start()
        scenario.wait_progress(200)
    scenario.finish(ask_all=True)
    assert [consumer.stop() for consumer in consumers] == [0, 0]


def recreate(scenario: Scenario, admin: AdminClient) -> None:
    """Delete the topic and create it again, empty."""
    topic = scenario.group.topic
    admin.delete_topics([topic])[topic].result(10)
    wait_until("the topic gone", lambda: topic not in admin.list_topics(timeout=5).topics, 20)
    scenario.group.kafka.create_topic(topic, PARTITIONS)
    scenario.fault()


@pytest.mark.full
def test_a_topic_recreated_halts_until_it_is_resolved_and_nothing_collides(start: Start, admin: AdminClient) -> None:
    scenario = start(partitions=PARTITIONS)
    first = scenario.consumer()
    scenario.traffic.publish(600)
    scenario.wait_handled()
    assert first.stop() == 0
    recreate(scenario, admin)
    scenario.traffic.generation = 2
    scenario.traffic.publish(600)
    second = scenario.consumer()
    resolve(scenario, second, set(range(PARTITIONS)))
    scenario.finish(halts=True, wait=scenario.wait_stored, ask_all=True)
    assert second.stop() == 0


@pytest.mark.full
def test_retention_that_passes_unread_offsets_halts_until_it_is_resolved(start: Start, admin: AdminClient) -> None:
    scenario = start(partitions=PARTITIONS)
    first = scenario.consumer()
    scenario.traffic.publish(600)
    scenario.wait_handled()
    assert first.stop() == 0
    (stored,) = scenario.group.database.partitions.find({"_id.k": 0})
    scenario.traffic.publish(600)
    low = stored["next_offset"] + 20
    (deleted,) = admin.delete_records([TopicPartition(scenario.group.topic, 0, low)]).values()
    deleted.result(10)
    scenario.fault()
    second = scenario.consumer()
    resolve(scenario, second, {0})
    # Nobody can have read what retention deleted. The rest of the partition is stored under the next generation.
    published = scenario.traffic.acknowledged
    unread = {at: published[at] for at in published if at.partition == 0 and at.offset >= stored["next_offset"]}
    for at, known in unread.items():
        del published[at]
        if at.offset >= low:
            published[at._replace(generation=2)] = known
    scenario.finish(halts=True, wait=scenario.wait_stored)
    assert second.stop() == 0


@pytest.mark.full
def test_partitions_added_while_running_are_picked_up(start: Start, admin: AdminClient) -> None:
    scenario = start(partitions=PARTITIONS)
    with scenario.under_traffic(400):
        consumer = scenario.consumer()
        for partitions in (PARTITIONS + 2, PARTITIONS + 5):
            scenario.wait_progress(200)
            grown = NewPartitions(scenario.group.topic, partitions)
            admin.create_partitions([grown])[scenario.group.topic].result(10)
            scenario.fault()
            wait_until("their claims", partial(owns, scenario, consumer, partitions), MOVE_SECONDS)
        wait_until(
            "traffic in all of them",
            lambda: {at.partition for at in tuple(scenario.traffic.acknowledged)} == set(range(PARTITIONS + 5)),
            MOVE_SECONDS,
        )
    scenario.finish()
    assert consumer.stop() == 0


@pytest.mark.full
def test_transactions_that_producers_abort_are_never_seen(start: Start) -> None:
    """The consumer is killed meanwhile; where aborted records leave gaps between offsets, nothing is lost either."""
    scenario = start(partitions=PARTITIONS)
    for _ in range(4):
        consumer = scenario.consumer(FAILPOINT=f"after_events:kill:{scenario.choose.randint(1, 4)}")
        scenario.traffic.transactions(10)
        consumer.kill()
        scenario.fault()
    last = scenario.consumer()
    scenario.finish(wait=scenario.wait_stored)
    assert last.stop() == 0


def test_an_open_transaction_holds_as_of_back_and_ends(start: Start, full: bool) -> None:
    """What other producers publish behind it is acknowledged and not delivered. The status, log and lag say so."""
    scenario = start(partitions=PARTITIONS)
    consumer = scenario.consumer()
    scenario.traffic.publish(300)
    scenario.wait_handled()
    for transactions in range(1, 4 if full else 2):
        wait_until("as-of", partial(current, scenario, datetime.now(UTC)), 30)
        with scenario.traffic.open_transaction(PARTITIONS):
            scenario.fault()
            wait_until("the log", partial(has_written, consumer, HELD_BACK, transactions * PARTITIONS), 30)
            before, handled = as_of(scenario), scenario.handled
            scenario.traffic.publish(300)
            wait_until("their lag", partial(lags, scenario, 300 + PARTITIONS), 30)
            assert all("held_back_since" in one for one in statuses(scenario))
            assert (as_of(scenario), scenario.handled) == (before, handled)
        scenario.wait_stored()
    wait_until("as-of again", partial(current, scenario, datetime.now(UTC)), 30)
    assert lags(scenario, 0)
    assert not any("held_back_since" in one for one in statuses(scenario))
    scenario.finish(wait=scenario.wait_stored)
    assert consumer.output.count(NO_LONGER) == consumer.output.count(HELD_BACK) == transactions * PARTITIONS
    assert consumer.stop() == 0


def has_written(consumer: Running, text: str, times: int) -> bool:
    """Whether the consumer has written `text` so often."""
    return consumer.output.count(text) >= times


def statuses(scenario: Scenario) -> list[dict[str, Any]]:
    """What the consumer wrote last of each partition."""
    return list(scenario.group.database.partition_status.find())


def as_of(scenario: Scenario) -> dict[int, datetime]:
    """Up to when each partition is complete."""
    return {one["_id"]["k"]: one["caught_up_at"] for one in statuses(scenario)}


def current(scenario: Scenario, since: datetime) -> bool:
    """Whether every partition is complete up to `since` or later."""
    found = statuses(scenario)
    return len(found) == PARTITIONS and all(one.get("caught_up_at", since) > since for one in found)


def lags(scenario: Scenario, offsets: int) -> bool:
    """Whether the partitions together lag by so many offsets."""
    return bool(sum(one["lag"] for one in statuses(scenario)) == offsets)
