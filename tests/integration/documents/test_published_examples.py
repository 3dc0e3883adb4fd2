"""The programs of docs/examples that publish reach a real Kafka, and the consumer accepts what they have published."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from consumer.events.decode import decode
from consumer.events.event import Sold
from consumer.events.message import record_time_ms
from consumer.events.time_limits import TimeLimits
from tests.support.process import ROOT
from tests.support.programs.java import classes
from tests.support.servers.interface import KafkaServer

EXAMPLES = ROOT / "docs/examples"
SECONDS = 60


@pytest.fixture
def environment(kafka: KafkaServer) -> dict[str, str]:
    """What tells a program the brokers and a topic of this test alone."""
    topic = f"examples-{uuid.uuid4().hex}"
    kafka.create_topic(topic, 1)
    return os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "KAFKA_TOPIC": topic}


def published_by(environment: dict[str, str], folder: Path, *command: str) -> Message:
    """The first message of the topic, after the program has said that it is in partition 0 at offset 0."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0@0"]
    reader = Consumer({"bootstrap.servers": environment["KAFKA_BOOTSTRAP_SERVERS"], "group.id": "none"})
    reader.assign([TopicPartition(environment["KAFKA_TOPIC"], 0, 0)])
    message = reader.poll(SECONDS)
    reader.close()
    assert message is not None
    assert message.error() is None
    return message


def check(message: Message) -> None:
    """Assert that the message is the sale that each program publishes."""
    now_ms = int(time.time() * 1000)
    event = decode(message.value(), record_time_ms(message), TimeLimits.at(now_ms, 400))
    assert isinstance(event, Sold), event
    assert (event.product, event.name, event.units, event.amount) == (3, "Chair", 10, 1_000_500_000)
    assert abs(event.time_ms - now_ms) < SECONDS * 1000
    assert event.identity is not None
    assert (message.key(), event.identity.event_id) == (b"3", "order-4711-line-2")


def test_python(environment: dict[str, str]) -> None:
    check(published_by(environment, EXAMPLES / "python", sys.executable, "publish.py"))


def test_java(environment: dict[str, str], tmp_path: Path) -> None:
    path = classes(sorted((EXAMPLES / "java").glob("*.java")), tmp_path)
    check(published_by(environment, tmp_path, "java", "-cp", path, "Publish"))
