"""The routes for dashboards, through HTTP: bodies, headers, and what they refuse."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from api.auth.access import RATINGS_READ, SALES_READ
from tests.integration.api.conftest import NOON, empty_database, running_api
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store, store_partitions
from tests.support.servers.interface import MongoServer

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
AS_OF = NOON - 500
SALE = "/api/product/sale"


@pytest.fixture(scope="module")
def api(mongo: MongoServer) -> Iterator[Api]:
    """An API at noon UTC of 1 June 2026, complete up to half a second before. Product 9 does not exist."""
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store_partitions(database, {0: datetime.fromtimestamp(AS_OF / 1000, UTC)})
        store(
            database,
            [
                GivenSale(3, NOON - 5 * MINUTE, "1000.50", units=10, name="Desk"),
                GivenSale(3, NOON - 40 * MINUTE, "2000", units=20, name="Table"),
                GivenSale(3, NOON - 90 * MINUTE, "2500"),
                GivenSale(3, NOON - 3 * DAY, "7", partition=1),
                GivenSale(3, NOON - 20 * DAY, "0.000001", partition=-1),
                GivenSale(4, NOON - 2 * HOUR, "999999999999999999.999999", units=2**31 - 1),
                GivenSale(5, NOON - 40 * DAY, "1"),
                GivenRating(3, NOON - 6 * MINUTE, "4.5", name='Stuhl "é"', category="Möbel"),
                GivenRating(3, NOON - 30 * DAY, "4", partition=1),
            ],
        )
        yield api


def body(api: Api, path: str) -> str:
    response = api.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.text


@pytest.mark.parametrize(
    ("query", "of_product", "of_all", "begin"),
    [
        ("window=15m", "1000.5", "1000.5", "2026-06-01T11:45:00Z"),
        ("window=1h", "3000.5", "3000.5", "2026-06-01T11:00:00Z"),
        ("window=24h", "5500.5", "1000000000000005500.499999", "2026-05-31T12:00:00Z"),
        ("window=7d", "5507.5", "1000000000000005507.499999", "2026-05-25T12:00:00Z"),
        ("window=30d", "5507.500001", "1000000000000005507.5", "2026-05-02T12:00:00Z"),
    ],
)
def test_totals_by_window(api: Api, query: str, of_product: str, of_all: str, begin: str) -> None:
    for path, total in ((f"{SALE}/3", of_product), (SALE, of_all)):
        response = api.get(f"{path}?{query}")
        assert response.text == f'{{"total": {total}}}'
        assert response.headers["data-window"] == f"{begin}/2026-06-01T12:00:00Z"
        assert response.headers["data-as-of"] == "2026-06-01T11:59:59.500Z"
    assert body(api, f"{SALE}/5?{query}") == '{"total": 0}'
    assert api.get(f"{SALE}/9?{query}").status_code == 404


def test_without_a_window_there_is_no_data_window(api: Api) -> None:
    assert "data-window" not in api.get(f"{SALE}/3").headers
    assert body(api, f"{SALE}/3") == body(api, f"{SALE}/3?window=1h")
    assert body(api, SALE) == body(api, f"{SALE}?window=1h")


def test_an_answer_that_the_client_has_is_304_and_says_its_window(api: Api) -> None:
    tag = api.get(f"{SALE}/3?window=7d").headers["etag"]
    response = api.get(f"{SALE}/3?window=7d", **{"If-None-Match": tag})
    assert (response.status_code, response.headers["data-window"][:20]) == (304, "2026-05-25T12:00:00Z")


def test_totals_are_compared_with_the_time_before(api: Api) -> None:
    response = api.get(f"{SALE}/3?compare=previous")
    assert response.text == '{"total": 3000.5, "previous": 2500, "change": 0.2002}'
    # The as-of is in second 11:59:59, so both hours end there.
    assert response.headers["data-window"] == "2026-06-01T10:59:59Z/2026-06-01T11:59:59Z"
    assert body(api, f"{SALE}/3?compare=previous&window=15m") == '{"total": 1000.5, "previous": 0, "change": null}'
    assert body(api, f"{SALE}?compare=previous&window=1h") == (
        '{"total": 3000.5, "previous": 1000000000000002499.999999, "change": -1.0000}'
    )
    # The earlier 30 days begin in a day that may be sealed, so both end with a quarter hour.
    response = api.get(f"{SALE}/5?compare=previous&window=30d")
    assert response.text == '{"total": 0, "previous": 1, "change": -1.0000}'
    assert response.headers["data-window"] == "2026-05-02T11:45:00Z/2026-06-01T11:45:00Z"
    assert api.get(f"{SALE}/9?compare=previous").status_code == 404


def test_several_products_at_once(api: Api) -> None:
    assert body(api, f"{SALE}?ids=4,9,3") == '{"totals": {"4": 0, "9": null, "3": 3000.5}}'
    response = api.get(f"{SALE}?ids=4&window=24h")
    assert response.text == '{"totals": {"4": 999999999999999999.999999}}'
    assert response.headers["data-window"] == "2026-05-31T12:00:00Z/2026-06-01T12:00:00Z"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"{SALE}?ids=1,1", "twice"),
        (f"{SALE}?ids=1&compare=previous", '"previous", which does not go with ids. It must be left out there'),
        (f"{SALE}/3?window=2h", "15m, 1h, 24h, 7d or 30d"),
        (f"{SALE}/3?compare=next", "previous"),
        (f"{SALE}/3?ids=1", "ids"),
        (f"{SALE}/series?window=30d&step=1m", 'step is "1m", which does not go with the window 30d. It must be 1d'),
        (f"{SALE}/series?step=1d", "with the window 24h. It must be 10m or 1h"),
        ("/api/product/top?by=units&min_ratings=5", "does not go with by=units. It must be left out there"),
        (f"{SALE}/series?tz=Mars/Olympus", "tz database"),
        ("/api/product/rating/3/distribution?window=2h", "15m, 1h, 24h, 7d or 30d"),
        ("/api/product/3?window=1h", "No query parameter"),
    ],
)
def test_what_has_no_meaning_is_refused(api: Api, path: str, says: str) -> None:
    response = api.get(path)
    assert response.status_code == 400
    assert says in response.json()["detail"]


def test_what_is_known_of_a_product(api: Api) -> None:
    response = api.get("/api/product/3")
    assert response.content.decode() == (
        '{"id": 3, "name": "Desk", "category": "Möbel", "first_seen": "2026-05-02T12:00:00.000Z", '
        '"last_seen": "2026-06-01T11:55:00.000Z", "total": 3000.5, "units": 30, "sales": 2, '
        '"average_rating": 4.25, "ratings": 2}'
    )
    assert response.headers["data-window"] == "2026-06-01T11:00:00Z/2026-06-01T12:00:00Z"
    assert api.get("/api/product/4").json() | {"first_seen": None, "last_seen": None} == {
        "id": 4,
        "name": "Product 4",
        "category": None,
        "first_seen": None,
        "last_seen": None,
        "total": 0,
        "units": 0,
        "sales": 0,
        "average_rating": None,
        "ratings": 0,
    }
    assert api.get("/api/product/9").status_code == 404


def test_a_series_of_sales(api: Api) -> None:
    found: dict[str, Any] = api.get(f"{SALE}/3/series?window=24h&step=1h&tz=Asia/Kolkata&compare=previous").json()
    assert (found["from"], found["to"]) == ("2026-05-31T18:00:00+05:30", "2026-06-01T18:00:00+05:30")
    assert (found["step"], found["tz"], len(found["points"]), len(found["previous"])) == ("1h", "Asia/Kolkata", 24, 24)
    assert found["points"][-1] == {
        "at": "2026-06-01T17:00:00+05:30",
        "amount": 1000.5,
        "units": 10,
        "sales": 1,
        "partial": True,
    }
    # 11:20 and 10:30 UTC are 16:50 and 16:00 in Kolkata.
    assert (found["points"][-2]["amount"], found["points"][-2]["sales"]) == (4500, 2)
    assert [point["partial"] for point in found["points"][:-1] + found["previous"]] == [False] * 47
    assert found["previous"][0]["at"] == "2026-05-30T18:00:00+05:30"


def test_a_series_over_all_products_has_every_digit(api: Api) -> None:
    found = body(api, f"{SALE}/series?window=24h&step=10m")
    assert found.count('"amount"') == 144
    assert '"amount": 999999999999999999.999999, "units": 2147483647, "sales": 1' in found


def test_a_series_of_ratings(api: Api) -> None:
    found = api.get("/api/product/rating/3/series?window=1h&step=1m").json()
    assert (len(found["points"]), found["tz"]) == (60, "UTC")
    assert found["points"][-7] == {"at": "2026-06-01T11:54:00+00:00", "average": 4.5, "ratings": 1, "partial": False}
    assert found["points"][-1] == {"at": "2026-06-01T12:00:00+00:00", "average": None, "ratings": 0, "partial": True}


def test_a_series_as_csv(api: Api) -> None:
    response = api.get(f"{SALE}/3/series?window=7d&step=1d&tz=Europe/Berlin&format=csv")
    lines = response.text.split("\r\n")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert (lines[0], len(lines)) == ("at,amount,units,sales,partial", 9)
    assert lines[7] == "2026-06-01T00:00:00+02:00,5500.5,31,3,true"


def test_how_ratings_are_distributed(api: Api) -> None:
    found = api.get("/api/product/rating/3/distribution").json()
    assert (found["ratings"], found["average_rating"]) == (2, 4.25)
    assert [one["ratings"] for one in found["bins"]] == [0] * 8 + [1, 1]
    assert (found["bins"][0]["from"], found["bins"][9]) == (0, {"from": 4.5, "to": 5, "ratings": 1})
    response = api.get("/api/product/rating/3/distribution?window=24h")
    assert (response.json()["ratings"], response.json()["average_rating"]) == (1, 4.5)
    assert response.headers["data-window"] == "2026-05-31T12:00:00Z/2026-06-01T12:00:00Z"
    empty = api.get("/api/product/rating/4/distribution").json()
    assert (empty["ratings"], empty["average_rating"]) == (0, None)
    assert api.get("/api/product/rating/9/distribution").status_code == 404
    assert api.get("/api/product/rating/9/distribution?window=1h").status_code == 404


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        (f"{SALE}/3?window=7d", {SALES_READ}),
        (f"{SALE}/3/series", {SALES_READ}),
        (f"{SALE}/series", {SALES_READ}),
        ("/api/product/rating/3/series", {RATINGS_READ}),
        ("/api/product/rating/3/distribution", {RATINGS_READ}),
        ("/api/product/3", {SALES_READ, RATINGS_READ}),
    ],
)
def test_a_route_needs_its_scopes(api: Api, path: str, scopes: set[str]) -> None:
    assert api.get(path, api.token(scopes=sorted(scopes))).status_code == 200
    for scope in scopes:
        others = sorted({SALES_READ, RATINGS_READ} - {scope})
        assert api.get(path, api.token(scopes=others)).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{SALE}/3?window=7d", 200),
        (f"{SALE}/4?window=7d", 403),
        (f"{SALE}?ids=3,5", 200),
        (f"{SALE}?ids=3,4", 403),
        (f"{SALE}?window=7d", 403),
        (f"{SALE}?compare=previous", 403),
        (f"{SALE}/series", 403),
        (f"{SALE}/4/series", 403),
        ("/api/product/4", 403),
        ("/api/product/3", 200),
    ],
)
def test_a_limited_token_reads_its_products_only(api: Api, path: str, status: int) -> None:
    assert api.get(path, api.token(products=[3, 5])).status_code == status
