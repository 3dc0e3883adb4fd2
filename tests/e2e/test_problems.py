"""Every error is `application/problem+json`, whether nginx answers it or an instance, by HTTPS and by plain HTTP."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.support.product.interface import Product, trust, wait_for_log
from tests.support.requests.raw import MALFORMED, PATH, Answer, Malformed, check_problem, exchange, get, head

CASES = [
    pytest.param(case, method, id=f"{name}, {method.decode()}")
    for name, case in MALFORMED.items()
    if case.edge
    for method in ([b"GET", b"HEAD"] if b"METHOD" in case.request else [b""])
]


def check_security_headers(answer: Answer, *, by_tls: bool = True) -> None:
    """Check that an error has what every answer of nginx has, once."""
    assert answer.headers.get("strict-transport-security") == (["max-age=63072000"] if by_tls else None)
    assert answer.headers["x-content-type-options"] == ["nosniff"]
    assert answer.headers["referrer-policy"] == ["no-referrer"]
    [policy] = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["server"] == ["nginx"]
    assert "ratelimit-policy" in answer.headers


@pytest.mark.parametrize(("case", "method"), CASES)
def test_every_error_by_https(product: Product, case: Malformed, method: bytes) -> None:
    answer = exchange(product.port, case.request.replace(b"METHOD", method), trust(product))
    expected = case.newer_edge if answer.status == case.newer_edge else case.edge
    check_problem(answer, expected, to_head=method == b"HEAD")
    check_security_headers(answer)
    assert answer.headers.get("allow") == (["GET, HEAD, OPTIONS"] if expected == 405 else None)


BY_PLAIN_HTTP: dict[str, tuple[bytes, int]] = {
    "a malformed percent": (get(b"/%zz"), 400),
    "NUL in a header": (get(PATH, b"X-A: a\x00b"), 400),
    "a long address": (get(PATH + b"/" + b"9" * 9_000), 414),
    "a long header": (get(PATH, b"X-A: " + b"a" * 9_000), 431),
    "a large body": (get(PATH, b"Content-Length: 2000") + b"x" * 2000, 413),
    "a compressed body": (get(PATH, b"Transfer-Encoding: gzip"), 501),
    "a future version": (get().replace(b"HTTP/1.1", b"HTTP/9.1"), 505),
    "another host": (get(host=b"Host: elsewhere.example\r\nConnection: close\r\n"), 421),
    "a condition that cannot hold": (get(b"/healthz", b'If-Match: "any"'), 412),
    "an internal address": (get(b"/problem"), 404),
    "TRACE": (head(b"TRACE " + PATH), 405),
    "words": (b"words\r\n\r\n", 400),
}


@pytest.mark.parametrize(("request_", "status"), BY_PLAIN_HTTP.values(), ids=BY_PLAIN_HTTP)
def test_every_error_by_plain_http(product: Product, request_: bytes, status: int) -> None:
    port = urlsplit(product.redirect_url).port
    assert port is not None
    for method in (b"GET", b"HEAD"):
        answer = exchange(port, request_.replace(b"METHOD", method))
        check_problem(answer, status, to_head=method == b"HEAD" and b"METHOD" in request_)
        check_security_headers(answer, by_tls=False)


def test_plain_http_to_the_port_of_https_is_named(product: Product) -> None:
    said = check_problem(exchange(product.port, get().replace(b"METHOD", b"GET")), 400)
    assert said == "This port speaks HTTPS, and the request came by plain HTTP; ask https:// instead"
    for request in (get(b"/nothing?plain"), get(b"/%zz?plain"), get(b"/problem?plain")):
        answer = exchange(product.port, request.replace(b"METHOD", b"GET"), trust(product))
        assert "plain HTTP" not in check_problem(answer, answer.status)


def test_the_id_of_a_request_that_only_an_instance_found_malformed_is_in_both_logs(product: Product) -> None:
    request = get(PATH, b"X-A: \x7f").replace(b"METHOD", b"GET")
    answer = exchange(product.port, request, trust(product))
    [request_id] = answer.headers["x-request-id"]
    wait_for_log(product, "nginx", request_id)
    wait_for_log(product, "api", request_id)
    entries = [json.loads(line) for line in product.log("api").splitlines() if request_id in line]
    assert [(entry["event"], entry["status"], entry["route"]) for entry in entries] == [("request", 400, "none")]


def cut_off(product: Product, request: bytes) -> bytes:
    """All that nginx answers to these bytes until it closes the connection."""
    plain = socket.create_connection(("127.0.0.1", product.port), timeout=20)
    with trust(product).wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_what_cannot_be_a_problem_is_as_the_documents_say(product: Product) -> None:
    """HTTP/0.9 has no head; a request that does not arrive in time gets no answer."""
    assert json.loads(cut_off(product, b"GET /nothing\r\n"))["status"] == 404
    assert cut_off(product, get(PATH, b"Content-Length: 5").replace(b"METHOD", b"GET")) == b""
