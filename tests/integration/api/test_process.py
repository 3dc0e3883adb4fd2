"""The API as a process: how it starts and ends, its exit codes, its log."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from select import select
from urllib.parse import urlsplit

import httpx
import pytest

from stack.waiting import wait_until
from tests.support import process
from tests.support.api.running import KEY, Api, api_process
from tests.support.documents.given_events import Documents
from tests.support.process import Running
from tests.support.servers.interface import MongoServer


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "TOKEN_SIGNING_KEY: Field required"),
        ({"TOKEN_SIGNING_KEY": "short-private-text"}, "TOKEN_SIGNING_KEY: it has 18 bytes, at least 32 are needed"),
        ({"TOKEN_SIGNING_KEY": KEY, "API_PORT": "http"}, "API_PORT: Input should be a valid integer"),
        (
            {"TOKEN_SIGNING_KEY": KEY, "DRAIN_SECONDS": "-1"},
            "DRAIN_SECONDS: Input should be greater than",
        ),
        ({"TOKEN_SIGNING_KEY": KEY, "MONGODB_URI": "mysql://u:hidden@host"}, "MONGODB_URI"),
        ({"TOKEN_SIGNING_KEY": KEY, "MONGODB_URI": "mongodb://u:hidden@host:0"}, "MONGODB_URI"),
        ({"TOKEN_SIGNING_KEY": KEY, "TOKEN_ISSUER": "i" * 129}, "TOKEN_ISSUER: String should have at most"),
        ({"TOKEN_SIGNING_KEY": KEY, "SECRETS_DIR": "/nowhere"}, "SECRETS_DIR: /nowhere is not a folder"),
    ],
)
def test_wrong_settings_end_it_at_once(environment: dict[str, str], message: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "api"], cwd=process.ROOT, env=environment, capture_output=True, text=True, timeout=20
    )
    assert ended.returncode == 78
    (line,) = ended.stderr.splitlines()
    assert line.startswith("The API cannot start: ")
    assert message in line
    assert not [secret for secret in ("short-private-text", "hidden", KEY) if secret in line]


def test_a_key_from_a_file(tmp_path: Path, mongo: MongoServer, database: Documents) -> None:
    (tmp_path / "token_signing_key").write_text(KEY + "\n")
    with api_process(mongo, database, tmp_path, TOKEN_SIGNING_KEY="", SECRETS_DIR=str(tmp_path)) as (api, _):
        assert api.get("/api/product/sale").status_code == 200


def test_a_taken_port_is_named(tmp_path: Path, mongo: MongoServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {"TOKEN_SIGNING_KEY": KEY, "MONGODB_URI": mongo.uri, "API_PORT": str(taken.getsockname()[1])}
        running = process.module("api", tmp_path / "api.log", environment)
        running.start()
        assert running.wait(20) == 3
    assert "address already in use" in running.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(tmp_path: Path, mongo: MongoServer, database: Documents, number: signal.Signals) -> None:
    with api_process(mongo, database, tmp_path) as (api, running):
        assert api.client.get("/readyz").json() == {"status": "ready"}
        running.send(number)
        assert running.wait(5) == 0
        assert "Traceback" not in running.output


@contextmanager
def request_in_flight(api: Api, running: Running, mongo: MongoServer) -> Iterator[HTTPConnection]:
    """Send a request that waits for MongoDB, which is frozen from now on. `getresponse` of the connection reads its
    answer.

    The request is sent here and not in a thread, which may be late: then its connection would be closed as idle. That
    MongoDB has something unread is not enough to know, for the API asks MongoDB by itself, too.
    """
    token = api.reader()
    mongo.freeze()
    with closing(HTTPConnection(urlsplit(api.url).netloc, timeout=20)) as connection:
        connection.request("GET", "/api/product/sale", headers={"Authorization": f"Bearer {token}"})
        running.wait_until("a request in flight", lambda: _requests_unread(mongo) > 0, 5)
        yield connection


def test_it_drains(tmp_path: Path, mongo: MongoServer, database: Documents) -> None:
    """After SIGTERM the instance is not ready, connections end with their next answer, a request in flight is answered,
    and the process ends with exit code 0."""
    with api_process(mongo, database, tmp_path) as (api, running):
        assert "Connection" not in api.get("/api/product/sale").headers
        with request_in_flight(api, running, mongo) as in_flight:
            running.send(signal.SIGTERM)
            running.wait_for_output("ending: not ready any more", 5)
            with httpx.Client(base_url=api.url) as other:
                answer = other.get("/readyz")
                assert answer.status_code == 503
                assert answer.json()["message"] == "Not ready: this instance is ending"
                assert answer.headers["Connection"] == "close"
            mongo.thaw()
            assert in_flight.getresponse().read() == b'{"total": 0}'
            assert running.wait(8) == 0


def test_a_request_in_flight_is_answered_after_new_connections_are_refused(
    tmp_path: Path, mongo: MongoServer, database: Documents
) -> None:
    patient = {"DRAIN_SECONDS": "20", "MONGODB_TIMEOUT_MS": "10000"}
    with api_process(mongo, database, tmp_path, **patient) as (api, running):
        assert api.get("/api/product/sale").status_code == 200
        with request_in_flight(api, running, mongo) as in_flight:
            running.send(signal.SIGTERM)
            running.wait_for_output("Waiting for connections to close", 10)
            assert _refused(api.url)
            mongo.thaw()
            assert in_flight.getresponse().read() == b'{"total": 0}'
            assert running.wait(8) == 0


def test_a_second_ctrl_c_cuts_off_the_requests_in_flight(
    tmp_path: Path, mongo: MongoServer, database: Documents
) -> None:
    patient = {"DRAIN_SECONDS": "60", "MONGODB_TIMEOUT_MS": "10000"}
    with api_process(mongo, database, tmp_path, **patient) as (api, running):
        assert api.get("/api/product/sale").status_code == 200
        with request_in_flight(api, running, mongo) as in_flight:
            running.send(signal.SIGINT)
            running.wait_for_output("ending: not ready any more", 5)
            assert not select([in_flight.sock], [], [], 0)[0]
            running.send(signal.SIGINT)
            in_flight.sock.settimeout(6)  # by itself it would have waited for MongoDB for 10 s
            answer = in_flight.getresponse()
            assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
            mongo.thaw()
            assert running.wait(8) == 0
            assert "Traceback" not in running.output


def test_it_ends_in_time_while_mongodb_is_silent(tmp_path: Path, mongo: MongoServer, database: Documents) -> None:
    with api_process(mongo, database, tmp_path, DRAIN_SECONDS="2") as (api, running), ThreadPoolExecutor(4) as threads:
        assert api.get("/api/product/sale").status_code == 200
        mongo.freeze()
        in_flight = [threads.submit(api.get, "/api/product/sale") for _ in range(4)]
        running.wait_until("a request in flight", lambda: _requests_unread(mongo) > 0, 5)
        started = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - started < 10
        for answer in (each.result() for each in in_flight):
            assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
            assert answer.headers["Retry-After"] == "2"
        assert "Traceback" not in running.output
        mongo.thaw()


def test_it_waits_for_mongodb_and_finds_it(tmp_path: Path, mongo: MongoServer, database: Documents) -> None:
    mongo.kill()
    with api_process(mongo, database, tmp_path) as (api, running):
        assert api.client.get("/readyz").status_code == 503
        mongo.start()
        wait_until("it is ready", lambda: api.client.get("/readyz").status_code == 200, 15)
        assert api.get("/api/product/sale").text == '{"total": 0}'
        assert running.is_running


def test_the_log_has_one_line_a_request_and_nothing_private(
    tmp_path: Path, mongo: MongoServer, database: Documents
) -> None:
    with api_process(mongo, database, tmp_path) as (api, running):
        token = api.token()
        api.get("/api/product/sale/77?secret=parameter", token, **{"X-Request-Id": "the-request"})
        api.get("/api/product/sale/8150471129", token[:-2] + "xx", **{"X-Request-Id": "the-other"})
        running.wait_for_output("the-other")
        assert running.stop() == 0
    lines = [json.loads(line) for line in running.output.splitlines()]
    entries = [line for line in lines if line.get("request_id") in ("the-request", "the-other")]
    assert [(entry["event"], entry["method"], entry["route"], entry["status"]) for entry in entries] == [
        ("request", "GET", "/api/product/sale/{product_id}", 400),
        ("request", "GET", "/api/product/sale/{product_id}", 401),
    ]
    assert all(entry["ms"] > 0 and entry["service"] == "api" and entry["timestamp"] for entry in entries)
    for private in (token, token.split(".")[1], token[:-2], "parameter", "8150471129", KEY):
        assert private not in running.output


def _refused(url: str) -> bool:
    """Whether nobody listens at this address."""
    try:
        httpx.get(f"{url}/livez")
    except httpx.ConnectError:
        return True
    return False


def _requests_unread(mongo: MongoServer) -> int:
    """How many requests wait unread in the sockets of MongoDB, which is frozen. Asks the kernel, in the network
    namespace of MongoDB, which may run in a container."""
    port = int(mongo.uri.split(":")[2].split("/")[0])
    waiting = 0
    for line in Path(f"/proc/{mongo.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].split(":")[1], 16) == port and int(fields[4].split(":")[1], 16) > 0:
            waiting += 1
    return waiting
