"""`make demo` and `make up` as a person runs them, and the ways in which they end."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from stack import ports
from stack.errors import PartMissing
from stack.install import packages
from stack.settings import StackSettings
from stack.supervision.part import Part
from stack.waiting import wait_until
from tests.support.process import ROOT, Running, module
from tests.support.servers import local

pytestmark = pytest.mark.local("it is about the local stack's own commands")

START_SECONDS = 90.0
READY = "Ctrl-C stops everything"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a stack of its own: free ports, no data yet, programs that were fetched before, the mock broker."""
    state = tmp_path / "a state folder"
    state.mkdir()
    programs = StackSettings().state / "parts"
    programs.mkdir(parents=True, exist_ok=True)
    (state / "parts").symlink_to(programs)
    names = ("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "MONGO_PORT", "HTTPS_PORT", "HTTP_PORT", "API_PORT", "METRICS_PORT")
    chosen = {f"STACK_{name}": str(port) for name, port in zip(names, ports.pick(len(names), 2), strict=True)}
    return {**chosen, "STACK_STATE": str(state), "STACK_KAFKA": "mock"}


@pytest.fixture
def up(tmp_path: Path, environment: dict[str, str]) -> Iterator[Running]:
    """A running `make up` that has printed its last hint; at the end everything that it started is killed."""
    part = Part("make", ("make", "--no-print-directory", "up"), ROOT, {"PYTHONUNBUFFERED": "1", **environment})
    running = Running(part, tmp_path / "up.log")
    running.start()
    try:
        running.wait_for_output(READY, START_SECONDS)
        yield running
    finally:
        for process in _processes(environment):
            # The process may have ended meanwhile, perhaps because its parent did.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        running.close()


def _processes(environment: Mapping[str, str]) -> list[psutil.Process]:
    """Find every process of this stack: those that work in its state folder, or have it in their environment."""
    state = environment["STACK_STATE"]
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(state) or process.environ().get("STACK_STATE") == state:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_two_demonstrations_work_side_by_side_without_java(tmp_path: Path) -> None:
    """As in two checkouts: each demonstration has its own state folder, and no setting chooses a port."""
    demos = []
    for number in (1, 2):
        state = tmp_path / f"state of checkout {number}"
        state.mkdir()
        (state / "parts").symlink_to(StackSettings().state / "parts")
        settings = {"STACK_STATE": str(state), "STACK_KAFKA": "mock"}
        demos.append((module("stack", tmp_path / f"demo-{number}.log", settings, "demo"), settings))
    with ExitStack() as ended:
        for demo, _ in demos:
            demo.start()
            ended.callback(demo.close)
        for demo, settings in demos:
            assert demo.wait(START_SECONDS) == 0, demo.output
            assert "librdkafka's mock broker" in demo.output
            assert '{"total": 3000}' in demo.output
            assert '{"average_rating": 4.5}' in demo.output
            assert "Every answer is what was published" in demo.output
            assert _processes(settings) == []


def test_up_serves_until_ctrl_c(up: Running, tmp_path: Path, environment: dict[str, str]) -> None:
    _publish_and_ask(up.output)
    second = module("stack", tmp_path / "second.log", environment, "up")
    second.start()
    assert second.wait(20) == 1
    assert "set STACK_STATE to another folder" in second.output
    assert len(_processes(environment)) > 7
    # A terminal sends Ctrl-C to the whole process group: to make and to the processes that make started.
    os.killpg(up.pid, signal.SIGINT)
    up.wait(20)
    assert _processes(environment) == []


def _publish_and_ask(output: str) -> None:
    """Publish a sale and ask for it by exactly the lines that `up` printed, as a person who copies them does."""
    lines = [line.partition("| ")[2] for line in output.splitlines()]
    (settings,) = (line for line in lines if line.startswith("export "))
    (publish,) = (line for line in lines if " sold " in line)
    (ask,) = (line for line in lines if line.startswith("curl ") and "/sale/" in line)
    try:
        packages.require("curl", "curl", print)
    except PartMissing as missing:
        local.skip_or_fail(missing)
    subprocess.run(f"{settings}\n{publish}", shell=True, cwd=ROOT, check=True, capture_output=True)  # noqa: S602

    def answer() -> str:
        return subprocess.run(ask, shell=True, check=True, capture_output=True, text=True).stdout  # noqa: S602

    wait_until("the sale to be counted", lambda: answer() == '{"total": 1000}', 20)


def test_a_part_that_dies_ends_everything_and_is_named(up: Running, environment: dict[str, str]) -> None:
    """The part is nginx where nginx runs, since its children would go on without it; else it is mongod."""
    by_name = {process.name(): process for process in reversed(_processes(environment))}
    victim = by_name.get("nginx", by_name["mongod"])
    while (parent := victim.parent()) is not None and parent.name() == victim.name():
        victim = parent
    name = victim.name()
    victim.kill()
    assert up.wait(20) != 0
    assert f"{name} was ended by SIGKILL, so everything was stopped" in up.output
    assert _processes(environment) == []


def test_a_killed_supervisor_leaves_nothing_running(up: Running, environment: dict[str, str]) -> None:
    command = [process for process in _processes(environment) if process.cmdline()[1:4] == ["-m", "stack", "up"]]
    min(command, key=psutil.Process.create_time).kill()
    up.wait(20)
    wait_until("every part to end", lambda: not _processes(environment), 20)


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["STACK_MONGO_PORT"]))):
        up = module("stack", tmp_path / "up.log", environment, "up")
        up.start()
        assert up.wait(20) == 1
    assert up.output == (
        f"port {environment['STACK_MONGO_PORT']}, wanted by MongoDB, is taken or not allowed; "
        "choose another with STACK_MONGO_PORT\n"
    )


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    up = module("stack", tmp_path / "up.log", {"STACK_HTTP_PORT": "80000"}, "up")
    up.start()
    assert up.wait(20) == 1
    assert up.output.startswith("STACK_HTTP_PORT: ")
