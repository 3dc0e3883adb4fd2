"""Consumers and MongoDB that die at any moment, freeze, come and go: nothing lost, nothing twice."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from scripts._generate import generate
from stack.waiting import wait_until
from tests.support.pipeline import Pipeline, pipeline
from tests.support.servers import KafkaServer, MongoServer


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(kafka, mongo, tmp_path, partitions=12) as one:
        yield one


@pytest.fixture
def load(events: Pipeline) -> Iterator[Thread]:
    """30,000 messages over about 15 seconds, one in fifty invalid."""
    thread = Thread(
        target=lambda: events.publish(generate(count=30_000, products=200, seed=9, invalid=0.02), rate=2_000)
    )
    thread.start()
    yield thread
    thread.join()


def test_killed_consumers_lose_and_repeat_nothing(events: Pipeline, load: Thread) -> None:
    choose = random.Random(7)
    consumers = [events.consumer(), events.consumer()]
    while load.is_alive():
        victim = choose.randrange(2)
        goal = events.handled + choose.randrange(500)
        consumers[victim].kill()
        consumers[victim] = events.consumer()
        while events.handled <= goal and load.is_alive():
            load.join(0.05)
    load.join()
    events.wait_handled(120)
    events.check()


def test_consumers_that_join_and_leave_share_the_partitions_without_loss(events: Pipeline, load: Thread) -> None:
    first = events.consumer()
    second, third = events.consumer(), events.consumer()

    def owners() -> set[str]:
        return {one["owner"] for one in events.database.partitions.find()}

    wait_until("three owners", lambda: len(owners()) == 3, 60)
    assert second.stop() == 0
    wait_until("two owners", lambda: len(owners()) == 2, 60)
    fourth = events.consumer()
    wait_until("three owners again", lambda: len(owners()) == 3, 60)
    assert first.stop() == 0
    load.join()
    events.wait_handled(120)
    events.check()
    assert third.stop() == fourth.stop() == 0


def test_a_frozen_consumer_that_wakes_up_is_fenced(events: Pipeline, load: Thread) -> None:
    zombie = events.consumer()
    wait_until("progress", lambda: events.handled > 500, 60)
    zombie.freeze()
    heir = events.consumer()
    taken = events.handled
    wait_until("the heir's progress", lambda: events.handled > taken + 1_000, 60)
    zombie.thaw()
    load.join()
    events.wait_handled(120)
    events.check()
    assert zombie.stop() == heir.stop() == 0


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_mongodb_away_pauses_reading_and_rejects_nothing(events: Pipeline, load: Thread, fault: str) -> None:
    consumer = events.consumer()
    wait_until("progress", lambda: events.handled > 500, 60)
    if fault == "kill":
        events.mongo.kill()
    else:
        events.mongo.freeze()
    consumer.wait_for_output("reading pauses, nothing is lost", 60)
    if fault == "kill":
        events.mongo.start()
    else:
        events.mongo.thaw()
    consumer.wait_for_output("reading goes on", 60)
    load.join()
    events.wait_handled(120)
    events.check()
    assert "MAXPOLL" not in consumer.output
    assert consumer.stop() == 0


def test_signals_end_it_within_ten_seconds_while_nothing_answers(events: Pipeline, load: Thread) -> None:
    """Each call may take as long as all of the stop; Kafka and MongoDB take everything and say nothing."""
    consumer = events.consumer(MONGODB_TIMEOUT_MS="10000")
    wait_until("progress", lambda: events.handled > 500, 60)
    events.mongo.freeze()
    load.join()
    events.kafka.freeze()
    for _ in range(3):
        consumer.send(signal.SIGINT)
        consumer.send(signal.SIGTERM)
    assert consumer.wait(10) == 0
    events.kafka.thaw()
    events.mongo.thaw()
    events.consumer()
    events.wait_handled(120)
    events.check()
