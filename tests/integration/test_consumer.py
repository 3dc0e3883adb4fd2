"""The consumer as a process, on real Kafka and a real MongoDB: everything handled once, whatever is published."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts._generate import generate
from tests.support.pipeline import Pipeline, pipeline
from tests.support.servers import KafkaServer, MongoServer


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(kafka, mongo, tmp_path) as one:
        yield one


def test_every_message_is_an_event_or_a_dead_letter_with_the_expected_reason(events: Pipeline) -> None:
    messages = list(generate(count=5_000, products=50, seed=1, invalid=0.2))
    consumer = events.consumer()
    events.publish(messages)
    events.wait_handled()
    events.check()
    expected: dict[str, int] = {}
    for message in messages:
        if isinstance(message.expected, str):
            expected[message.expected] = expected.get(message.expected, 0) + 1
    found = {
        one["_id"]: one["n"]
        for one in events.database.rejected_events.aggregate([{"$group": {"_id": "$reason", "n": {"$sum": 1}}}])
    }
    assert found == expected
    assert consumer.stop() == 0
