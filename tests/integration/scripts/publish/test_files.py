"""`publish file` with a real Kafka: all of a good file arrives, nothing of a bad one, and what is wrong is said."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.publish.generated.generate import generate
from tests.integration.scripts.publish.test_publish import START_SECONDS, environment, records, topic
from tests.support.process import ROOT, module
from tests.support.servers.interface import KafkaServer

__all__ = ["environment", "topic"]

GOOD = [message.value for message in generate(50, seed=4) if message.value is not None]
BAD = [b'{"event": "productSold"}', b"hello"]


def publish(environment: dict[str, str], *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    argv = [sys.executable, "-m", "scripts.publish", "file", *arguments]
    ended = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **environment}, input=stdin, capture_output=True, timeout=120, check=False
    )
    assert ended.stdout == b""
    return ended.returncode, ended.stderr.decode()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("form", [b"\n", b",\n"])
def test_a_good_file_arrives_whole(environment: dict[str, str], tmp_path: Path, form: bytes, compressed: bool) -> None:
    content = form.join(GOOD) if form == b"\n" else b"[" + form.join(GOOD) + b"]"
    file = tmp_path / "events.txt"
    file.write_bytes(gzip.compress(content, mtime=0) if compressed else content)
    code, report = publish(environment, str(file))
    assert code == 0, report
    assert "their places: " in report
    code, report = publish(environment, "-", stdin=file.read_bytes())
    assert code == 0, report
    assert Counter(value for _, value in records(environment)) == Counter(GOOD * 2)


@pytest.mark.parametrize("through_pipe", [False, True])
def test_nothing_of_a_file_is_sent_if_one_message_would_be_rejected(
    environment: dict[str, str], tmp_path: Path, through_pipe: bool
) -> None:
    content = b"\n".join([*GOOD[:3], BAD[0], b"", *GOOD[3:], BAD[1]])
    file = tmp_path / "events.ndjson"
    file.write_bytes(content)
    path = "-" if through_pipe else str(file)
    code, report = publish(environment, path, stdin=content if through_pipe else b"")
    assert code == 2
    assert records(environment) == []
    assert "nothing was sent, since 2 of 52 messages would not count" in report
    assert "  line 4: missing_field: name_of_product" in report
    assert f"  line {len(GOOD) + 3}: not_json" in report
    assert "--skip-rejected" in report
    code, report = publish(environment, path, "--skip-rejected", stdin=content if through_pipe else b"")
    assert code == 1
    assert "2 of 52 messages were left out" in report
    assert "50 messages published" in report
    assert Counter(value for _, value in records(environment)) == Counter(GOOD)


def test_many_rejections_are_counted_and_the_first_named(environment: dict[str, str]) -> None:
    code, report = publish(environment, "-", stdin=b"\n".join(BAD * 5000))
    assert code == 2
    assert "10,000 of 10,000" in report
    assert "and 9,980 more" in report
    assert "by reason: 5,000 missing_field, 5,000 not_json" in report
    assert len(report.splitlines()) < 30


def test_a_table_arrives_as_events(environment: dict[str, str]) -> None:
    table = "event;product id;name_of_product;no_of_units;amount\nproductSold;3;Stühle;2;1000.50\n".encode("utf-16")
    code, report = publish(environment, "-", stdin=table)
    assert code == 0, report
    [(key, value)] = records(environment)
    assert key is None
    assert json.loads(value or b"") == {
        "event": "productSold",
        "product_id": "3",
        "name_of_product": "Stühle",
        "no_of_units": "2",
        "amount": "1000.50",
    }


def test_a_broker_that_is_away_is_told_while_the_next_line_is_waited_for(
    environment: dict[str, str], kafka: KafkaServer, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = module("scripts.publish", tmp_path / "log", environment, "file", str(pipe), "--skip-rejected")
    kafka.freeze()
    process.start()
    try:
        with pipe.open("wb", buffering=0) as stream:
            stream.write(GOOD[0] + b"\n")
            process.wait_for_output("does not answer", START_SECONDS + 2)
            kafka.thaw()
            process.wait_until("the message", lambda: len(records(environment)) == 1)
            stream.write(GOOD[1] + b"\n")
        assert process.wait(30) == 0, process.output
        assert process.output.count("does not answer") == 1
    finally:
        process.close()


def test_a_stream_without_an_end_is_sent_as_it_comes(environment: dict[str, str], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = module("scripts.publish", tmp_path / "log", environment, "file", str(pipe), "--skip-rejected")
    process.start()
    try:
        with pipe.open("wb", buffering=0) as stream:
            stream.write(b"\n".join([*GOOD[:2], *BAD]) + b"\n")
            process.wait_until("two messages", lambda: len(records(environment)) == 2)
            stream.write(GOOD[2] + b"\n")
            process.wait_until("the third", lambda: len(records(environment)) == 3)
        assert process.wait(30) == 1, process.output
        assert "2 of 5 messages were left out" in process.output
    finally:
        process.close()
