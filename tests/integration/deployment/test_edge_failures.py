"""nginx when instances fail: which requests it repeats at another one, and what it answers when all have failed.

The instances here are sockets that fail in one way each; tests/e2e/test_instances.py ends real ones.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from stack import ports
from stack.errors import PartMissing
from tests.support.product.balancer import Balancer, balancer
from tests.support.requests.raw import PATH, Answer, check_problem, exchange, get
from tests.support.servers import local

GOOD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"total": 0}'
SHORT = {"proxy_read_timeout 10s;": "proxy_read_timeout 1s;"}
"""An instance hangs once it has been silent for this long. As delivered it is 10 s, which only makes a test longer."""


class Instance:
    """Listens like an API instance. Answers each request with the same bytes and closes; None: it never answers."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.asked = 0
        """How many requests have come."""
        self._hanging: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            received = b""
            while b"\r\n\r\n" not in received and (piece := connection.recv(65_536)):
                received += piece
            self.asked += bool(received)
            if self._answer is None:
                self._hanging.append(connection)
                continue
            connection.sendall(self._answer)
            connection.close()

    def close(self) -> None:
        """Stop listening, and end what hangs."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._hanging:
            connection.close()


@contextmanager
def edge(folder: Path, *given: bytes | int | None) -> Iterator[tuple[Balancer, list[Instance]]]:
    """nginx in front of instances with these answers; a number is a port on which nobody listens."""
    with ExitStack() as closed:
        instances = [Instance(answer) for answer in given if not isinstance(answer, int)]
        for instance in instances:
            closed.callback(instance.close)
        unused = [port for port in given if isinstance(port, int)]
        try:
            running = closed.enter_context(balancer(folder, [*(each.port for each in instances), *unused], SHORT))
        except PartMissing as missing:
            local.skip_or_fail(missing)
        yield running, instances


def ask(running: Balancer, method: bytes = b"GET", path: bytes = PATH) -> Answer:
    """What nginx answers to this request."""
    trust = ssl.create_default_context(cafile=running.authority)
    return exchange(running.port, get(path).replace(b"METHOD", method), trust)


HUGE = b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 40_000 + b"\r\n\r\n"
FAILURES = {
    "closes": b"",
    "has a malformed head": b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    "has a huge head": HUGE,
    "hangs": None,
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_instance_that_fails_is_not_the_last_word(tmp_path: Path, failure: str) -> None:
    """Whichever of the two nginx asks first, the client gets the good one's answer."""
    with edge(tmp_path, FAILURES[failure], GOOD) as (running, (failing, _)):
        for _ in range(4):
            assert ask(running).body == b'{"total": 0}'
        assert failing.asked >= 1, "nginx has asked the good instance only, so this shows nothing"


@pytest.mark.parametrize(
    ("method", "path"), [(b"GET", PATH), (b"HEAD", PATH), (b"GET", b"/docs"), (b"HEAD", b"/openapi.json")]
)
@pytest.mark.parametrize(("failure", "status"), [("closes", 502), ("has a malformed head", 502), ("hangs", 504)])
def test_when_all_instances_fail_the_error_is_a_problem(
    tmp_path: Path, failure: str, status: int, method: bytes, path: bytes
) -> None:
    with edge(tmp_path, FAILURES[failure]) as (running, _):
        answer = ask(running, method, path)
        check_problem(answer, status, to_head=method == b"HEAD")
        assert answer.headers["retry-after"] == ["2"]
        assert answer.headers["x-content-type-options"] == ["nosniff"]
        assert answer.headers["strict-transport-security"] == ["max-age=63072000"]


def test_without_any_instance_the_error_is_a_problem(tmp_path: Path) -> None:
    with edge(tmp_path, *ports.pick(2)) as (running, _):
        assert check_problem(ask(running), 502).startswith("No instance of the API could be reached")


def test_an_error_of_an_instance_passes_unchanged_and_is_not_repeated(tmp_path: Path) -> None:
    body = b'{"detail": "as the instance says it"}'
    head = b"HTTP/1.1 503 x\r\nContent-Type: application/problem+json\r\nRetry-After: 7\r\nContent-Length: %d\r\n\r\n"
    with edge(tmp_path, *[head % len(body) + body] * 2) as (running, instances):
        assert ask(running)[::2] == (503, body)
        assert sum(instance.asked for instance in instances) == 1


def test_a_request_that_ends_every_instance_reaches_six_at_most(tmp_path: Path) -> None:
    """nginx repeats it twice; then it begins once more, as for a request that met a change of the list of instances."""
    with edge(tmp_path, *[b""] * 8) as (running, instances):
        check_problem(ask(running), 502)
        assert sum(instance.asked for instance in instances) == 6
