"""What a dashboard asks for, through the load balancer: bodies, headers, validators, and what must not reach a log."""

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import httpx
import pytest
from pymongo import MongoClient

from api.web.problem_types import EXPIRED_TOKEN
from stack.drivers.client import READING
from stack.waiting import wait_until
from tests.support.api.running import tokens_of
from tests.support.product.interface import Product, Program, wait_for_log
from tests.support.servers.interface import MongoServer

FIRST = 9_000_000_000_000_000_001
"""A product that no other test of this folder names."""
NAME = "Ölpresse, groß"
AMOUNT = "123456789012345678.123456"
SALE = f"/api/product/sale/{FIRST}"
HUNDRED = ",".join(map(str, range(FIRST, FIRST + 100)))
JSON, CSV = "application/json", "text/csv; charset=utf-8"
WINDOWED = {
    "a window": (f"{SALE}?window=7d", JSON),
    "a comparison": (f"{SALE}?window=30d&compare=previous", JSON),
    "a hundred products": (f"/api/product/sale?window=7d&ids={HUNDRED}", JSON),
    "a product": (f"/api/product/{FIRST}", JSON),
    "a long series": (f"{SALE}/series?window=7d&step=1h&tz=Asia/Kolkata&compare=previous", JSON),
    "a series as CSV": (f"{SALE}/series?window=7d&step=1d&format=csv", CSV),
    "a distribution": (f"/api/product/rating/{FIRST}/distribution?window=24h", JSON),
    "a top": ("/api/product/top?by=amount&window=7d&limit=1", JSON),
    "a top as CSV": ("/api/product/top?by=amount&window=7d&limit=1&format=csv", CSV),
}
"""Addresses, and the type of their answers."""


@pytest.fixture(scope="module", autouse=True)
def _one_product(started_product: Product, token: str) -> None:
    """Wait for the events of one product. They are older than an hour, so that totals of other tests are without it."""
    common = {
        "name_of_product": NAME,
        "product_id": FIRST,
        "occurred_at": f"{datetime.now(UTC) - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}",
    }
    sold = json.dumps({"event_name": "productSold", "no_of_units": 2, **common})
    rated = json.dumps({"event_name": "productRated", "rating": 4.5, "category": "Garten", **common})
    started_product.publish("file", "-", given=f'{sold[:-1]}, "amount": {AMOUNT}}}\n{rated}\n'.encode())


@pytest.fixture
def counted(client: httpx.Client) -> httpx.Client:
    """The client, once both events are counted and every instance has sums for its tops."""

    def is_counted() -> bool:
        answers = [client.get(f"{SALE}?window=7d").text, client.get(f"/api/product/rating/{FIRST}").text]
        return answers == [f'{{"total": {AMOUNT}}}', '{"average_rating": 4.5}']

    def tops_are_read() -> bool:
        tops = [client.get("/api/product/top?window=7d&limit=1") for _ in range(8)]
        return all(top.status_code == 200 and NAME in top.text for top in tops)

    wait_until("both events to be counted", is_counted, 30)
    wait_until("the sums of all products", tops_are_read, 30)
    # A stack that has just started knows no as-of before its consumers have caught up with every partition. Each
    # instance asks for it once a second, so one instance may know it while the other does not.
    wait_until("the as-of", lambda: all("Data-As-Of" in client.get(SALE).headers for _ in range(8)), 60)
    return client


@pytest.mark.parametrize(("path", "form"), WINDOWED.values(), ids=WINDOWED)
def test_an_answer_keeps_its_headers(counted: httpx.Client, path: str, form: str) -> None:
    answer = counted.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, form)
    begin, end = map(datetime.fromisoformat, answer.headers["Data-Window"].split("/"))
    assert begin < datetime.fromisoformat(answer.headers["Data-As-Of"]) <= datetime.now(UTC) + timedelta(seconds=1)
    assert begin < end
    assert answer.headers.get_list("Cache-Control") == ["private, no-cache"]
    assert "Content-Encoding" not in answer.headers
    assert counted.head(path).headers["Content-Length"] == str(len(answer.content))
    unchanged = counted.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == answer.headers["ETag"]
    assert {"Data-Window", "Data-As-Of"} <= {name.title() for name in unchanged.headers}


def test_the_answers_are_whole(counted: httpx.Client) -> None:
    totals: dict[str, Any] = counted.get(f"/api/product/sale?window=7d&ids={HUNDRED}").json()["totals"]
    assert (len(totals), [one for one in totals if totals[one] is not None]) == (100, [str(FIRST)])
    series = counted.get(f"{SALE}/series?window=7d&step=1h&tz=Asia/Kolkata&compare=previous")
    assert len(series.content) > 30_000  # many packets
    points = json.loads(series.text, parse_float=Decimal)["points"]
    assert (len(points), sum(point["amount"] for point in points)) == (168, Decimal(AMOUNT))
    top = counted.get("/api/product/top?window=7d&limit=1&format=csv")
    assert top.headers["Content-Disposition"] == 'attachment; filename="top.csv"'
    assert list(csv.reader(top.text.splitlines())) == [["id", "name", "value"], [str(FIRST), NAME, AMOUNT]]


def test_a_name_is_found_and_reaches_no_log(product: Product, counted: httpx.Client) -> None:
    found = counted.get("/api/product", params={"name": "ÖLPRESSE, GROSS", "limit": 1})
    assert (found.headers["Content-Type"], "Data-Window" in found.headers) == (JSON, False)
    assert found.json() == {"products": [{"id": FIRST, "name": NAME, "category": "Garten"}], "next": None}
    table = counted.get("/api/product", params={"name": "ölp"}, headers={"Accept": "text/csv"})
    assert (table.headers["Content-Type"], table.headers["Vary"]) == (CSV, "accept")
    assert table.text == f'id,name,category\r\n{FIRST},"{NAME}",Garten\r\n'
    wait_for_log(product, "nginx", table.headers["X-Request-Id"])
    for program in get_args(Program):
        assert "lpresse" not in product.log(program).lower()
        assert "%C3%96LPRESSE" not in product.log(program)


@pytest.mark.parametrize(
    "path", [f"{SALE}?window=2h", f"{SALE}/series?step=1d", "/api/product?_=1", "/api/product/top?limit=0"]
)
def test_a_query_that_is_refused_is_the_api_s_own_problem(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["type"] == "urn:problem-type:product-analytics:bad-query"
    assert answer.headers.get_list("Cache-Control") == ["no-store"]


@pytest.fixture
def expired(product: Product, mongo: MongoServer) -> str:
    """A token whose time is over: a test cannot wait for the shortest one, which lives a minute."""
    token = product.tokens("issue", "--name", "expired", *READING)
    with MongoClient[dict[str, Any]](mongo.uri, tz_aware=True) as mongod:
        ended = {"$set": {"expires_at": datetime(2026, 6, 1, 12, tzinfo=UTC)}}
        assert tokens_of(mongod["system"]).update_one({"name": "expired"}, ended).modified_count == 1
    return token


@pytest.mark.local("it writes the record of a token into MongoDB, which the containers do not publish")
def test_an_expired_token_is_told_so(client: httpx.Client, expired: str) -> None:
    said = "The token expired at 2026-06-01T12:00:00Z"
    for path in (f"{SALE}?window=7d", "/api/product/top", "/api/product?name=a", f"{SALE}/series?format=csv"):
        answer = client.get(path, headers={"Authorization": f"Bearer {expired}"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
        assert (answer.json()["type"], answer.json()["detail"][: len(said)]) == (EXPIRED_TOKEN.uri, said)
        assert answer.headers.get_list("WWW-Authenticate") == [
            f'Bearer realm="product-analytics", error="invalid_token", error_description="{said}"'
        ]
