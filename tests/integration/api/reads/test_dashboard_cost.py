"""What an answer for a dashboard costs: how many documents MongoDB examines for it, whatever the history."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.decimal128 import Decimal128

from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import Documents, GivenRating, GivenSale, store, store_partitions

DAY_MS = 86_400_000
TODAY = NOON // DAY_MS
SEALED_TO = TODAY - 3
"""The last day that can be sealed at noon: it ended 60 hours before, and 50 are the least that can be set."""
SUMS = {"amount": Decimal128("1.5"), "units": 1, "sales": 1}

MOST = {
    "/api/product/sale/3": 3,
    "/api/product/sale": 3,
    "/api/product/rating/3": 1,
    # The cut hour, the present one and the next.
    "/api/product/sale/3?window=15m": 3,
    "/api/product/sale/3?window=1h": 3,
    "/api/product/sale/3?window=24h": 26,
    # Hours of the days that are not sealed (two and a half of them), and sealed days.
    "/api/product/sale/3?window=7d": 62 + 5,
    "/api/product/sale/3?window=30d": 62 + 28,
    "/api/product/sale?window=30d": 62 + 28,
    "/api/product/sale/3?window=24h&compare=previous": 50,
    "/api/product/sale/3?window=30d&compare=previous": 62 + 58,
    "/api/product/sale/3/series?window=1h&step=1m": 3,
    "/api/product/sale/3/series?window=24h&step=10m": 26,
    "/api/product/sale/3/series?window=30d&step=1d&tz=Asia/Kathmandu": 62 + 28,
    "/api/product/sale/series?window=30d&step=1d": 62 + 28,
    "/api/product/sale/series?window=30d&step=1d&compare=previous": 62 + 58,
    "/api/product/rating/3/series?window=7d&step=1h": 62 + 6,
    # Its document in `products`, the newest hour, the newest sealed day, the newest event, and the last hour.
    "/api/product/3": 3 + 3 + 3,
    "/api/product/rating/3/distribution": 1,
    # The same documents as of the windows' sums.
    "/api/product/rating/3/distribution?window=15m": 3,
    "/api/product/rating/3/distribution?window=24h": 26,
    "/api/product/rating/3/distribution?window=7d": 62 + 5,
    "/api/product/rating/3/distribution?window=30d": 62 + 28,
}
ELSEWHERE = {"/api/product": "test_search_cost", "/api/product/top": "test_top_loading"}
"""Routes whose cost other files hold."""


def keep(database: Documents, days: range, product: int) -> None:
    """Keep an event an hour on these days: documents of sealed days, or of hours once that is too early."""
    quarters = {str(4 * hour): SUMS for hour in range(24)}
    sealed = [day for day in days if day <= SEALED_TO]
    hours = [hour for day in days if day > SEALED_TO for hour in range(day * 24, day * 24 + 24)]
    hours = [hour for hour in hours if hour * 3_600_000 <= NOON]
    of_hour = {**SUMS, "b": {"0": {**SUMS, "m": {"0": SUMS}}}}
    _insert(
        database, "rollup_days", ({"_id": {"p": product, "d": day, "k": 0}, **SUMS, "q": quarters} for day in sealed)
    )
    _insert(database, "rollups", ({"_id": {"p": product, "h": hour, "k": 0}, **of_hour} for hour in hours))
    if product == 3:
        _insert(database, "total_days", ({"_id": {"d": day, "k": 0}, **SUMS, "q": quarters} for day in sealed))
        _insert(database, "totals", ({"_id": {"h": hour, "k": 0}, **of_hour} for hour in hours))


def _insert(database: Documents, collection: str, documents: Iterable[dict[str, Any]]) -> None:
    if found := list(documents):
        database[collection].insert_many(found)


def examined(api: Api, path: str) -> int:
    """How many documents MongoDB examines for a request, those for the token and the as-of aside."""
    return sum(entry.get("docsExamined", 0) for entry in profiled(api, path))


def profiled(api: Api, path: str) -> list[dict[str, Any]]:
    """MongoDB's own record of each command for a request, those for the token and the as-of aside."""
    database = api.database
    assert api.get(path).status_code == 200  # so that the product is known to exist
    database.command("profile", 2)
    assert api.get(path).status_code == 200
    database.command("profile", 0)
    entries = list(database["system.profile"].find({"op": {"$in": ["command", "query", "getmore"]}}))
    database["system.profile"].drop()
    sums = ("rollups", "totals", "rollup_days", "total_days", "products")
    asked = [entry for entry in entries if entry["ns"].partition(".")[2].startswith((*sums, "events_"))]
    assert asked
    return asked


def plans(api: Api, command: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages by which MongoDB finds documents for a command of the profile, those of `$unionWith` too."""
    named = ("find", "aggregate", "pipeline", "filter", "projection", "sort", "limit", "hint")
    explained = {name: command[name] for name in command if name in named}
    if "aggregate" in explained:
        explained["cursor"] = {}
    return list(_finding(api.database.command("explain", explained, verbosity="queryPlanner")))


def _finding(explained: Any) -> Iterator[dict[str, Any]]:
    if isinstance(explained, dict):
        if str(explained.get("stage", "")).endswith("SCAN"):
            yield explained
        explained = [value for name, value in explained.items() if name != "rejectedPlans"]
    if isinstance(explained, list):
        for each in explained:
            yield from _finding(each)


@pytest.fixture
def filled(api: Api) -> Api:
    store_partitions(api.database, {0: datetime.fromtimestamp(NOON / 1000, UTC)})
    store(api.database, [GivenSale(3, NOON - 60_000, "1"), GivenRating(3, NOON - 60_000, "4")])
    for name in ("rollups", "totals"):
        api.database[name].delete_many({})
    keep(api.database, range(TODAY - 62, TODAY + 1), 3)
    return api


def test_documents_examined_are_few_and_do_not_grow_with_history(filled: Api) -> None:
    before = {path: examined(filled, path) for path in MOST}
    assert {path: count for path, count in before.items() if count > MOST[path]} == {}
    # A profile that left the sealed days of `$unionWith` out would see a few hours only.
    assert before["/api/product/sale/3?window=30d"] >= 27 + 60
    keep(filled.database, range(TODAY - 400, TODAY - 62), 3)
    for other in (1, 2, 4, 5):
        keep(filled.database, range(TODAY - 62, TODAY + 1), other)
    assert {path: examined(filled, path) for path in MOST} == before


def test_each_query_is_ranges_of_an_index(filled: Api) -> None:
    """No query scans a collection, nor an index from its first entry on or to its last."""
    for path in MOST:
        for entry in profiled(filled, path):
            found = plans(filled, entry["command"])
            assert found, (path, entry["command"])
            for stage in found:
                assert stage["stage"] in {"IXSCAN", "CLUSTERED_IXSCAN"}, (path, stage)
                bounds = [bound for of_field in stage.get("indexBounds", {}).values() for bound in of_field]
                # The last two are the ends of all documents, as MongoDB writes them: `{}` and an empty array.
                ends = ("[MinKey", "(MinKey", "[{}, ", "MaxKey]", "MaxKey)", "[])")
                assert [b for b in bounds if b.startswith(ends) or b.endswith(ends)] == [], path


def test_each_route_has_a_cost(filled: Api) -> None:
    routes = {path for path in filled.get("/openapi.json").json()["paths"] if path.startswith("/api/product")}
    held = {path.partition("?")[0].replace("/3", "/{product_id}") for path in MOST} | ELSEWHERE.keys()
    assert routes == held


def test_a_product_in_all_partitions_costs_a_document_for_each(filled: Api) -> None:
    for collection in ("rollups", "rollup_days"):
        of_one = list(filled.database[collection].find({"_id.p": 3}))
        for k in range(1, 12):
            _insert(filled.database, collection, ({**each, "_id": {**each["_id"], "k": k}} for each in of_one))
    for path in ("window=24h", "window=30d", "window=30d&compare=previous"):
        assert examined(filled, f"/api/product/sale/3?{path}") <= 12 * MOST[f"/api/product/sale/3?{path}"]


def test_a_hundred_products_are_one_query_with_as_many_documents(filled: Api) -> None:
    for product in range(100, 200):
        keep(filled.database, range(TODAY, TODAY + 1), product)
    ids = ",".join(map(str, range(100, 200)))
    assert examined(filled, f"/api/product/sale?ids={ids}") <= 100 * 3 + 100


def test_no_query_of_sums_answers_with_more_than_a_row_for_each_hour(filled: Api) -> None:
    """Documents of 7 kB stay in MongoDB: what it answers with is sums, by hour where the points are hours."""
    filled.database.command("profile", 2)
    for path in ("/api/product/sale/3?window=30d", "/api/product/sale/series?window=30d&step=1d"):
        assert filled.get(path).status_code == 200
    filled.database.command("profile", 0)
    asked = {"rollups", "totals"}
    sizes = [
        (entry["nreturned"], entry["responseLength"])
        for entry in filled.database["system.profile"].find({"op": "command"})
        if entry["ns"].partition(".")[2] in asked
    ]
    assert sizes[0][0] <= 4
    assert all(length <= 500 * (rows + 2) for rows, length in sizes)
