"""Each example in the OpenAPI document is what the service answers about one and the same data."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import httpx
import pytest

from api.openapi import document
from shared.name_index import index_names
from stack.waiting import wait_until
from tests.integration.api.conftest import empty_database, running_api
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, ms, store, store_partitions
from tests.support.process import ROOT
from tests.support.servers.interface import MongoServer

PATHS: Final[dict[str, Any]] = httpx.Response(200, text=document()).json()["paths"]
WEEK: Final = "window=7d&step=1d&tz=Europe/Berlin"
QUERIES: Final = {
    "/api/product": "name=cha",
    "/api/product/top": "window=15m",
    "/api/product/sale/series": WEEK,
    "/api/product/sale/{product_id}/series": WEEK,
    "/api/product/rating/{product_id}/series": WEEK,
}
"""What has to be asked for the example of a path, where that is not the path alone."""
SENT_BY_THE_SERVER: Final = {"date", "content-length", "content-type"}
CHAIR, DESK = 3, 12


@pytest.fixture(scope="module")
def api(mongo: MongoServer) -> Iterator[Api]:
    """An API with the data of the examples: products 3 and 12, at noon UTC of 1 June 2026."""
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store(
            database,
            [
                *(
                    GivenSale(CHAIR, ms(f"2026-{at}Z"), amount, units=units, name="Chair")
                    for at, amount, units in (
                        ("05-26T10:00", "166.67", 1),
                        ("05-26T10:30", "166.67", 2),
                        ("05-26T21:59:59", "166.67", 2),
                        ("06-01T10:30", "2400", 24),
                        ("06-01T11:58", "2000", 20),
                        ("06-01T11:58:30", "1000", 10),
                    )
                ),
                GivenSale(DESK, ms("2026-06-01T10:40Z"), "193781.408", units=1600, name="Desk"),
                GivenSale(DESK, ms("2026-06-01T11:20Z"), "241026.26", units=2400, name="Desk"),
                GivenSale(DESK, ms("2026-06-01T11:50Z"), "1200.5", units=2, name="Desk"),
                *(
                    GivenRating(
                        CHAIR, ms("2026-03-01T08:12:00.125Z") + number, rating, category="Furniture", name="Chair"
                    )
                    for number, rating in enumerate(("3.5", "4", "4", "4", "4.5", "5", "5", "5", "5", "5"))
                ),
                GivenRating(CHAIR, ms("2026-06-01T11:40Z"), "4", category="Furniture", name="Chair"),
                GivenRating(CHAIR, ms("2026-06-01T11:41Z"), "5", category="Furniture", name="Chair"),
            ],
        )
        store_partitions(database, {0: datetime.fromisoformat("2026-06-01T11:59:58.500Z")})
        index_names(database)
        wait_until("an instance that can rank", lambda: api.get("/api/product/top").status_code == 200, 20)
        yield api


def address(path: str, query: str = "") -> str:
    return path.replace("{product_id}", str(CHAIR)) + (f"?{query}" if query else "")


def named_examples(content: dict[str, Any], path: str) -> dict[str, Any]:
    """The examples of a body, by the queries that get them."""
    usual = QUERIES.get(path, "")
    if "example" in content:
        return {usual: content["example"]}
    return {usual if query == "plain" else query: each["value"] for query, each in content["examples"].items()}


def documented_headers(answer: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): header["example"] for name, header in answer["headers"].items()}


@pytest.mark.parametrize("path", PATHS)
def test_examples_of_answers_are_true(api: Api, path: str) -> None:
    contents = PATHS[path]["get"]["responses"]["200"]["content"]
    for query, example in named_examples(contents["application/json"], path).items():
        answer = api.get(address(path, query))
        assert (answer.status_code, answer.json()) == (200, example)
    if "text/csv" in contents:
        answer = api.get(address(path, QUERIES[path]), Accept="text/csv")
        assert answer.text == contents["text/csv"]["example"]


@pytest.mark.parametrize("path", PATHS)
def test_every_header_is_described(api: Api, path: str) -> None:
    """200 and 304, of JSON and of CSV, have no header that the document lacks; what is always the same, it shows."""
    responses = PATHS[path]["get"]["responses"]
    takes_window = any(parameter["name"] == "window" for parameter in PATHS[path]["get"]["parameters"])
    asked = address(path, QUERIES.get(path) or ("window=1h" if takes_window else ""))
    for accept in ("application/json", "text/csv"):
        answer = api.get(asked, Accept=accept)
        unchanged = api.get(asked, Accept=accept, **{"If-None-Match": answer.headers["ETag"]})
        assert unchanged.status_code == 304
        for each in (answer, unchanged):
            described = documented_headers(responses[str(each.status_code)])
            assert set(each.headers) - SENT_BY_THE_SERVER <= described.keys()
            for name in each.headers.keys() & {"cache-control", "vary", "data-as-of"}:
                assert each.headers[name] == described[name], name
        assert documented_headers(responses["200"]).keys() - set(answer.headers) <= {"content-disposition"}
        assert documented_headers(responses["304"]).keys() == set(unchanged.headers) - SENT_BY_THE_SERVER


@pytest.mark.parametrize("path", PATHS)
def test_examples_of_errors_are_true(api: Api, path: str) -> None:
    responses = PATHS[path]["get"]["responses"]
    errors = [
        api.get(address(path, "_=1780315198500")),
        api.get(address(path), "wrong"),
        api.get(address(path), api.token(scopes=[])),
        api.client.post(address(path)),
    ]
    if "404" in responses:
        errors.append(api.get(path.replace("{product_id}", "5")))
    for error in errors:
        described = responses[str(error.status_code)]
        assert error.json() == described["content"]["application/problem+json"]["example"]
        named = documented_headers(described)
        assert set(error.headers) - SENT_BY_THE_SERVER <= named.keys()
        for name in error.headers.keys() & {"allow", "www-authenticate", "cache-control", "retry-after"}:
            assert error.headers[name] == named[name]


def test_what_the_page_for_dashboards_lists_is_answered(api: Api) -> None:
    """The addresses of its table of questions."""
    page = (ROOT / "docs/dashboards.md").read_text()
    table = page.partition("| question |")[2].partition("\n\n")[0]
    addresses = re.findall(r"`(/api/[^`{]+)`", table)
    assert len(addresses) >= 10
    assert {address: api.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)
