"""CI on a machine that cannot have a Docker engine: it says so and goes on. It fails on any other error."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support.process import ROOT

NO_ENGINE = 69
"""Exit code of tests/compose/engine.sh."""
NOBODY = 65534
"""Id of the user and group nobody."""
# So that no engine is found, even if this machine has one.
ELSEWHERE = {"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///nowhere/docker.sock"}


def run(*argv: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(one) for one in argv], capture_output=True, text=True, env=ELSEWHERE, **options)


def test_an_ordinary_user_is_told_why_there_is_no_engine() -> None:
    with TemporaryDirectory() as folder:
        # A copy, since the user nobody may not be able to read the checkout.
        script = Path(folder) / "tests/compose/engine.sh"
        script.parent.mkdir(parents=True)
        shutil.copy(ROOT / "tests/compose/engine.sh", script)
        Path(folder).chmod(0o755)
        user = {} if os.getuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
        ended = run("bash", script, "touch", Path(folder) / "ran", cwd=folder, **user)
        assert ended.stderr.splitlines()[-1] == "no Docker engine: none answers, and only root can start one"
        assert ended.returncode == NO_ENGINE
        assert not (Path(folder) / "ran").exists()


def test_ci_goes_on_without_an_engine_and_says_so() -> None:
    ended = run(ROOT / ".ci/containers", NO_ENGINE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("NOT RUN: the tests in containers, ")


@pytest.mark.parametrize("code", [1, 2, 143])
def test_ci_ends_with_whatever_else_went_wrong(code: int) -> None:
    ended = run(ROOT / ".ci/containers", code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "")
