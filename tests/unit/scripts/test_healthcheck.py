"""Runs the images' health check as an engine does, against servers that answer well, badly or not at all."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.process import ROOT


@pytest.fixture
def answering() -> Iterator[tuple[socket.socket, list[bytes]]]:
    """A server on this host, and the bytes that it sends to each caller. While there are none, it keeps silent."""
    answer: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(1000)
                    assert request.startswith(b"GET /readyz HTTP/1.0\r\n")
                    for part in answer:
                        connection.sendall(part)
                    if not answer:
                        connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server, answer
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    assert not thread.is_alive()


def probe(port: int, *metric: str) -> int:
    """Run the images' health check; its exit code."""
    argv = [sys.executable, str(ROOT / "scripts" / "healthcheck.py"), "API_PORT", "/readyz", *metric]
    return subprocess.run(argv, env={"API_PORT": str(port)}, capture_output=True, timeout=20, check=False).returncode


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([b"HTTP/1.1 200 OK\r\n\r\nok"], 0),
        ([b"HTTP/1.1 ", b"200 OK\r\n\r\n"], 0),
        ([b"HTTP/1.1 503 Service Unavailable\r\n\r\n200"], 1),
        ([b"HTTP/1.1 500 200\r\n\r\n"], 1),
        ([b"\x16\x03\x01\x02\x00"], 1),
        ([], 1),
    ],
)
def test_the_health_check_tells_the_truth(
    answering: tuple[socket.socket, list[bytes]], answer: list[bytes], code: int
) -> None:
    server, answers = answering
    answers.extend(answer)
    assert probe(server.getsockname()[1]) == code


@pytest.mark.parametrize(
    ("metrics", "code"),
    [
        ("# HELP went_round When.\nother 1\nwent_round {now}\n", 0),
        ("went_round {a_minute_ago}\n", 1),
        ("went_round 0.0\n", 1),
        ("went_round_created {now}\n", 1),
        ("", 1),
    ],
)
def test_work_that_stands_still_is_not_well_whatever_else_answers(
    answering: tuple[socket.socket, list[bytes]], metrics: str, code: int
) -> None:
    server, answers = answering
    now = time.time()
    body = metrics.format(now=now, a_minute_ago=now - 60)
    answers.append(f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{body}".encode())
    assert probe(server.getsockname()[1], "went_round", "30") == code


def test_the_health_check_of_nothing_at_all_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert probe(port) == 1
