"""Hostile requests to the API as a process.

Every token that the API did not issue gets the same answer, no request makes the service fail, and the log holds
nothing private.
"""

import json
import socket
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from api.web.problem_types import INVALID_TOKEN
from tests.integration.api.conftest import empty_database
from tests.support.api.running import KEY, Api, api_process
from tests.support.process import Running
from tests.support.requests.hostile import IDS, QUERIES, TOKENS, UNRECORDED
from tests.support.servers.interface import MongoServer

PATH = "/api/product/sale"
REFUSAL = 'Bearer realm="product-analytics", error="invalid_token"'


class Service(NamedTuple):
    """An API process that logs everything, and a valid token for it."""

    api: Api
    running: Running
    token: str


@pytest.fixture(scope="module")
def service(mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("hostile")
    with empty_database(mongo) as database, api_process(mongo, database, folder, LOG_LEVEL="debug") as (api, running):
        yield Service(api, running, api.token())


def refusal(service: Service, token: bytes) -> tuple[int, bytes, str, float]:
    started = time.perf_counter()
    answer = service.api.client.get(PATH, headers=[(b"Authorization", b"Bearer " + token)])
    took = time.perf_counter() - started
    return answer.status_code, answer.content, answer.headers["WWW-Authenticate"], took


@pytest.mark.parametrize("name", TOKENS)
def test_every_token_that_is_not_ours_gets_one_answer(service: Service, name: str) -> None:
    status, body, challenge, _ = refusal(service, TOKENS[name])
    assert (status, challenge) == (401, REFUSAL)
    assert json.loads(body) == service.api.client.get(PATH).json() | {"type": INVALID_TOKEN.uri}
    assert body == refusal(service, b"x")[1]


def test_the_answer_takes_about_the_same_time(service: Service) -> None:
    """An invalid token is answered after about the same time, whether its shape, header, signature, claims or record is
    wrong. Compares the medians of interleaved requests."""
    kinds = ("a word", "alg RS256", "another key", "another issuer", "without a record", "trailing dot")
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(40):
        for kind in kinds:
            times[kind].append(refusal(service, TOKENS[kind])[3])
    medians = {kind: statistics.median(each) for kind, each in times.items()}
    assert max(medians.values()) < 3 * min(medians.values()), medians


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        ([b"Bearer"], REFUSAL),
        ([b"bearer x", b"bearer x"], REFUSAL),
        ([b"Basic dXNlcjpwYXNz", b"Bearer {token}"], REFUSAL),
        ([b"Bearer\t{token}"], REFUSAL.partition(",")[0]),
        ([b"Bearer{token}"], REFUSAL.partition(",")[0]),
        ([b"{token}"], REFUSAL.partition(",")[0]),
        ([b"Basic {token}"], REFUSAL.partition(",")[0]),
        ([b""], REFUSAL.partition(",")[0]),
        ([b"Bearer {token}\tx"], REFUSAL),
        ([b"Bearer {token},"], REFUSAL),
        ([b"Bearer,Bearer {token}"], REFUSAL.partition(",")[0]),
    ],
)
def test_authorization_has_one_form(service: Service, authorization: list[bytes], challenge: str) -> None:
    values = [value.replace(b"{token}", service.token.encode()) for value in authorization]
    answer = service.api.client.get(PATH, headers=[(b"Authorization", value) for value in values])
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, challenge)


@pytest.mark.parametrize("name", [b"bearer", b"BEARER", b"Bearer"])
def test_the_scheme_s_case_does_not_matter(service: Service, name: bytes) -> None:
    answer = service.api.client.get(PATH, headers=[(b"authorization", name + b" " + service.token.encode())])
    assert answer.status_code == 200


def test_a_token_elsewhere_is_none(service: Service) -> None:
    token = service.token
    for request in (
        {"params": {"access_token": token}},
        {"headers": {"X-Access-Token": token}},
        {"headers": {"Cookie": f"token={token}; Authorization=Bearer {token}"}},
        {"headers": {"Proxy-Authorization": f"Bearer {token}"}},
    ):
        assert service.api.client.request("GET", PATH, **request).status_code == 401  # type: ignore[arg-type]


@pytest.mark.parametrize("route", ["sale", "rating"])
def test_no_other_text_is_an_id(service: Service, route: str) -> None:
    for text in IDS:
        answer = service.api.get(f"/api/product/{route}/{text}", service.token)
        assert answer.status_code == 404, text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "X-Injected" not in answer.headers
        assert answer.json()["message"].startswith(("No product with id ", "There is nothing at this address")), text


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_is_taken(service: Service, query: str) -> None:
    for path in ("/api/product/sale/3", PATH, "/api/product/rating/3"):
        assert service.api.get(f"{path}?{query}", service.token).status_code == 400


def exchange(service: Service, request: bytes) -> bytes:
    """Send the bytes of a request that no client library would send; return the bytes of the answer."""
    host, port = service.api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (
            b"GET /api/product/sale HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \x00\r\n\r\n",
            b"400",
        ),
        (b"GET /api/product/sale/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"40"),
        (b"GET /api/product/sale/3 HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n", b"401"),
        (b"BREW /api/product/sale/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"40"),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET http://elsewhere/api/product/sale HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"40"),
        (
            b"GET /api/product/sale HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"400",
        ),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_what_is_hardly_http_harms_nothing(service: Service, request_: bytes, status: bytes) -> None:
    assert exchange(service, request_).startswith(b"HTTP/1.1 " + status)
    assert service.api.get(PATH, service.token).status_code == 200


def test_nothing_was_a_fault_and_nothing_private_was_logged(service: Service) -> None:
    """The last test of this file looks at the log of all requests that the file sent. It sends some requests itself, so
    that it tests something when it runs alone."""
    for token in TOKENS.values():
        refusal(service, token)
    output = service.running.output
    assert "Traceback" not in output
    levels = {json.loads(line)["level"] for line in output.splitlines() if line.startswith("{")}
    assert levels <= {"debug", "info", "warning"}
    private = [service.token, *service.token.split("."), *UNRECORDED.split("."), KEY, "B" * 22]
    assert [part for part in private if part in output] == []
    assert "Bearer" not in output
