"""The programs of docs/examples run, and the consumer accepts what they print: the same two events in each language."""

import shutil
import subprocess
from pathlib import Path

import pytest

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
def test_the_page_names_each_program(program: Path) -> None:
    assert f"examples/{program.relative_to(EXAMPLES)}" in (ROOT / "docs/events.md").read_text()
