"""A real process under a test's control."""

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


class Running:
    """Starts a part, signals it, reads what it wrote; whatever happens, `close` leaves nothing running.

    Start it from the main thread: the kernel ends the process together with the thread that started it.
    """

    def __init__(self, part: Part, log: Path) -> None:
        self._part = part
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the last start."""
        assert self._process is not None, f"{self._part.name} was not started"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs, negative the signal that ended it."""
        assert self._process is not None, f"{self._part.name} was not started"
        return self._process.poll()

    @property
    def output(self) -> str:
        """Everything written to standard output and error since the first start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended; a frozen process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_frozen(self) -> bool:
        """Whether it was stopped where it is."""
        return self.is_running and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def start(self) -> None:
        """Start it; once more after it ended."""
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
                # A Ctrl-C in the terminal is for the test runner alone; and `kill` reaches the children.
                start_new_session=True,
            )

    def send(self, signal_number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, signal_number)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end, wait, return its exit code. Raises subprocess.TimeoutExpired, after a kill."""
        assert self._process is not None, f"{self._part.name} was not started"
        if self.is_running:
            self.send(signal.SIGTERM)
            self.send(signal.SIGCONT)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait for its end, return its exit code. Raises subprocess.TimeoutExpired, after a kill."""
        assert self._process is not None, f"{self._part.name} was not started"
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, as kill -9 does, and its children."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def freeze(self) -> None:
        """Stop it where it is; its connections stay open and silent."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.send(signal.SIGCONT)

    def close(self) -> None:
        """End it whatever its state; for fixtures."""
        self.kill()

    def wait_until(self, what: str, ready: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for a condition. Fails at once, with the process's output, when the process ends first."""

        def ready_or_ended() -> bool:
            assert self.is_running, f"{self._part.name} ended ({self.exit_code}) before {what}:\n{self.output}"
            return ready()

        wait_until(f"{what} ({self._part.name} wrote: {self._log})", ready_or_ended, seconds)

    def wait_for_output(self, text: str, seconds: float = 30.0) -> None:
        """Wait until it wrote this text."""
        self.wait_until(f"the output {text!r}", lambda: text in self.output, seconds)


def module(name: str, log: Path, environment: Mapping[str, str], *arguments: str) -> Running:
    """A Python module of the project (`consumer`, `api`, `scripts.publish`), not started yet."""
    argv = (sys.executable, "-m", name, *arguments)
    # Unbuffered: a line is in the file as soon as it is printed.
    return Running(Part(name, argv, ROOT, {"PYTHONUNBUFFERED": "1", **environment}), log)
