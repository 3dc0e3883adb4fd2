"""The dashboards of docs/examples, run against a live API."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import IO, Final

import pytest

from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenSale, store
from tests.support.process import ROOT

FOLDER: Final = ROOT / "docs/examples/dashboard"
PROGRAMS: Final = {"dashboard.mjs": "node", "dashboard.py": sys.executable}
LONG: Final = "90071992547409931.07"
"""More digits than a float holds."""
WAIT: Final = 20.0
"""Seconds until a line must have come. The programs ask every two seconds, and a test machine may be busy."""

every_program = pytest.mark.parametrize("program", PROGRAMS)


@contextmanager
def running(api: Api, program: str, token: str, *paths: str) -> Iterator[tuple[subprocess.Popen[str], Queue[str]]]:
    """The running dashboard, and the lines that it prints. Skips where its language is not on this machine."""
    command = shutil.which(PROGRAMS[program])
    if command is None:
        pytest.skip(f"{PROGRAMS[program]} is not on this machine, so {program} cannot run")
    environment = os.environ | {"API_HOST": api.url, "API_TOKEN": token}
    argv = [command, program, *paths]
    with subprocess.Popen(argv, cwd=FOLDER, env=environment, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        lines: Queue[str] = Queue()
        reader = threading.Thread(target=_pass_on, args=(process.stdout, lines))
        reader.start()
        try:
            yield process, lines
        finally:
            process.kill()
            reader.join()


def _pass_on(stdout: IO[str], lines: Queue[str]) -> None:
    for line in stdout:
        lines.put(line)


@every_program
def test_a_dashboard_prints_each_change_once_with_every_digit(api: Api, program: str) -> None:
    store(api.database, [GivenSale(3, NOON - 60_000, "1000.5"), GivenSale(4, NOON - 60_000, LONG)])
    with running(api, program, api.token(), "/api/product/sale/3", "/api/product/sale/4") as (_, lines):
        first = sorted(lines.get(timeout=WAIT) for _ in range(2))
        assert first[0].startswith("/api/product/sale/3 ")
        assert "1000.5" in first[0]
        assert LONG in first[1]
        store(api.database, [GivenSale(3, NOON - 30_000, "2")])
        assert "1002.5" in lines.get(timeout=WAIT)
        assert lines.empty()


@every_program
def test_a_dashboard_s_own_addresses_are_answered(api: Api, program: str) -> None:
    store(api.database, [GivenSale(3, NOON - 60_000, "1000.5")])
    with running(api, program, api.token()) as (_, lines):
        total, series = sorted(lines.get(timeout=WAIT) for _ in range(2))[::-1]
        texts = {line.split(" ")[0].partition("?")[0]: line for line in (total, series)}
        assert texts.keys() == {"/api/product/sale", "/api/product/sale/series"}
        assert all("1000.5" in line for line in texts.values())


@every_program
def test_a_dashboard_stops_when_asking_again_would_not_help(api: Api, program: str) -> None:
    with running(api, program, "no token", "/api/product/sale") as (process, _):
        assert process.wait(WAIT) == 1
        assert process.stderr is not None
        assert "urn:problem-type:product-analytics:invalid-token A valid bearer token" in process.stderr.read()


@every_program
def test_a_dashboard_has_about_thirty_lines(program: str) -> None:
    lines = [line for line in (FOLDER / program).read_text().splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith(("import ", "from ", '"""', "//"))]
    assert len(code) <= 30
