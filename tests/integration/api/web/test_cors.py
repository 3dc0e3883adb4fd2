"""CORS: which pages of other origins a browser lets read the API's answers."""

from collections.abc import Iterator

import pytest

from tests.integration.api.conftest import NOON, api_settings, empty_database
from tests.support.api.running import Api, ManualClock, serving
from tests.support.servers.interface import MongoServer

OURS = "https://dashboard.example"
PATH = "/api/product/sale"


@pytest.fixture(scope="module")
def open_api(mongo: MongoServer) -> Iterator[Api]:
    """An API whose answers pages of two origins may read."""
    with empty_database(mongo) as database:
        origins = f"{OURS}, http://127.0.0.1:3000"
        settings = api_settings(mongo, database).model_copy(update={"cors_origins": origins})
        with serving(settings, clock := ManualClock(NOON)) as url:
            api = Api(settings, database, clock, url)
            with api.client:
                yield api


def test_a_preflight(open_api: Api) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,if-none-match"}
    answer = open_api.client.options(PATH, headers={"Origin": OURS, **asked})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "if-none-match" in allowed
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "X-Request-Id" in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        "x-requested-with",
        "authorization,x-requested-with",
        "cache-control,pragma,expires",
        "accept,accept-language,content-language,content-type",
        "if-none-match,if-modified-since",
        "traceparent,tracestate,baggage,sentry-trace",
        "b3,x-b3-traceid,x-b3-spanid,x-b3-sampled",
        "x-csrf-token,x-xsrf-token,x-socket-id",
        "x-request-id,x-correlation-id,request-id",
    ],
)
def test_headers_that_clients_send_by_themselves_are_allowed(open_api: Api, headers: str) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": headers}
    answer = open_api.client.options(PATH, headers={"Origin": OURS, **asked})
    assert answer.status_code == 200
    allowed = {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].lower().split(",")}
    assert set(headers.split(",")) <= allowed
    assert "cookie" not in allowed
    sent = {name: "1" for name in headers.split(",") if name != "authorization"}
    assert open_api.get(PATH, Origin=OURS, **sent).is_success


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("https://elsewhere.example", "GET", "authorization"),
        (f"{OURS}.elsewhere.example", "GET", "authorization"),
        ("http://dashboard.example", "GET", "authorization"),
        ("null", "GET", "authorization"),
        (OURS, "DELETE", "authorization"),
        (OURS, "GET", "x-other"),
    ],
)
def test_other_preflights_are_refused(open_api: Api, origin: str, method: str, headers: str) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    answer = open_api.client.options(PATH, headers={"Origin": origin, **asked})
    assert answer.status_code == 400
    assert origin == OURS or "Access-Control-Allow-Origin" not in answer.headers


def test_answers_and_errors_may_be_read_by_our_pages_alone(open_api: Api) -> None:
    for path, status in ((PATH, 200), (f"{PATH}/1", 404), (f"{PATH}?a=b", 400)):
        answer = open_api.get(path, Origin=OURS)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, OURS)
        assert "Origin" in answer.headers["Vary"]
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert all(name in exposed for name in ("ETag", "Data-As-Of", "Retry-After", "RateLimit", "X-Request-Id"))
        other = open_api.get(path, Origin="https://elsewhere.example")
        assert (other.status_code, other.headers.get("Access-Control-Allow-Origin")) == (status, None)
    without_token = open_api.client.get(PATH, headers={"Origin": OURS})
    assert (without_token.status_code, without_token.headers["Access-Control-Allow-Origin"]) == (401, OURS)
