"""The supervisor with real processes: whatever ends the supervisor, it leaves nothing running."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from stack.supervision.supervisor import Ending
from stack.waiting import wait_until
from tests.support.process import Running, module

STAYS = "echo $$ > {name}.pid; exec sleep 300"
Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a supervisor of shell commands, given by part; `{name}` stands for the part's name."""
    started: list[Running] = []

    def start_(**commands: str) -> Running:
        parts = [f"{name}={command.format(name=name)}" for name, command in commands.items()]
        started.append(module("tests.support.programs.supervised", tmp_path / "log", {}, str(tmp_path), *parts))
        started[0].start()
        return started[0]

    yield start_
    for running in started:
        running.close()


def pid(folder: Path, name: str) -> int:
    file = folder / f"{name}.pid"
    wait_until(f"{file} to be written", lambda: file.exists() and bool(file.read_text().strip()), 20)
    return int(file.read_text())


def gone(*pids: int) -> bool:
    return all(map(ended, pids))


def ended(number: int) -> bool:
    # A single question: the process may end between two.
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_part(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    stack = start(first=STAYS, second=STAYS)
    pids = pid(tmp_path, "first"), pid(tmp_path, "second")
    stack.send(number)
    assert stack.wait(10) == 0
    assert gone(*pids)
    expected = signal.SIGTERM if number == signal.SIGHUP else number
    assert str(Ending(signal=int(expected))) in stack.output


@pytest.mark.parametrize("code", [0, 3])
def test_a_part_that_ends_ends_the_others(start: Start, tmp_path: Path, code: int) -> None:
    stack = start(first=STAYS, second=f"until [ -s first.pid ]; do sleep 0.1; done; exit {code}")
    other = pid(tmp_path, "first")
    stack.wait(10)
    assert gone(other)
    assert str(Ending(part="second", exit_code=code)) in stack.output


def test_a_part_killed_ends_the_others(start: Start, tmp_path: Path) -> None:
    stack = start(first=STAYS, second=STAYS)
    first, second = pid(tmp_path, "first"), pid(tmp_path, "second")
    psutil.Process(first).kill()
    stack.wait(10)
    assert gone(second)
    assert str(Ending(part="first", exit_code=-9)) in stack.output


def test_what_others_need_is_stopped_last(start: Start, tmp_path: Path) -> None:
    slow = "trap 'sleep 0.5; [ -s last.pid ] && kill -0 $(cat last.pid) && echo still there; exit' TERM; "
    stack = start(last=STAYS, first=slow + "echo $$ > {name}.pid; while :; do sleep 0.1; done")
    last = pid(tmp_path, "last")
    pid(tmp_path, "first")
    stack.send(signal.SIGTERM)
    stack.wait(10)
    assert "still there" in stack.output
    assert gone(last)


def test_the_children_of_a_killed_part_end_too(start: Start, tmp_path: Path) -> None:
    stack = start(first="sleep 300 & echo $! > child.pid; echo $$ > {name}.pid; wait", second=STAYS)
    child, first = pid(tmp_path, "child"), pid(tmp_path, "first")
    psutil.Process(first).kill()
    stack.wait(10)
    assert gone(child)


def test_a_part_that_does_not_stop_is_killed(start: Start, tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo $$ > {name}.pid; while :; do sleep 1; done"
    stack = start(first=STAYS, second=stubborn)
    pids = pid(tmp_path, "first"), pid(tmp_path, "second")
    stack.send(signal.SIGTERM)
    stack.wait(20)
    assert gone(*pids)


def test_nothing_survives_a_killed_supervisor(start: Start, tmp_path: Path) -> None:
    stack = start(first=STAYS, second=STAYS)
    pids = pid(tmp_path, "first"), pid(tmp_path, "second")
    stack.kill()
    wait_until("the parts to end with their supervisor", lambda: gone(*pids), 10)


@pytest.mark.parametrize("started", [0, 1, 7])
def test_a_signal_while_starting_leaves_nothing(start: Start, tmp_path: Path, started: int) -> None:
    """The supervisor starts parts one after the other; the signal comes when `started` of them have started."""
    stack = start(**{f"part{number}": STAYS for number in range(10)})
    while len(list(tmp_path.glob("*.pid"))) < started:
        assert stack.is_running
    stack.send(signal.SIGTERM)
    stack.wait(10)
    sleeping = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(tmp_path)]
    assert sleeping == []
