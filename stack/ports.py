"""Ports of this machine: who wants which, and whether they are free."""

import errno
import itertools
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from stack.errors import StackError

# Below the range from which Linux takes the ports of outgoing connections, which would take one at any time.
UNCLAIMED = range(12_000, 32_000)


@dataclass(frozen=True)
class Claim:
    """A part wants to listen on a port, which a setting chose."""

    port: int
    part: str
    setting: str


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 at this moment."""
    with socket.socket() as probe:
        # As servers do: a connection of a stopped server, not yet forgotten by the kernel, is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def check(claims: Iterable[Claim]) -> None:
    """Raise StackError naming every claimed port that is taken, or wanted twice."""
    holders: dict[int, Claim] = {}
    problems = []
    for claim in claims:
        if claim.port in holders:
            problems.append(f"port {claim.port} is wanted by {holders[claim.port].part} and by {claim.part}")
        elif not is_free(claim.port):
            problems.append(f"port {claim.port}, wanted by {claim.part}, is taken or not allowed")
        else:
            holders[claim.port] = claim
            continue
        problems[-1] += f"; choose another with {claim.setting}"
    if problems:
        raise StackError("\n".join(problems))


def pick(count: int, length: int = 1) -> list[int]:
    """As many different ports that are free at this moment, each with the `length` - 1 ports after it."""
    firsts = UNCLAIMED[::length]
    shuffled = random.sample(firsts, len(firsts))
    return list(itertools.islice((at for at in shuffled if all(map(is_free, range(at, at + length)))), count))
