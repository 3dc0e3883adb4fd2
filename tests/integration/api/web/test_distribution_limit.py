"""A distribution of a window is refused where its answer would have to count too many raw events."""

from api.reads.products.distribution import MAX_EVENTS
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store

MINUTE, HOUR = 60_000, 3_600_000
DISTRIBUTION = "/api/product/rating/3/distribution"


def test_too_many_events_in_a_window_are_422_with_their_number_and_the_way_out(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON - 2 * HOUR, "1"), GivenRating(3, NOON - MINUTE, "4.5")])
    _sell(api, MAX_EVENTS - 2)
    assert api.get(f"{DISTRIBUTION}?window=24h").json()["ratings"] == 1
    _sell(api, 1)
    response = api.get(f"{DISTRIBUTION}?window=24h")
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    problem = response.json()
    assert problem["type"].endswith(":too-many-events")
    assert problem["detail"] == (
        "The product has 20,001 events in this window, and at most 20,000 are counted for one answer. "
        "Ask for a shorter window, or for all time"
    )
    # What it advises works: those sales are two hours old, and all ratings are counted in `products`.
    assert api.get(f"{DISTRIBUTION}?window=1h").json()["ratings"] == 1
    assert api.get(DISTRIBUTION).json()["ratings"] == 1


def _sell(api: Api, sales: int) -> None:
    """Add so many sales to the sums of product 3 two hours ago, where the limit is read; their raw events are left out,
    since only ratings are counted from those."""
    begin, minute = NOON - 2 * HOUR, (NOON - 2 * HOUR) // MINUTE % 60
    paths = ("sales", f"b.{minute // 10}.sales", f"b.{minute // 10}.m.{minute}.sales")
    api.database["rollups"].update_one(
        {"_id": {"p": 3, "h": begin // HOUR, "k": 0}}, {"$inc": dict.fromkeys(paths, sales)}
    )
