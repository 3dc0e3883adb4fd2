"""Sends each request of `api.json`, and compares the answer with the exact answer that the file holds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.name_index import index_names
from tests.integration.api.conftest import NOON, empty_database, running_api
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenEvent, GivenRating, GivenSale, ms, store, store_partitions
from tests.support.servers.interface import MongoServer

CONTRACT = json.loads((Path(__file__).parent / "api.json").read_text())


def event(given: dict[str, Any]) -> GivenEvent:
    if given["event"] == "productSold":
        return GivenSale(given["product"], ms(given["at"]), given["amount"], given["partition"])
    return GivenRating(given["product"], ms(given["at"]), given["rating"], given["partition"])


@pytest.fixture(scope="module")
def api(mongo: MongoServer) -> Iterator[Api]:
    """An API whose clock stands at the contract's time, with the contract's events."""
    assert ms(CONTRACT["now"]) == NOON
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store(database, [event(given) for given in CONTRACT["events"]])
        index_names(database)
        caught_up = {int(k): datetime.fromisoformat(at) for k, at in CONTRACT["caught_up_at"].items()}
        store_partitions(database, dict(caught_up))
        yield api


@pytest.fixture(scope="module")
def tokens(api: Api) -> dict[str, str]:
    """The tokens, by the names that the contract gives them."""
    now = datetime.fromtimestamp(NOON / 1000, UTC)
    everything = api.token()
    head, _, signature = everything.rpartition(".")
    api.clock.now_ms -= 10_000
    expired = api.token(expires_at=now)
    api.clock.now_ms += 10_000
    return {
        "everything": everything,
        "expired": expired,
        "forged": f"{head}.{signature[::-1]}",
        "revoked": api.token(revoked_at=now - timedelta(seconds=1)),
        "ratings only": api.token(scopes=["ratings:read"]),
        "product 7 only": api.token(products=[7]),
    }


@pytest.mark.parametrize("case", CONTRACT["cases"], ids=lambda case: case["name"])
def test_answer(api: Api, tokens: dict[str, str], case: dict[str, Any]) -> None:
    request, expected = case["request"], case["response"]
    authorization = {} if request["token"] == "none" else {"Authorization": f"Bearer {tokens[request['token']]}"}
    answer = api.client.request(request["method"], request["path"], headers={**request["headers"], **authorization})
    assert (answer.status_code, answer.text) == (expected["status"], expected["body"])
    assert {name: answer.headers.get(name) for name in expected["headers"]} == expected["headers"]
    # An answer has no other headers than these.
    others = {"Date", "ETag", "X-Request-Id", "Content-Length", "Retry-After"}
    allowed = {name.lower() for name in expected["headers"].keys() | others}
    assert {name.lower() for name in answer.headers} <= allowed


def test_the_same_answer_has_the_same_tag(api: Api, tokens: dict[str, str]) -> None:
    """A tag is made of the body alone, so all instances and later versions give the same tag."""
    assert api.get("/api/product/sale/3", tokens["everything"]).headers["ETag"] == '"d0163128b0abb5b7da722db5"'
