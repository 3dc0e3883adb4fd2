"""A database that a consumer has filled, for tests that only read it or damage a copy of it."""

from collections.abc import Iterator

import pytest

from scripts.publish.generated.generate import generate
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer

DAYS = 3


@pytest.fixture(scope="package")
def stored(kafka: KafkaServer, mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsumerGroup]:
    """1,200 events of three days with some dead letters, stored by a consumer that has ended. Do not change it."""
    with consumer_group(kafka, mongo, tmp_path_factory.mktemp("stored")) as events:
        consumer = events.consumer()
        spread = (DAYS - 1) * 86_400
        events.publish(generate(count=1_200, products=4, seed=5, invalid=0.02, spread_seconds=spread, now_ms=now_ms()))
        events.wait_handled()
        assert consumer.stop() == 0
        yield events
