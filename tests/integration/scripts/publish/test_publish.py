"""Runs the publisher against a real Kafka: afterwards the topic holds exactly what the command reported."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from scripts.publish.generated.generate import generate
from tests.support.process import ROOT, Running, module
from tests.support.servers.interface import KafkaServer

PARTITIONS = 3
START_SECONDS = 8.0
"""A command starts in one second; on a machine that does other work too, in some."""
SOLD = ("sold", "--product", "3", "--units", "10", "--amount", "1000")


@pytest.fixture
def topic(kafka: KafkaServer) -> str:
    """A topic of this test alone."""
    name = f"publish-{uuid.uuid4().hex}"
    kafka.create_topic(name, PARTITIONS)
    return name


@pytest.fixture
def environment(kafka: KafkaServer, topic: str) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "KAFKA_TOPIC": topic}


def publish(environment: dict[str, str], *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Run a command to its end; its exit code and its report."""
    argv = [sys.executable, "-m", "scripts.publish", *arguments]
    ended = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **environment}, input=stdin, capture_output=True, timeout=120, check=False
    )
    assert re.fullmatch(rb"([0-9]+@[0-9]+\n)?", ended.stdout), "places go to standard output, reports to standard error"
    return ended.returncode, ended.stderr.decode()


def records(environment: dict[str, str]) -> list[tuple[bytes | None, bytes | None]]:
    """Key and value of every record in the topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": environment["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": "none",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.message.max.bytes": 10_000_000,
        }
    )
    consumer.assign([TopicPartition(environment["KAFKA_TOPIC"], number, 0) for number in range(PARTITIONS)])
    found, at_end = [], 0
    while at_end < PARTITIONS:
        message = consumer.poll(20)
        assert message is not None, "Kafka gave neither a record nor the end of a partition"
        error = message.error()
        if error is None:
            found.append((message.key(), message.value()))
        else:
            assert error.code() == KafkaError._PARTITION_EOF, error
            at_end += 1
    consumer.close()
    return found


def test_one_sale_arrives_with_its_product_as_key(environment: dict[str, str]) -> None:
    code, report = publish(environment, *SOLD)
    assert code == 0, report
    assert report.startswith(f"1 message published to {environment['KAFKA_TOPIC']}")
    [(key, value)] = records(environment)
    assert key == b"3"
    assert json.loads(value or b"")["amount"] == 1000


def test_a_stream_arrives_once_byte_for_byte(environment: dict[str, str], tmp_path: Path) -> None:
    totals = tmp_path / "totals.json"
    arguments = ("--count", "20000", "--products", "50", "--invalid", "0.05", "--seed", "7", "--totals", str(totals))
    code, report = publish(environment, "generate", *arguments)
    assert code == 0, report
    expected = list(generate(20_000, products=50, seed=7, invalid=0.05))
    found = records(environment)
    assert Counter(found) == Counter((message.key, message.value) for message in expected)
    written = json.loads(totals.read_text())
    rejected = sum(isinstance(message.expected, str) for message in expected)
    assert (written["sent"], written["delivered"], written["failed"], written["unknown"]) == (20_000, 20_000, 0, 0)
    assert written["complete"] is True
    assert written["accepted"] == 20_000 - rejected
    assert sum(written["rejected"].values()) == rejected
    assert f"accept {20_000 - rejected:,} and reject {rejected:,}" in report


def test_the_order_of_a_product_s_events_is_kept(environment: dict[str, str]) -> None:
    code, report = publish(environment, "generate", "--count", "5000", "--products", "5", "--seed", "3")
    assert code == 0, report
    found = records(environment)
    for product in (b"1", b"2", b"3", b"4", b"5"):
        expected = [message.value for message in generate(5000, products=5, seed=3) if message.key == product]
        assert [value for key, value in found if key == product] == expected


def test_without_keys_the_records_have_none(environment: dict[str, str]) -> None:
    code, report = publish(environment, "generate", "--count", "100", "--unkeyed")
    assert code == 0, report
    assert {key for key, _ in records(environment)} == {None}


def test_a_rate_is_kept(environment: dict[str, str]) -> None:
    code, report = publish(environment, "generate", "--count", "500", "--rate", "250")
    assert code == 0, report
    seconds = re.search(r" in ([0-9.]+) s", report)
    assert seconds is not None
    assert 1.9 <= float(seconds[1]) <= 4


def test_the_lines_of_a_file_go_as_they_are(environment: dict[str, str], tmp_path: Path) -> None:
    lines = [b'{"any": "thing"}', b"", b"not JSON \xe9\r", b"last, without its end of line"]
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(lines))
    code, report = publish(environment, "file", str(file), "--no-check")
    assert code == 0, report
    code, report = publish(environment, "file", "-", "--no-check", stdin=b"from standard input\n")
    assert code == 0, report
    assert Counter(records(environment)) == Counter((None, line) for line in [*lines, b"from standard input"])


def test_what_the_broker_refuses_is_told_and_the_rest_arrives(environment: dict[str, str]) -> None:
    incompressible = os.urandom(2_000_000).replace(b"\n", b"")
    stdin = b"first\n" + incompressible + b"\nlast\n"
    code, report = publish(environment, "file", "-", "--no-check", stdin=stdin)
    assert code == 1
    assert "2 messages published" in report
    assert "1 message not delivered: MSG_SIZE_TOO_LARGE" in report
    assert re.search(r"  line 2.*: MSG_SIZE_TOO_LARGE", report)
    assert re.search(r"their places: [0-2]@[0-9]", report)
    assert "message.max.bytes" in report
    assert "stopped" not in report
    assert sorted(records(environment)) == [(None, b"first"), (None, b"last")]


def test_a_missing_topic_is_a_failure_with_advice(kafka: KafkaServer) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "KAFKA_TOPIC": "no-such-topic"}
    code, report = publish(environment, *SOLD, "--timeout", "2")
    assert code == 1
    assert "0 messages published" in report
    assert "no-such-topic does not exist" in report


@pytest.mark.parametrize("arguments", [SOLD, ("generate", "--count", "10"), ("file", "stack/demo.ndjson")])
def test_a_broker_that_is_away_is_told_within_two_seconds(
    environment: dict[str, str], kafka: KafkaServer, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Frozen, it takes connections and answers nothing; librdkafka itself would say so after half a minute."""
    kafka.freeze()
    process = module("scripts.publish", tmp_path / "publish.log", environment, *arguments, "--timeout", "60")
    process.start()
    try:
        process.wait_for_output("does not answer", START_SECONDS + 2)
        assert process.is_running
        kafka.thaw()
        assert process.wait(30) == 0, process.output
        assert process.output.count("does not answer") == 1
    finally:
        process.close()


def test_a_frozen_broker_fails_what_it_does_not_acknowledge(environment: dict[str, str], kafka: KafkaServer) -> None:
    kafka.freeze()
    code, report = publish(environment, *SOLD, "--timeout", "1")
    assert code == 1
    assert "is it running" in report


def test_a_broker_that_comes_back_loses_and_repeats_nothing(
    environment: dict[str, str], kafka: KafkaServer, running: Running
) -> None:
    wait_for_records(environment, running)
    kafka.stop()
    kafka.start()
    assert running.wait(60) == 0, running.output
    assert "4,000 messages published" in running.output
    assert Counter(records(environment)) == Counter((m.key, m.value) for m in generate(4000, seed=5))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_the_true_count(
    environment: dict[str, str], running: Running, number: signal.Signals, code: int, tmp_path: Path
) -> None:
    wait_for_records(environment, running)
    running.send(number)
    assert running.wait(20) == code, running.output
    found = records(environment)
    assert 0 < len(found) < 4000
    assert f"{len(found):,} message" in running.output
    written = json.loads((tmp_path / "totals.json").read_text())
    assert written["sent"] == written["delivered"] == written["accepted"] == len(found)
    expected = [(message.key, message.value) for message in generate(len(found), seed=5)]
    assert Counter(found) == Counter(expected)


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    """A publisher of 4,000 messages, 800 a second."""
    arguments = (
        "generate",
        "--count",
        "4000",
        "--rate",
        "800",
        "--seed",
        "5",
        "--totals",
        str(tmp_path / "totals.json"),
    )
    process = module("scripts.publish", tmp_path / "publish.log", environment, *arguments)
    process.start()
    yield process
    process.close()


def wait_for_records(environment: dict[str, str], process: Running) -> None:
    process.wait_until("the first records", lambda: len(records(environment)) > 100)
