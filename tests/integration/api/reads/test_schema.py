"""A database that a newer version has migrated: its sums may mean something else, so the API answers 503."""

import time

from shared import schema
from stack.waiting import wait_until
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store

ROUTES = ("/api/product/sale/3", "/api/product/sale", "/api/product/rating/3")


def test_a_newer_schema_is_not_answered_from_and_said(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON, "7"), GivenRating(3, NOON, "4")])
    token, noted = api.token(), api.database["maintenance"]
    noted.insert_one({"_id": "schema", "version": len(schema.MIGRATIONS)})
    assert [api.get(path, token).status_code for path in ROUTES] == [200] * 3
    noted.update_one({"_id": "schema"}, {"$inc": {"version": 1}})
    for path in ROUTES:
        wait_until("a refusal", lambda path=path: api.get(path, token).status_code == 503, 5)  # type: ignore[misc]
        refused = api.get(path, token)
        assert refused.json()["message"] == "The data belong to a newer version of this service than this instance"
    api.clock.now_ms = time.time_ns() // 1_000_000
    wait_until("unreadiness", lambda: "has schema version" in api.client.get("/readyz").text, 5)
    assert api.client.get("/readyz").status_code == 503
    noted.update_one({"_id": "schema"}, {"$inc": {"version": -1}})
    wait_until("readiness", lambda: api.client.get("/readyz").status_code == 200, 5)
    api.clock.now_ms = NOON
    wait_until("answers", lambda: all(api.get(path, token).status_code == 200 for path in ROUTES), 5)
