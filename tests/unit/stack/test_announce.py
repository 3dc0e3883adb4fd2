"""What `make up` prints: a line that gives every command of another terminal its settings, as the README has it."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from shared.settings import ConsumerSettings, KafkaSettings
from stack.assembly.plan import TOPIC, Plan
from stack.drivers.announce import lines
from stack.settings import StackSettings
from tests.support.process import ROOT


def announced(tmp_path: Path, kafka: Literal["apache", "mock"], servers: str) -> tuple[str, ...]:
    settings = StackSettings(state=tmp_path)
    plan = Plan(settings=settings, folder=tmp_path, api=1, consumer=1, kafka=kafka, url="http://127.0.0.1:18000")
    return lines(plan, servers, "a.b.c")


@pytest.mark.parametrize("kafka", ["apache", "mock"])
def test_one_line_gives_the_commands_their_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kafka: Literal["apache", "mock"]
) -> None:
    (export,) = [line for line in announced(tmp_path, kafka, "127.0.0.1:4711") if line.startswith("export ")]
    shell = subprocess.run(["/bin/sh", "-c", f"{export}; env"], env={}, capture_output=True, text=True, check=True)
    given = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "KAFKA_TOPIC_ID_CHECK"):
        if name in given:
            monkeypatch.setenv(name, given[name])
    settings = ConsumerSettings.load()
    assert settings.kafka_bootstrap_servers == "127.0.0.1:4711"
    assert settings.mongodb_uri.get_secret_value() == given["MONGODB_URI"]
    assert settings.kafka_topic_id_check is (kafka == "apache")
    assert KafkaSettings.model_fields["kafka_topic"].default == TOPIC


def test_the_readme_shows_the_line_that_is_printed(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    (shown,) = re.findall(r"^\$ (export KAFKA_.*)$", readme, re.MULTILINE)
    assert shown in announced(tmp_path, "apache", shlex.split(shown)[1].partition("=")[2])


def test_the_readme_generates_no_more_than_the_mock_broker_holds() -> None:
    page = (ROOT / "docs" / "operations" / "mock-broker.md").read_text()
    (fine,) = re.findall(r"`generate --count ([0-9]+)` is fine", page)
    counts = re.findall(r"generate --count ([0-9]+)", (ROOT / "README.md").read_text())
    assert counts
    assert all(int(count) <= int(fine) for count in counts)
