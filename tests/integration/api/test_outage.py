"""What the API answers while MongoDB is down, silent or on another clock, and that it recovers by itself."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from pydantic import SecretStr

from shared.settings import ApiSettings
from stack import ports
from stack.waiting import wait_until
from tests.integration.api.conftest import NOON
from tests.support.api.running import KEY, Api, ManualClock, serving
from tests.support.documents.given_events import GivenSale, store
from tests.support.servers.interface import MongoServer

ROUTES = ("/api/product/sale/3", "/api/product/sale", "/api/product/rating/3")


def is_unavailable(answer: httpx.Response) -> bool:
    """Whether the answer is a 503; if so, check its headers and its message."""
    if answer.status_code != 503:
        return False
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["message"] == "The data cannot be read at the moment, try again shortly"
    return True


def test_an_outage_and_its_end(api: Api, mongo: MongoServer) -> None:
    store(api.database, [GivenSale(3, NOON, "7")])
    token = api.token()
    assert api.get("/api/product/sale/3", token).text == '{"total": 7}'
    mongo.kill()
    with ThreadPoolExecutor(20) as threads:
        started = time.monotonic()
        answers = list(threads.map(lambda path: api.get(path, token), ROUTES * 7))
        took = time.monotonic() - started
    assert all(map(is_unavailable, answers))
    # Each request waits for at most one second, and no request waits for the end of another's second.
    assert took < 4
    assert api.client.get("/livez").status_code == 200
    not_ready = api.client.get("/readyz")
    assert (not_ready.status_code, not_ready.json()["message"]) == (503, "Not ready: MongoDB does not answer")
    mongo.start()
    wait_until("answers", lambda: api.get("/api/product/sale/3", token).text == '{"total": 7}', 15)
    for path in ROUTES:
        assert api.get(path, token).status_code == 200


def test_a_silent_database(api: Api, mongo: MongoServer) -> None:
    token = api.token()
    assert api.get("/api/product/sale", token).status_code == 200
    mongo.freeze()
    started = time.monotonic()
    assert is_unavailable(api.get("/api/product/sale", token))
    assert time.monotonic() - started < 3
    mongo.thaw()
    wait_until("answers", lambda: api.get("/api/product/sale", token).status_code == 200, 15)


def test_a_token_is_not_believed_without_its_record(api: Api, mongo: MongoServer) -> None:
    """While MongoDB is down, the API cannot see that a token was revoked. So it does not believe a token whose record
    it read too long ago, or never."""
    known, unknown = api.token(), api.token()
    assert api.get("/api/product/sale", known).status_code == 200
    mongo.kill()
    assert is_unavailable(api.get("/api/product/nothing-else/../sale/not-an-id", unknown))
    # The answer for this address needs no data, so the token alone decides: its record is believed until it is too old.
    wait_until("the record to be too old", lambda: is_unavailable(api.get("/api/product/sale/not-an-id", known)), 10)
    assert api.client.get("/api/product/sale").status_code == 401
    assert api.get("/api/product/sale", "invalid").status_code == 401
    mongo.start()


def test_it_starts_before_mongodb(mongo: MongoServer) -> None:
    (port,) = ports.pick(1)
    away = ApiSettings(
        mongodb_uri=SecretStr(f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"),
        mongodb_timeout_ms=300,
        token_signing_key=SecretStr(KEY),
        drain_seconds=0,
    )
    with serving(away, ManualClock(NOON)) as url, httpx.Client(base_url=url) as client:
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert client.get("/api/product/sale").status_code == 401
        assert client.get("/openapi.json").status_code == 200


def test_a_wrong_clock_makes_it_unready(api: Api) -> None:
    # The clock of the tests stands months away from MongoDB's clock.
    answer = api.client.get("/readyz")
    assert answer.status_code == 503
    assert "s off MongoDB's, so the last hour cannot be told; correct the clock" in answer.json()["message"]

    def status_at(off_ms: int) -> int:
        api.clock.now_ms = time.time_ns() // 1_000_000 + off_ms
        return api.client.get("/readyz").status_code

    wait_until("a clock a little behind", lambda: status_at(-25_000) == 200, 5)
    wait_until("a clock far behind", lambda: status_at(-35_000) == 503, 5)
    wait_until("a clock a little ahead", lambda: status_at(25_000) == 200, 5)
    wait_until("a clock far ahead", lambda: status_at(35_000) == 503, 5)
