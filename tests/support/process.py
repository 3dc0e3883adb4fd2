"""A real process that a test starts, signals, kills and freezes, and whose output it reads."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from stack.supervision.part import Part
from stack.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent
STOP_SECONDS = 20.0
"""Twice what the consumer takes at most (10 s, docs/operations/troubleshooting.md): a test machine may be busy."""


class Running:
    """The process of a part of the stack. It may be started again after it has ended; `close` leaves nothing running.

    Only the main thread may start it: the kernel ends the process when the thread that started it ends.
    """

    def __init__(self, part: Part, log: Path) -> None:
        self._part = part
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the last start. Fails the test when there was none."""
        assert self._process is not None, f"{self._part.name} was not started"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; -9 when signal 9 ended it, and so on."""
        assert self._process is not None, f"{self._part.name} was not started"
        return self._process.poll()

    @property
    def output(self) -> str:
        """Everything that it has written to standard output and error since the first start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended. A frozen process counts as running."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_frozen(self) -> bool:
        """Whether SIGSTOP has stopped it."""
        return self.is_running and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def start(self) -> None:
        """Start it, for the first time or after it has ended; returns at once. Its output is appended to the log."""
        assert not self.is_running, f"{self._part.name} runs already"
        assert threading.current_thread() is threading.main_thread(), "see this class's docstring"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **self._part.env}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._part.bound_argv,
                cwd=self._part.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # So that Ctrl-C in the terminal reaches the test runner alone, and `kill` reaches the children.
                start_new_session=True,
            )

    def send(self, signal_number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, signal_number)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Send SIGTERM, thaw it, wait for its end. Returns the exit code.

        Kills it and raises subprocess.TimeoutExpired when it takes longer than `seconds`.
        """
        assert self._process is not None, f"{self._part.name} was not started"
        if self.is_running:
            self.send(signal.SIGTERM)
            self.send(signal.SIGCONT)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait for its end. Returns the exit code. Kills it and raises subprocess.TimeoutExpired after `seconds`."""
        assert self._process is not None, f"{self._part.name} was not started"
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it and its children by SIGKILL, and wait for its end. Does nothing when it was never started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def freeze(self) -> None:
        """Send SIGSTOP: it stands still, and its connections stay open and silent.

        Returns once each thread has stopped. On a busy machine that was 50 ms after the signal, in which a server
        still answers.
        """
        self.send(signal.SIGSTOP)
        self.wait_until("it stands still", lambda: _thread_states(self.pid) == {"T"})

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.send(signal.SIGCONT)

    def close(self) -> None:
        """End it in whatever state it is; for fixtures."""
        self.kill()

    def wait_until(self, what: str, ready: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until `ready` returns true. Fails at once, with the process's output, when the process ends first."""

        def ready_or_ended() -> bool:
            assert self.is_running, f"{self._part.name} ended ({self.exit_code}) before {what}:\n{self.output}"
            return ready()

        wait_until(f"{what} ({self._part.name} wrote: {self._log})", ready_or_ended, seconds)

    def wait_for_output(self, text: str, seconds: float = 30.0) -> None:
        """Wait until it has written this text. Fails when it ends first."""
        self.wait_until(f"the output {text!r}", lambda: text in self.output, seconds)


def _thread_states(pid: int) -> set[str]:
    """The states of a process's threads, as Linux names them: "T" is stopped by a signal."""
    states = set()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            states.add((thread / "stat").read_text().rpartition(")")[2].split()[0])
    return states


def module(name: str, log: Path, environment: Mapping[str, str], *arguments: str) -> Running:
    """The process of `python -m name` (`consumer`, `api`, `scripts.publish`), not started yet."""
    argv = (sys.executable, "-m", name, *arguments)
    # Unbuffered, so that a line is in the log as soon as it is printed.
    return Running(Part(name, argv, ROOT, {"PYTHONUNBUFFERED": "1", **environment}), log)
