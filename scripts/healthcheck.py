"""Exit code 0 if the service in this container is well, else 1. A container's engine runs it every few seconds.

    python scripts/healthcheck.py API_PORT /readyz
    python scripts/healthcheck.py METRICS_PORT /metrics consumer_polled_at_seconds 30

Well is: a GET is answered with 200; and, where a metric is named, the time that it holds is at most so many seconds
ago, which a thread that answers while the work stands still could not pretend. The first argument names the
environment variable that holds the port. Needs nothing but a socket: importing an HTTP library would cost more than
the service does while it idles.
"""

import os
import socket
import sys
import time

TIMEOUT_SECONDS = 3.0


def get(port: int, path: str) -> bytes | None:
    """The body of a 200; None for any other answer, a refused connection and silence."""
    request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall(request.encode("ascii"))
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    except OSError:
        return None
    return body if head.split(b" ")[1:2] == [b"200"] else None


def is_recent(exposition: bytes, metric: str, seconds: float) -> bool:
    """Whether `metric` holds a time, in seconds since 1970, that is at most `seconds` ago."""
    times = [float(line.split()[1]) for line in exposition.decode().splitlines() if line.startswith(f"{metric} ")]
    return any(abs(time.time() - at) <= seconds for at in times)


def is_well(variable: str, path: str, metric: str = "", seconds: str = "0") -> bool:
    """The command's arguments, and its answer."""
    body = get(int(os.environ[variable]), path)
    return body is not None and (not metric or is_recent(body, metric, float(seconds)))


if __name__ == "__main__":
    sys.exit(0 if is_well(*sys.argv[1:]) else 1)
