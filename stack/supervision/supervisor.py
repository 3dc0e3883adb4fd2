"""Runs the parts together by honcho: when one ends, or a signal comes, all of them end.

Nothing is left running, whatever the order of events: honcho stops the parts and kills those that do not stop in time;
should honcho's own process be killed, the kernel ends its children, and theirs.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

import honcho.manager
from honcho.process import Popen, Process

STOP_SECONDS = 12
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Ending:
    """Why it ended: the signal that came, or the part that ended first with its exit code."""

    signal: int | None = None
    part: str = ""
    exit_code: int = 0


class _Watcher(Process):  # type: ignore[misc]  # honcho has no types
    """honcho's process beside each part, which reads its output; it ends with honcho's main process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._child_ctor = _start_group

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        for number in STOPPING:
            # Not SIG_IGN, which the part would inherit.
            signal.signal(number, _do_nothing)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        super().run(events, ignore_signals)


class Supervisor(honcho.manager.Manager):  # type: ignore[misc]  # honcho has no types
    """honcho's manager, which also tells what ended it, and cannot be interrupted between two starts.

    `stopped_last` are the parts that others need for an orderly end.
    """

    def __init__(
        self, printer: Any = None, stopped_last: Set[str] = frozenset(), stop_seconds: float = STOP_SECONDS
    ) -> None:
        super().__init__(printer)
        self._stopped_last = stopped_last
        self._asked_to_stop: set[str] = set()
        self._stop_seconds = stop_seconds
        self._process_ctor = _Watcher
        self._ending = Ending()

    def run(self) -> Ending:
        """Start every part, wait until one ends or a signal comes, stop the others."""
        # Several parts write to disk when they stop; honcho's five seconds are short for that.
        honcho.manager.KILL_WAIT = self._stop_seconds
        # The parts' watchers are this process's children by a fork; elsewhere they would be a server's.
        multiprocessing.set_start_method("fork", force=True)
        signal.signal(signal.SIGHUP, _terminate_instead)
        self.loop()
        return self._ending

    def terminate(self) -> None:
        """Called by honcho when the first part has ended or a signal has come."""
        if self._ending == Ending():
            self._ending = self._first_ended() or Ending(signal=(self.returncode or 128) - 128)
        self._stop_next()

    def _stop_next(self) -> None:
        """Ask the parts to stop whose turn it is."""
        running = {name for name, state in self._processes.items() if "returncode" not in state}
        for name in (running - self._stopped_last or running) - self._asked_to_stop:
            self._asked_to_stop.add(name)
            self._procmgr.terminate(self._processes[name]["pid"])

    def _first_ended(self) -> Ending | None:
        ended = ((name, state["returncode"]) for name, state in self._processes.items() if "returncode" in state)
        return next((Ending(part=name, exit_code=code) for name, code in ended), None)

    def _start(self) -> None:
        # honcho cannot stop a part whose id it has not heard of: until it has, signals wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        super()._start()

    def _all_started(self) -> bool:
        """Asked by honcho ten times a second."""
        started = bool(super()._all_started())
        if started:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        if self._ending != Ending():
            self._stop_next()
        return started


def _start_group(*args: Any, **kwargs: Any) -> Any:
    """Start a part, and end what it leaves behind once it has ended.

    A part that was killed cannot end its own children; they would go on, and hold the pipe at whose end honcho takes
    the part for ended. honcho made the part the head of a process group.
    """
    part = Popen(*args, **kwargs)

    def end_group() -> None:
        part.wait()
        with suppress(ProcessLookupError):
            os.killpg(part.pid, signal.SIGKILL)

    threading.Thread(target=end_group, daemon=True).start()
    return part


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """A signal is for honcho's main process, which stops the parts."""


def _terminate_instead(number: int, frame: FrameType | None) -> None:
    """honcho knows SIGINT and SIGTERM alone."""
    os.kill(os.getpid(), signal.SIGTERM)
