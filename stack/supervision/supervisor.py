"""Starts all parts of the stack together and stops them together: when one part ends, or a signal comes, all end.

Nothing is left running:

- The supervisor kills a part that does not stop in time.
- When a part has ended, the supervisor kills the children that the part left (`RunningPart`).
- If the supervisor itself is killed (kill -9), it can stop nothing. The kernel then ends the parts (`Part.bound_argv`).
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from stack.supervision.running_part import RunningPart

STOP_SECONDS = 12.0
"""How long all parts together may take to stop, in seconds; then the supervisor kills those that still run.

Parts finish their work when they stop: the consumer commits its batch, mongod and Kafka flush their data. With half of
the time, the supervisor would kill a part on a busy machine that was about to end; it would then recover at its next
start. With twice the time, a person who presses Ctrl-C would wait 24 s for a part that hangs.
"""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SUPERVISOR_NAME = "system"


@dataclass(frozen=True)
class Ending:
    """Why the stack ended: the signal that came first, or else the part that ended first, with its exit code.

    An exit code below 0 is the signal that ended the part: -9 for SIGKILL.
    """

    signal: int | None = None
    part: str = ""
    exit_code: int = 0


class Supervisor:
    """Runs several parts, each a shell command, as one; prints each line that they write after the part's name.

    `printer` is honcho's `Printer` or has its attribute `width` and its method `write(message)`. Several threads call
    `write`, one at a time. The parts named in `stopped_last` are asked to stop only when all other parts have ended,
    since the others need them to stop in good order. `stop_seconds` is explained at STOP_SECONDS.
    """

    def __init__(
        self, printer: Any = None, stopped_last: Set[str] = frozenset(), stop_seconds: float = STOP_SECONDS
    ) -> None:
        self._printer = printer if printer is not None else Printer(sys.stdout)
        self._printing = threading.Lock()
        self._colours = get_colours()
        self._stopped_last = stopped_last
        self._stop_seconds = stop_seconds
        self._starts: list[Callable[[], RunningPart]] = []
        self._running: list[RunningPart] = []
        # A SimpleQueue, because a signal handler puts into it while the same thread may be waiting for it.
        self._endings: SimpleQueue[Ending] = SimpleQueue()

    def add_process(
        self, name: str, command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        """Add a part, which `run` will start. `env` is its whole environment; None means this process's."""
        self._printer.width = max(self._printer.width, len(name), len(SUPERVISOR_NAME))
        write = partial(self._print, name, next(self._colours))
        note_end = partial(self._note_end, name)
        self._starts.append(partial(RunningPart, name, command, env, cwd, write=write, note_end=note_end))

    def run(self) -> Ending:
        """Start every part, wait until a part ends or a signal comes, stop all parts; return what ended the stack.

        Blocks until all parts have ended. Only the main thread may call it, since it takes over SIGINT, SIGTERM and
        SIGHUP for good. The handler only notes the signal, so no signal can interrupt the start of a part. Raises
        OSError when a part's folder is not there; the parts that run already are stopped then, too.
        """
        for number in STOPPING:
            signal.signal(number, self._note_signal)
        try:
            for start in self._starts:
                if not self._endings.empty():
                    break
                part = start()
                self._running.append(part)
                self._say(f"{part.name} started (pid={part.pid})")
            ending = self._endings.get()
            if ending.signal:
                self._say(f"{signal.Signals(ending.signal).name} received")
            return ending
        finally:
            self._stop()

    def _stop(self) -> None:
        """Ask the parts to stop, those of `stopped_last` after the others; kill what still runs at the deadline."""
        deadline = time.monotonic() + self._stop_seconds
        first = [part for part in self._running if part.name not in self._stopped_last]
        last = [part for part in self._running if part.name in self._stopped_last]
        for parts in (first, last):
            self._send(signal.SIGTERM, parts)
            for part in parts:
                part.wait(max(0.0, deadline - time.monotonic()))
        self._send(signal.SIGKILL, self._running)
        for part in self._running:
            part.wait()

    def _send(self, number: signal.Signals, parts: Sequence[RunningPart]) -> None:
        for part in parts:
            if part.is_running:
                self._say(f"sending {number.name} to {part.name} (pid {part.pid})")
                part.send(number)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. SIGHUP, which a closed terminal sends, counts as SIGTERM: the exit code is 143 for both."""
        self._endings.put(Ending(signal=int(signal.SIGTERM) if number == signal.SIGHUP else number))

    def _note_end(self, name: str, exit_code: int) -> None:
        """Note that a part has ended; called by the part's own thread."""
        self._endings.put(Ending(part=name, exit_code=exit_code))
        self._say(f"{name} stopped (rc={exit_code})")

    def _say(self, text: str) -> None:
        """Print a line of the supervisor itself."""
        self._print(SUPERVISOR_NAME, None, text)

    def _print(self, name: str, colour: str | None, data: str | bytes) -> None:
        # Whoever reads the output may be gone, as after SIGHUP; the parts have to be stopped all the same.
        with self._printing, suppress(OSError):
            self._printer.write(Message("line", data, datetime.now(), name, colour))
