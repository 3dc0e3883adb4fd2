"""Waits until something outside this process is ready, up to a time limit."""

import socket
import time
from collections.abc import Callable

from stack.errors import StackError

POLL_SECONDS = 0.05
"""The pause between two questions, in seconds.

It is short beside what is waited for, which takes from tenths of a second to a minute. At twice of it each wait ends up
to 0.1 s late; at half of it the questions take twice the processor time from the processes that are waited for.
"""


def wait_until(what: str, ready: Callable[[], bool], seconds: float, pause: float = POLL_SECONDS) -> None:
    """Block until `ready()` returns True; ask every `pause` seconds. Raises StackError naming `what` after `seconds`.

    `what` completes "waited in vain for …", for example "Kafka to listen".
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(pause)


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1. Blocks for at most a second."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
