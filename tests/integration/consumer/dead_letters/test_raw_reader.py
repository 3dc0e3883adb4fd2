"""A message read by librdkafka's own functions: its value, and whether it has headers that are not shown."""

import time
import uuid

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.dead_letters.raw_reader import ANSWER_SECONDS, NEAR, Looked, RawReader
from tests.support.kafka.raw_headers import publish_raw
from tests.support.servers.interface import KafkaServer

COUNT = 3 * NEAR


class Topic:
    """A topic of two partitions, with `COUNT` messages in the first: each is its offset."""

    def __init__(self, kafka: KafkaServer) -> None:
        self.kafka = kafka
        self.name = f"raw-{uuid.uuid4().hex[:12]}"
        kafka.create_topic(self.name, 2)
        self.producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
        self.publish(range(COUNT))

    def publish(self, numbers: range) -> None:
        for number in numbers:
            self.producer.produce(self.name, b"%d" % number, partition=0)
        assert self.producer.flush(30) == 0

    def reader(self, **more: object) -> RawReader:
        settings: dict[str, object] = {"group.id": self.name, "enable.auto.commit": False, "auto.offset.reset": "error"}
        return RawReader(settings | {"bootstrap.servers": self.kafka.bootstrap_servers, "log_level": 0} | more)


@pytest.fixture(scope="module")
def topic(kafka: KafkaServer) -> Topic:
    return Topic(kafka)


def test_messages_near_and_far_are_found_in_any_order(topic: Topic) -> None:
    reader = topic.reader()
    for offset in (0, 1, 2, 50, 50, 3, NEAR + 60, 2 * NEAR + 59, 7, COUNT - 1):
        assert reader.look(topic.name, 0, offset) == Looked(b"%d" % offset, has_unseen_headers=False)
        if offset == 2:
            reader.rest()


def test_a_message_behind_the_end_that_was_seen_is_found_once_it_is_there(topic: Topic) -> None:
    reader = topic.reader()
    assert reader.look(topic.name, 0, COUNT - 1) == Looked(b"%d" % (COUNT - 1), has_unseen_headers=False)
    assert reader.look(topic.name, 0, COUNT) is None
    topic.publish(range(COUNT, COUNT + 2))
    for offset in (COUNT, COUNT + 1):
        assert reader.look(topic.name, 0, offset) == Looked(b"%d" % offset, has_unseen_headers=False)


def test_what_kafka_does_not_hold_any_more_is_not_waited_for(topic: Topic) -> None:
    admin = AdminClient({"bootstrap.servers": topic.kafka.bootstrap_servers})
    first = TopicPartition(topic.name, 0, 10)
    admin.delete_records([first])[first].result(10)
    reader, started = topic.reader(), time.monotonic()
    assert [reader.look(topic.name, 0, 9), reader.look(topic.name, 1, 0)] == [None, None]
    assert time.monotonic() - started < ANSWER_SECONDS


def test_headers_that_are_not_shown_are_known_of(kafka: KafkaServer) -> None:
    name = f"raw-{uuid.uuid4().hex[:12]}"
    kafka.create_topic(name, 1)
    for count in (0, 1, 100_000, 100_001):
        publish_raw(kafka.bootstrap_servers, name, b"%d" % count, [(b"\xff", b"")] * count)
    reader = RawReader({"bootstrap.servers": kafka.bootstrap_servers, "group.id": name, "auto.offset.reset": "error"})
    looked = [reader.look(name, 0, offset) for offset in range(4)]
    assert looked == [Looked(b"0", False), Looked(b"1", False), Looked(b"100000", False), Looked(b"100001", True)]


def test_a_silent_broker_is_not_waited_for_for_long(topic: Topic) -> None:
    reader = topic.reader(**{"bootstrap.servers": "127.0.0.1:9"})
    with pytest.raises(TimeoutError):
        reader.look(topic.name, 0, 0)


def test_a_setting_that_librdkafka_refuses_is_an_error(topic: Topic) -> None:
    with pytest.raises(ValueError, match=r"no\.such\.setting"):
        topic.reader(**{"no.such.setting": 1})
