"""What a consumer logs and how it ends while Kafka or MongoDB is away. More faults are in `tests/faults`."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from scripts.publish.generated.generate import generate
from stack.waiting import wait_until
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=12) as one:
        yield one


@pytest.fixture
def load(events: ConsumerGroup) -> Iterator[Thread]:
    """A thread that publishes 30,000 messages in about 15 seconds, of which one in fifty is invalid."""
    thread = Thread(
        target=lambda: events.publish(generate(count=30_000, products=200, seed=9, invalid=0.02), rate=2_000)
    )
    thread.start()
    yield thread
    thread.join()


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_mongodb_away_pauses_reading_and_rejects_nothing(events: ConsumerGroup, load: Thread, fault: str) -> None:
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


def test_signals_end_it_within_ten_seconds_while_nothing_answers(events: ConsumerGroup, load: Thread) -> None:
    """Kafka and MongoDB are frozen: they accept connections and answer nothing, and a call may take ten seconds."""
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
