"""A failpoint does nothing without its variable and kills at the named passage; a wrong text is an error."""

import subprocess
import sys

import pytest

from consumer.process import failpoints
from shared.errors import ConfigurationError
from tests.support.process import ROOT

PASS_TWICE = """
from consumer.process import failpoints
failpoints.arm()
for passage in (1, 2):
    print(passage, flush=True)
    failpoints.reach("after_events")
"""


def pass_twice(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-c", PASS_TWICE)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    "text", ["after_evnts:kill:1", "after_events:hang:1", "after_events:kill", "after_events:kill:x"]
)
def test_a_wrong_failpoint_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"FAILPOINT.*it is for tests only"):
        failpoints.parse(text)


def test_the_process_dies_at_the_passage_that_was_asked_for() -> None:
    dead = pass_twice({"FAILPOINT": "after_rollups:kill:1,after_events:kill:2", "LOG_FORMAT": "json"})
    assert (dead.returncode, [line for line in dead.stdout.split("\n") if line in ("1", "2")]) == (-9, ["1", "2"])


def test_without_the_variable_a_step_is_an_empty_function() -> None:
    assert pass_twice({}).returncode == 0
    assert failpoints.reach is failpoints._nothing
