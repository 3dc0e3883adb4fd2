"""Errors that the API's own server, and not a route, answers: every one is a problem, also without a load balancer."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from api.web.cors import SENT
from tests.integration.api.conftest import NOON, api_settings, empty_database
from tests.support.api.running import Api, ManualClock, serving
from tests.support.requests.raw import MALFORMED, PATH, Malformed, check_problem, exchange, get
from tests.support.servers.interface import MongoServer

CASES = [
    pytest.param(case, method, id=f"{name}, {method.decode()}")
    for name, case in MALFORMED.items()
    if case.api
    for method in ([b"GET", b"HEAD"] if b"METHOD" in case.request else [b""])
]


@pytest.fixture(scope="module")
def with_cors(mongo: MongoServer) -> Iterator[Api]:
    """An API whose answers pages of one origin may read; it answers a preflight itself."""
    with empty_database(mongo) as database:
        settings = api_settings(mongo, database).model_copy(update={"cors_origins": "https://dashboard.example"})
        with serving(settings, clock := ManualClock(NOON)) as url:
            api = Api(settings, database, clock, url)
            with api.client:
                yield api


def port_of(api: Api) -> int:
    """The port that the API listens on."""
    port = urlsplit(api.url).port
    assert port is not None
    return port


@pytest.mark.parametrize(("case", "method"), CASES)
def test_every_error_is_a_problem(with_cors: Api, case: Malformed, method: bytes) -> None:
    assert case.api is not None
    answer = exchange(port_of(with_cors), case.request.replace(b"METHOD", method))
    check_problem(answer, case.api, to_head=method == b"HEAD")
    assert "server" not in answer.headers


def test_the_id_of_a_malformed_request_is_the_caller_s_if_it_came_first(with_cors: Api) -> None:
    request = get(PATH, b"X-Request-Id: sixteen-letters-", b"X-A: \x7f").replace(b"METHOD", b"GET")
    answer = exchange(port_of(with_cors), request)
    check_problem(answer, 400)
    assert answer.headers["x-request-id"] == ["sixteen-letters-"]


def test_malformed_requests_are_counted(with_cors: Api) -> None:
    def counted() -> float:
        lines = with_cors.client.get("/metrics").text.splitlines()
        line = 'api_request_duration_seconds_count{method="other",route="none",status="400"}'
        return sum(float(each.rpartition(" ")[2]) for each in lines if each.startswith(line))

    before = counted()
    exchange(port_of(with_cors), b"words\r\n\r\n")
    assert counted() == before + 1


def answers(api: Api, *pieces: bytes) -> bytes:
    """All that the API answers to these bytes on one connection, until it closes it."""
    with socket.create_connection(("127.0.0.1", port_of(api)), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_malformed_request_does_not_get_the_answer_of_the_one_before(with_cors: Api) -> None:
    """Both come in one packet, so that the first is not answered yet when the second is read."""
    first = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    got = answers(with_cors, first + b"GET /\x01 HTTP/1.1\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.count(b"HTTP/1.1 ") == 1
    assert b"connection: close\r\n" in got


def test_a_malformed_request_after_an_answer_gets_its_own(with_cors: Api) -> None:
    with socket.create_connection(("127.0.0.1", port_of(with_cors)), timeout=20) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(b"GET /\x01 HTTP/1.1\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert connection.recv(65_536) == b""


def test_a_malformed_body_after_the_answer_ends_the_connection_without_another(with_cors: Api) -> None:
    with socket.create_connection(("127.0.0.1", port_of(with_cors)), timeout=20) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(b"zz\r\n")
        assert connection.recv(65_536) == b""


PREFLIGHT = (
    ("https://elsewhere.example", "GET", "authorization"),
    ("https://dashboard.example", "DELETE", "authorization"),
    ("https://dashboard.example", "GET", "x-other"),
)


@pytest.mark.parametrize(("origin", "method", "headers"), PREFLIGHT)
def test_a_refused_preflight_says_what_is_allowed(with_cors: Api, origin: str, method: str, headers: str) -> None:
    asked = (f"Origin: {origin}", f"Access-Control-Request-Method: {method}")
    answer = exchange(
        port_of(with_cors),
        b"OPTIONS %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%b\r\nAccess-Control-Request-Headers: %b\r\n\r\n"
        % (PATH, "\r\n".join(asked).encode(), headers.encode()),
    )
    what = "method" if method == "DELETE" else "headers" if headers == "x-other" else "origin"
    assert check_problem(answer, 400) == (
        f"Disallowed CORS {what}. Pages of the origins in CORS_ORIGINS may send GET and HEAD, "
        f"with the headers {', '.join(SENT)}"
    )
    assert "Origin" in answer.headers["vary"][0]
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed == ([origin] if origin == "https://dashboard.example" else None)
