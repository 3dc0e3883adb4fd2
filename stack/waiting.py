"""Waiting for something outside this process, with a deadline."""

import socket
import time
from collections.abc import Callable

from stack.errors import StackError

POLL_SECONDS = 0.05


def wait_until(what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Return once `ready()` is true. Raises StackError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(POLL_SECONDS)


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
