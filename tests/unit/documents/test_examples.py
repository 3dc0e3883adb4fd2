"""The programs of docs/examples run, and the consumer accepts what they print: the same two events in each language."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Producer

from consumer.events.decode import decode
from consumer.events.event import Rated, Sold
from tests.support.process import ROOT
from tests.support.programs.java import classes
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

EXAMPLES = ROOT / "docs/examples"
PROGRAMS = [file for file in sorted(EXAMPLES.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
AT_MS = 1_780_216_200_250  # 2026-05-31T10:30:00.250+02:00


def run(folder: Path, *command: str) -> list[str]:
    """The lines that a program prints; skips the test where its language is not on this machine."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def check(lines: list[str]) -> None:
    """Assert that the lines are the sale and the rating that each example publishes."""
    sold, rated = (decode(line.encode(), NOW_MS, LIMITS) for line in lines)
    assert isinstance(sold, Sold), sold
    assert isinstance(rated, Rated), rated
    assert (sold.product, sold.name, sold.units, sold.amount) == (3, 'Chair "Bär" & Söhne', 10, 1_000_500_000)
    assert (rated.product, rated.name, rated.rating, rated.category) == (3, sold.name, 450, "Möbel/Stühle")
    assert (sold.time_ms, rated.time_ms) == (AT_MS, AT_MS)
    assert sold.unknown_fields == {"currency": "EUR"}
    assert sold.identity is not None
    assert rated.identity is not None
    assert (sold.identity.event_id, rated.identity.event_id) == ("order-4711-line-2", "rating-815")


def test_python() -> None:
    check(run(EXAMPLES / "python", "python3", "-I", "shop_events.py"))


def test_python_that_publishes_says_where_the_sale_is() -> None:
    """Against the brokers that librdkafka has inside, whose topics have four partitions."""
    brokers = Producer({"test.mock.num.brokers": 1})
    address = next(iter(brokers.list_topics(timeout=10).brokers.values()))
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": f"{address.host}:{address.port}", "KAFKA_TOPIC": "shop"}
    done = subprocess.run(
        (sys.executable, "publish.py"),
        cwd=EXAMPLES / "python", env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3@0\n"


@pytest.mark.parametrize("program", ["python/publish.py", "php/publish.php"])
def test_clients_of_librdkafka_have_javas_partitioner(program: str) -> None:
    assert re.search(r"""partitioner["'][,:] ["']murmur2_random["']""", (EXAMPLES / program).read_text())


def test_php() -> None:
    check(run(EXAMPLES / "php", "php", "events.php"))


def test_what_php_writes_with_escaped_slashes_and_characters() -> None:
    check((EXAMPLES / "php/sent.ndjson").read_text().splitlines())


def test_javascript() -> None:
    check(run(EXAMPLES / "javascript", "node", "events.mjs"))


def test_javascript_that_publishes_is_javascript() -> None:
    assert run(EXAMPLES / "javascript", "node", "--check", "publish.mjs") == []


def test_java(tmp_path: Path) -> None:
    path = classes(sorted((EXAMPLES / "java").glob("*.java")), tmp_path)
    check(run(tmp_path, "java", "-cp", path, "Events"))


def test_go() -> None:
    check(run(EXAMPLES / "go", "go", "run", "events.go"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: str(program.relative_to(EXAMPLES)))
def test_a_page_names_each_program(program: Path) -> None:
    page = "docs/dashboards.md" if program.parent.name == "dashboard" else "docs/events.md"
    assert f"examples/{program.relative_to(EXAMPLES)}" in (ROOT / page).read_text()
