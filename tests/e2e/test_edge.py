"""nginx as the edge: TLS, redirects, headers, requests that are no HTTP, and what must not reach a log."""

import base64
import hashlib
import json
import os
import re
import socket
import ssl
from http.client import HTTPResponse
from pathlib import Path
from typing import get_args

import httpx
import pytest

from tests.support.product.balancer import balancer
from tests.support.product.interface import Product, Program, trust, wait_for_log
from tests.support.product.system import System

PATH = "/api/product/sale"


def connect(product: Product, **changes: object) -> ssl.SSLSocket:
    """A TLS connection to the load balancer. `changes` are attributes of the client's SSL context."""
    trusting = trust(product)
    for name, value in changes.items():
        setattr(trusting, name, value)
    return trusting.wrap_socket(socket.create_connection(("127.0.0.1", product.port)), server_hostname="localhost")


def answered(product: Product, request: bytes) -> tuple[HTTPResponse, bytes]:
    """The load balancer's answer to exactly these bytes, and the answer's body."""
    with connect(product) as connection:
        connection.sendall(request)
        connection.settimeout(20)
        with HTTPResponse(connection) as answer:
            answer.begin()
            return answer, answer.read()


def test_old_protocols_are_refused_and_new_ones_spoken(product: Product) -> None:
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with connect(product, maximum_version=version) as connection:
            assert connection.version() == name
    old = trust(product)
    # Without this, Python's side would not even offer the old protocols.
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    plain = socket.create_connection(("127.0.0.1", product.port))
    with plain, pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version"):
        old.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"])
def test_ciphers_without_authenticated_encryption_are_refused(product: Product, cipher: str) -> None:
    trusting = trust(product)
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    trusting.set_ciphers(cipher)
    plain = socket.create_connection(("127.0.0.1", product.port))
    with plain, pytest.raises(ssl.SSLError, match=r"(?i)alert handshake failure"):
        trusting.wrap_socket(plain, server_hostname="localhost")


def test_sessions_are_resumed_without_tickets(product: Product) -> None:
    trusting = trust(product)
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    resumed = []
    session = None
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", product.port))
        with trusting.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            session = connection.session
            resumed.append(connection.session_reused)
            assert session is not None
            assert not session.has_ticket
            # The server stores a session after the handshake and before its first answer, so wait for that.
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert connection.recv(1)
    assert resumed == [False, True]


def test_http2_is_spoken(product: Product) -> None:
    trusting = trust(product)
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection(("127.0.0.1", product.port))
    with trusting.wrap_socket(plain, server_hostname="localhost") as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_plain_http_only_redirects(product: Product, token: str) -> None:
    answer = httpx.get(f"{product.redirect_url}{PATH}/3?a=b", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{product.url}{PATH}/3?a=b")
    assert "Strict-Transport-Security" not in answer.headers
    assert httpx.get(f"{product.redirect_url}/healthz").status_code == 200
    plain = httpx.get(f"http://127.0.0.1:{product.port}{PATH}")
    assert (plain.status_code, plain.headers["Content-Type"]) == (400, "application/problem+json")


def test_plain_http_sends_nobody_to_a_host_that_is_not_this_one(product: Product) -> None:
    for host, location in (("localhost", "localhost"), ("[::1]:80", "[::1]"), ("LOCALHOST.", "localhost")):
        answer = httpx.get(f"{product.redirect_url}{PATH}", headers={"Host": host})
        assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{location}:{product.port}{PATH}")
    for host in ("elsewhere.example", "localhost.elsewhere.example", "127.0.0.2"):
        answer = httpx.get(f"{product.redirect_url}{PATH}", headers={"Host": host})
        assert (answer.status_code, answer.headers.get("Location")) == (421, None)


@pytest.mark.parametrize("path", [PATH, "/api/nothing", "/metrics", "/docs", "/openapi.json", "/healthz"])
def test_every_answer_carries_the_security_headers_once(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers.get_list("Strict-Transport-Security") == ["max-age=63072000"]
    assert headers.get_list("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_list("Referrer-Policy") == ["no-referrer"]
    [policy] = headers.get_list("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert len(headers.get_list("Cache-Control")) == 1
    assert headers.get_list("Server") == ["nginx"]


def test_the_documentation_may_run_its_own_script_and_nothing_else(client: httpx.Client) -> None:
    """The page comes from FastAPI, a new version of which may need another digest in nginx.conf."""
    answer = client.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    [script] = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    for address in re.findall(r'(?:src|href)="(https://[^"]+)"', answer.text):
        assert any(address.startswith(allowed) for allowed in re.findall(r"https://[^ ;]+", policy)), address
    assert "unsafe" not in policy


def test_other_methods_are_refused_before_their_body_has_come(product: Product) -> None:
    answer, _ = answered(product, f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode())
    assert (answer.status, answer.getheader("Allow")) == (405, "GET, HEAD, OPTIONS")


def test_a_small_body_is_ignored(client: httpx.Client) -> None:
    assert client.request("GET", PATH, content=b"{}").status_code == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", 400),
        ("GET {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n", 400),
        ("GET {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("GET {path} HTTP/9.1\r\nHost: x\r\n\r\n", 505),
    ],
)
def test_what_is_no_http_is_told_so_as_a_problem(product: Product, head: str, status: int) -> None:
    answer, body = answered(product, head.format(path=PATH).encode())
    assert (answer.status, answer.getheader("Content-Type")) == (status, "application/problem+json")
    assert json.loads(body)["status"] == status


MALFORMED = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\0\r\n\r\n",
    "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer {token}\r\n\r\n",
    "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}" + "x" * 40_000 + "\r\n\r\n",
    "GET {path} HTTP/9.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
    "GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
)


def test_no_log_holds_a_token_however_malformed_its_request(product: Product, client: httpx.Client, token: str) -> None:
    for request in MALFORMED:
        answer, _ = answered(product, request.format(path=PATH, token=token).encode())
        assert answer.status in (400, 431, 505), request[:200]
    last = client.get(f"{PATH}?access_token={token}").headers["X-Request-Id"]
    wait_for_log(product, "nginx", last)
    signature = token.rpartition(".")[2]
    for program in get_args(Program):
        log = product.log(program)
        assert signature not in log
        assert "Bearer" not in log


@pytest.mark.local("it starts a load balancer with another configuration, in front of processes")
def test_a_more_talkative_log_would_hold_one(system: System, tmp_path: Path, token: str) -> None:
    """nginx.conf warns of this; and it shows that the test above could fail."""
    with balancer(tmp_path, system.api_ports, {"error_log stderr warn;": "error_log stderr info;"}) as talkative:
        trusting = ssl.create_default_context(cafile=talkative.authority)
        with trusting.wrap_socket(
            socket.create_connection(("127.0.0.1", talkative.port)), server_hostname="localhost"
        ) as connection:
            connection.sendall(MALFORMED[0].format(path=PATH, token=token).encode())
            talkative.process.wait_for_output(token)


@pytest.mark.local("in compose the key is in a volume, which containers alone see")
def test_the_key_is_read_by_its_owner_alone(system: System) -> None:
    assert (system.authority.parent / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (system.authority.parent / "key.pem").stat().st_uid == os.getuid()
