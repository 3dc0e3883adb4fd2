"""Exit code 0 if this host answers a GET with 200, else 1: `python scripts/healthcheck.py API_PORT /readyz`.

The first argument names the environment variable that holds the port.

A container's engine runs this every few seconds, so it needs nothing but a socket: an HTTP library's import alone
would cost more than the service does while it idles.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 3.0


def answers_200(port: int, path: str, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Whether a GET of `path` is answered with 200. False also for a refused connection and for silence."""
    request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_seconds) as connection:
            connection.sendall(request.encode("ascii"))
            status_line = connection.makefile("rb").readline(100)
    except OSError:
        return False
    return status_line.split(b" ")[1:2] == [b"200"]


if __name__ == "__main__":
    sys.exit(0 if answers_200(int(os.environ[sys.argv[1]]), sys.argv[2]) else 1)
