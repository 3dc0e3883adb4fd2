"""Ends the process in time: SIGTERM or SIGINT asks for the end, and a deadline enforces it whatever hangs.

A thread takes the signals, so nothing runs inside a signal handler. A handler interrupts the main thread at any
instruction; if that code held a lock that the handler also needs, the process would hang for good.

One deadline bounds everything that has to end: the batch in flight, leaving Kafka's group, the threads that Python
joins at exit. When it passes, the process exits without waiting for them, as if by kill -9. That is safe: a batch is
one transaction, so it is committed whole or not at all, and nothing is lost or counted twice.
"""

import os
import signal
import threading
import time
from collections.abc import Callable

from shared.logs import logger

STOP_SECONDS = 9.0
"""From the signal to the end of the process, at the most.

The process promises to end within ten seconds, and one is for what cannot be timed. At twice this, containers are
killed by their engine, which waits for 15 s (`stop_grace_period`). At half, one call to MongoDB that runs into its
timeout (3 s, `MONGODB_TIMEOUT_MS`) takes most of it.
"""
PATIENCE_SECONDS = 6.0
"""How much of that time the batch in flight gets; the rest is for leaving the group and for joining threads.

At twice this, the deadline comes first, and the process exits without leaving the group: Kafka then keeps its
partitions for it until its session ends (10 s, `KAFKA_SESSION_TIMEOUT_MS`). At half, a batch that MongoDB takes slowly
is more often left to be read again.
"""
_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

log = logger(__name__)


class Stopping:
    """Takes the signals and keeps the deadline.

    Create it on the main thread before any other thread starts: it blocks the signals, and threads inherit that. So
    only the thread of `on_signal` receives them.
    """

    def __init__(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self._armed = threading.Lock()
        self._ends_at = 0.0

    def on_signal(self, stop: Callable[[], None]) -> None:
        """Start a thread that waits for a signal, starts the deadline, and calls `stop`. Returns at once."""
        threading.Thread(target=self._await_signal, args=(stop,), name="signals", daemon=True).start()

    def arm(self, exit_code: int) -> None:
        """Start the deadline, unless it is running: after `STOP_SECONDS` the process exits with `exit_code`."""
        if not self._armed.acquire(blocking=False):
            return
        self._ends_at = time.monotonic() + STOP_SECONDS
        timer = threading.Timer(STOP_SECONDS, os._exit, [exit_code])
        timer.daemon = True
        timer.start()

    def patience(self) -> float:
        """How many seconds the batch in flight still has. Example: 2 s after the signal, it has 6 - 2 = 4 s."""
        return max(0.0, self._ends_at - time.monotonic() - STOP_SECONDS + PATIENCE_SECONDS)

    def _await_signal(self, stop: Callable[[], None]) -> None:
        received = signal.sigwait(_SIGNALS)
        self.arm(0)
        stop()
        # Only now: a line of the log may wait for ever, where nobody reads the standard error.
        log.info("stopping", signal=signal.Signals(received).name)
