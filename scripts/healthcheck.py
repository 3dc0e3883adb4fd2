"""Checks the service in this container: exit code 0 if it is well, else 1. A container's engine runs it every 10 s.

    python scripts/healthcheck.py API_PORT /readyz
    python scripts/healthcheck.py METRICS_PORT /metrics consumer_polled_at_seconds 30

The first argument names the environment variable that holds the port, the second is the path. The service is well if it
answers a GET with 200. If a metric and a number of seconds follow, the metric must also hold a time that is at
most so long ago. The work itself sets that metric, so a thread that still answers cannot hide that the work stands
still.

Only a socket is used. To import an HTTP library every ten seconds would cost more than an idle service does.
"""

import os
import socket
import sys
import time

TIMEOUT_SECONDS = 3.0
"""A connection or a read that takes longer fails the check. It is below the 5 s after which the Dockerfiles let the
engine end the check; at 6 s the engine would, and at 1.5 s a machine that is busy for a moment would look ill."""


def get(port: int, path: str) -> bytes | None:
    """The body of an answer with status 200; None for another status, a refused connection or no answer in time."""
    request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall(request.encode("ascii"))
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    except OSError:
        return None
    return body if head.split(b" ")[1:2] == [b"200"] else None


def is_recent(exposition: bytes, metric: str, seconds: float) -> bool:
    """Whether `metric` in these Prometheus metrics is a time (seconds since 1970) within `seconds` of now."""
    times = [float(line.split()[1]) for line in exposition.decode().splitlines() if line.startswith(f"{metric} ")]
    return any(abs(time.time() - at) <= seconds for at in times)


def is_well(variable: str, path: str, metric: str = "", seconds: str = "0") -> bool:
    """What the command decides; its arguments are the command's, as text."""
    body = get(int(os.environ[variable]), path)
    return body is not None and (not metric or is_recent(body, metric, float(seconds)))


if __name__ == "__main__":
    sys.exit(0 if is_well(*sys.argv[1:]) else 1)
