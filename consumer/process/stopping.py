"""The end of the process: asked for by SIGTERM or SIGINT, and over in time whatever hangs.

A thread of its own takes the signals, so nothing ever runs inside a signal handler, where a lock that the interrupted
code holds would never be let go. It also keeps the one deadline over everything that ends: the batch in flight,
leaving the group, threads that Python joins at exit. What has not ended by then is left where it is, as kill -9 would:
a batch is committed whole or not at all, so nothing is lost or counted twice.
"""

import os
import signal
import threading
import time
from collections.abc import Callable

from shared.logs import logger

STOP_SECONDS = 9.0
"""From the signal to the end of the process, at the most."""
PATIENCE_SECONDS = 6.0
"""How much of that the batch in flight gets."""
_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

log = logger(__name__)


class Stopping:
    """Make it before any other thread, on the main thread: threads inherit which signals they do not get."""

    def __init__(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self._armed = threading.Lock()
        self._ends_at = 0.0

    def on_signal(self, stop: Callable[[], None]) -> None:
        """Call `stop`, from another thread, when a signal comes; the deadline runs from then."""
        threading.Thread(target=self._await_signal, args=(stop,), name="signals", daemon=True).start()

    def arm(self, exit_code: int) -> None:
        """Let the deadline run, unless it does: the process then ends with `exit_code` if it has not before."""
        if not self._armed.acquire(blocking=False):
            return
        self._ends_at = time.monotonic() + STOP_SECONDS
        timer = threading.Timer(STOP_SECONDS, os._exit, [exit_code])
        timer.daemon = True
        timer.start()

    def patience(self) -> float:
        """Seconds that the batch in flight still has."""
        return max(0.0, self._ends_at - time.monotonic() - STOP_SECONDS + PATIENCE_SECONDS)

    def _await_signal(self, stop: Callable[[], None]) -> None:
        received = signal.sigwait(_SIGNALS)
        self.arm(0)
        stop()
        log.info("stopping", signal=signal.Signals(received).name)
