"""nginx as the edge: limits on requests and connections, slow clients, and a reload while clients go on."""

import signal
import socket
import ssl
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from stack.parts import services
from tests.support.product.balancer import Balancer, balancer
from tests.support.product.system import System
from tests.support.requests.slow_clients import BEGINNINGS, SlowClients
from tests.support.requests.traffic import Traffic
from tests.support.servers.interface import MongoServer

PATH = "/api/product/sale"
SLOW_CLIENTS = 1000

own_balancer = pytest.mark.local("it starts a load balancer with another configuration, in front of processes")


@pytest.fixture
def strict(system: System, tmp_path: Path) -> Iterator[Balancer]:
    """A load balancer in front of the same instances, which allows 5 requests a minute a token and 20 an address."""
    changes = {
        "zone=token:10m rate=5000r/s": "zone=token:10m rate=5r/m",
        "zone=token burst=5000": "zone=token burst=5",
        "zone=address:10m rate=10000r/s": "zone=address:10m rate=20r/m",
        "zone=address burst=10000": "zone=address burst=20",
        '"token";q=5000;w=1, "address";q=10000;w=1': '"token";q=5;w=60, "address";q=20;w=60',
    }
    with balancer(tmp_path, system.api_ports, changes) as one:
        yield one


def ask(edge: Balancer, count: int, **headers: str) -> list[httpx.Response]:
    """The answers to `count` requests, one after another."""
    with httpx.Client(base_url=edge.url, verify=ssl.create_default_context(cafile=edge.authority)) as client:
        return [client.get(PATH, headers=headers) for _ in range(count)]


@own_balancer
def test_too_many_requests_with_a_token_are_refused_and_told_so(strict: Balancer, system: System, token: str) -> None:
    answers = ask(strict, 12, Authorization=f"Bearer {token}")
    assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 6
    refused = answers[-1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["RateLimit"] == '"token";r=0;t=1, "address";r=0;t=1'
    assert refused.headers["RateLimit-Policy"] == '"token";q=5;w=60, "address";q=20;w=60'
    assert refused.json()["status"] == 429
    assert "RateLimit" not in answers[0].headers
    assert answers[0].headers["RateLimit-Policy"] == refused.headers["RateLimit-Policy"]
    other = system.tokens("issue", "--name", "another", "--scope", "sales:read")
    assert ask(strict, 1, Authorization=f"Bearer {other}")[0].status_code == 200


@own_balancer
def test_a_refusal_may_be_read_by_the_pages_of_allowed_origins_alone(system: System, tmp_path: Path) -> None:
    ours = "https://dashboard.example"
    changes = {
        "map $http_origin $allowed_origin {": f'map $http_origin $allowed_origin {{ "{ours}" $http_origin;',
        "zone=address:10m rate=10000r/s": "zone=address:10m rate=1r/m",
        "zone=address burst=10000": "zone=address burst=1",
    }
    with balancer(tmp_path, system.api_ports, changes) as edge:
        assert ask(edge, 3)[-1].status_code == 429
        for origin, allowed in ((ours, ours), ("https://elsewhere.example", None), (f"{ours}.elsewhere.example", None)):
            [refused] = ask(edge, 1, Origin=origin)
            assert (refused.status_code, refused.headers.get("Access-Control-Allow-Origin")) == (429, allowed)
            assert ("Retry-After" in refused.headers.get("Access-Control-Expose-Headers", "")) is bool(allowed)


@own_balancer
def test_an_address_is_limited_whatever_its_tokens(strict: Balancer) -> None:
    forged = [f"eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.{number:043}" for number in range(40)]
    answers = [ask(strict, 1, Authorization=f"Bearer {token}")[0].status_code for token in forged]
    assert answers[:20] == [401] * 20
    assert set(answers) == {401, 429}


@own_balancer
def test_an_address_has_so_many_requests_at_the_same_time(system: System, tmp_path: Path, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with balancer(tmp_path, system.api_ports, {"limit_conn connections 2000;": "limit_conn connections 2;"}) as edge:
        with SlowClients(edge.port, 2, BEGINNINGS[-1:]):
            edge.process.wait_until("a refusal", lambda: ask(edge, 1, **headers)[0].status_code == 429)
        edge.process.wait_until("an answer", lambda: ask(edge, 1, **headers)[0].status_code == 200)


def test_as_delivered_the_limits_are_not_met_by_honest_load(client: httpx.Client) -> None:
    assert Counter(client.get(PATH).status_code for _ in range(300)) == {200: 300}


@pytest.mark.local("it freezes MongoDB and reads the instances' metrics; tests/compose/test_recovery.py ends it")
def test_an_outage_of_mongodb_is_not_made_twice_as_hard(
    system: System, client: httpx.Client, mongo: MongoServer
) -> None:
    """nginx sends a request to one instance only, whose 503 goes to the client."""
    before = sum(system.answered(PATH, 503))
    mongo.freeze()
    answer = client.get(PATH)
    mongo.thaw()
    assert answer.status_code == 503
    assert answer.headers.get_list("Retry-After") == ["2"]
    assert sum(system.answered(PATH, 503)) - before == 1
    system.wait_ready()


@own_balancer
def test_slow_clients_slow_nobody_and_are_closed(system: System, tmp_path: Path, token: str) -> None:
    """Two load balancers in front of the same instances are asked by turns; the slow clients connect to one of them."""
    with balancer(tmp_path / "calm", system.api_ports) as calm, SlowClients(system.port, SLOW_CLIENTS) as slow:
        times: dict[str, list[float]] = {calm.url: [], system.url: []}
        trust = {calm.url: calm.authority, system.url: system.authority}
        headers = {"Authorization": f"Bearer {token}"}
        with ExitStack() as closed:
            clients = {
                url: closed.enter_context(
                    httpx.Client(base_url=url, headers=headers, verify=ssl.create_default_context(cafile=trust[url]))
                )
                for url in times
            }
            for turn in range(200):
                if turn % 50 == 0:
                    slow.speak()
                for url, client in clients.items():
                    started = time.perf_counter()
                    assert client.get(PATH).status_code == 200
                    times[url].append(time.perf_counter() - started)
        assert statistics.median(times[system.url]) < 2 * statistics.median(times[calm.url])
        assert slow.wait_closed(30) == 0


@own_balancer
def test_a_reload_takes_a_new_certificate_and_fails_no_request(system: System, tmp_path: Path, token: str) -> None:
    """Each request has a new connection, since at a reload nginx before 1.27.4 closes idle ones at any moment."""
    with balancer(tmp_path, system.api_ports) as edge:
        trust = ssl.create_default_context(cafile=edge.authority)
        for file in ("certificate.pem", "ca.pem"):
            (edge.authority.parent / file).unlink()
        services.certificate(edge.authority.parent, tmp_path / "authority")
        trust.load_verify_locations(cafile=edge.authority)
        headers = {"Authorization": f"Bearer {token}"}
        fresh = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=edge.url, headers=headers, verify=trust, timeout=15, limits=fresh) as client:
            with Traffic(client, PATH) as traffic:
                for _ in range(5):
                    traffic.wait_for(100)
                    edge.process.send(signal.SIGHUP)
                traffic.wait_for(100)
            assert set(traffic.outcomes) == {200}
        new = ssl.create_default_context(cafile=edge.authority)
        edge.process.wait_until("it serves the new certificate", lambda: trusts(new, edge.port))


def trusts(trust: ssl.SSLContext, port: int) -> bool:
    """Whether a client with this context trusts the server's certificate."""
    try:
        with trust.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost"):
            return True
    except ssl.SSLCertVerificationError:
        return False
