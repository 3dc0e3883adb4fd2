"""One part while it runs: its process, the thread that reads its output and the thread that waits for its end."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

OUTPUT_SECONDS = 1.0
"""How long to wait for the rest of a part's output after the part's end, in seconds.

The output is complete when no process holds the writing end of the part's pipe. After a part's end that takes
milliseconds, unless a child has left the part's process group: such a child may hold the pipe for ever. Only then does
the time matter: at twice of it the stack ends a second later, at half of it half a second earlier.
"""


class RunningPart:
    """A shell command, running at the head of a process group of its own.

    Making the object starts the command: `env` is its whole environment (None: this process's), `cwd` its folder.
    Raises OSError when that folder is not there. The thread that makes it must live as long as the part may run, since
    the kernel ends the part together with that thread (`Part.bound_argv`).

    One thread calls `write` with each line of standard output and error, as bytes with the end of the line. A second
    thread waits for the part's end, kills the children that the part leaves and then calls `note_end` with the exit
    code: below 0 it is the signal that ended the part, -9 for SIGKILL. There are two threads because the end of the
    output is no sign of the part's end: children that outlive the part hold the pipe open.
    """

    def __init__(
        self,
        name: str,
        command: str,
        env: Mapping[str, str] | None,
        cwd: Path | None,
        *,
        write: Callable[[bytes], None],
        note_end: Callable[[int], None],
    ) -> None:
        self.name = name
        self._write = write
        self._note_end = note_end
        self._process = subprocess.Popen(  # noqa: S602  # the command is a part's own, quoted by shlex
            command,
            shell=True,
            env=env,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # The terminal sends Ctrl-C to the supervisor alone, and `send` reaches the part's children.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._waiter = threading.Thread(target=self._await_end, daemon=True)
        self._reader.start()
        self._waiter.start()

    @property
    def pid(self) -> int:
        """The part's process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the part runs. False only after its children are killed and `note_end` has returned."""
        return self._waiter.is_alive()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the part and its children. Does nothing when all of them have ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def wait(self, seconds: float | None = None) -> None:
        """Block until the part has ended and its output was read, but at most so many seconds (None: no limit).

        The output may take up to OUTPUT_SECONDS more.
        """
        self._waiter.join(seconds)
        if not self.is_running:
            self._reader.join(OUTPUT_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # `stdout=PIPE` above makes it a pipe
        with self._process.stdout as lines:
            for line in lines:
                self._write(line)

    def _await_end(self) -> None:
        exit_code = self._process.wait()
        # A part that was killed could not end its own children; nginx's workers, for example, would go on.
        self.send(signal.SIGKILL)
        self._note_end(exit_code)
