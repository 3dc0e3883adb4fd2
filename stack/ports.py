"""Ports of this machine: which part wants which port, and whether the port is free."""

import errno
import itertools
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from stack.errors import StackError

PICKED_FROM = range(12_000, 32_000)
"""Where `pick` looks for free ports.

Linux gives outgoing connections ports from 32768 upwards; one of them may take such a port between `pick` and the
server's start. Below 12000 lie the usual ports of servers, 9092 or 8080 for example. With half of these ports, two runs
beside each other pick the same port twice as often; twice as many are not there.
"""


@dataclass(frozen=True)
class WantedPort:
    """A part wants to listen on `port`; the environment variable `setting` chooses the port."""

    port: int
    part: str
    setting: str


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 at this moment.

    A port that this user may not take is not free. Raises OSError when the kernel gives any other reason.
    """
    with socket.socket() as probe:
        # Servers set this option, too: the kernel remembers a stopped server's connections for a minute, which then are
        # no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def check(wanted: Iterable[WantedPort]) -> None:
    """Raise StackError when a wanted port is taken or wanted twice. The message names all such ports, a line each."""
    holders: dict[int, WantedPort] = {}
    problems = []
    for one in wanted:
        if one.port in holders:
            problems.append(f"port {one.port} is wanted by {holders[one.port].part} and by {one.part}")
        elif not is_free(one.port):
            problems.append(f"port {one.port}, wanted by {one.part}, is taken or not allowed")
        else:
            holders[one.port] = one
            continue
        problems[-1] += f"; choose another with {one.setting}"
    if problems:
        raise StackError("\n".join(problems))


def pick(count: int, length: int = 1) -> list[int]:
    """Return `count` ports at random, all different, that are free at this moment.

    Each is the first of `length` free ports in a row, which no other returned port shares: `pick(2, 3)` may return
    [12_300, 20_103], and then 12_300 to 12_302 and 20_103 to 20_105 are free. Other programs may take them any time.
    """
    firsts = PICKED_FROM[::length]
    shuffled = random.sample(firsts, len(firsts))
    return list(itertools.islice((at for at in shuffled if all(map(is_free, range(at, at + length)))), count))
