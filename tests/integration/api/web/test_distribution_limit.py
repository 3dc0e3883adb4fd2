"""A distribution of a window with ratings that an older consumer counted in no bin: exact, or refused, never wrong."""

from api.reads.products.distribution import MAX_EVENTS
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store
from tests.support.documents.sealed_days import seal

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DISTRIBUTION = "/api/product/rating/3/distribution"


def test_ratings_in_no_bin_are_counted_from_few_raw_events_and_refused_among_many(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON - 2 * HOUR, "1"), GivenRating(3, NOON - 2 * HOUR, "2")], in_bins=False)
    store(api.database, [GivenRating(3, NOON - MINUTE, "4.5")])
    _sell(api, MAX_EVENTS - 3)
    assert _bins(api, "24h") == {2: 1, 4.5: 1}
    _sell(api, 1)
    response = api.get(f"{DISTRIBUTION}?window=24h")
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    problem = response.json()
    assert problem["type"].endswith(":ratings-not-in-bins")
    assert problem["detail"] == (
        "Of the ratings in this window 1 were stored by an older version, which did not count them by half points. "
        "Ask for a shorter window, or for all time"
    )
    # What it advises works: that rating is two hours old, and all ratings are counted in `products`.
    assert _bins(api, "1h") == {4.5: 1}
    assert _bins(api, None) == {2: 1, 4.5: 1}


def test_a_window_begins_at_its_second(api: Api) -> None:
    ratings = {"1": 58_999, "2": 42_000, "3": 41_999, "4": 0}
    store(api.database, [GivenRating(3, NOON - HOUR + into, rating) for rating, into in ratings.items()])
    for begin, left in ((0, [1, 2, 3, 4]), (41_000, [1, 2, 3]), (42_000, [1, 2]), (43_000, [1]), (59_000, [])):
        api.clock.now_ms = NOON + begin
        assert _bins(api, "1h") == dict.fromkeys(left, 1)


def test_a_window_of_many_events_is_answered_from_bins(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON - 2 * HOUR, "1"), GivenRating(3, NOON - 2 * HOUR, "2")])
    _sell(api, 10 * MAX_EVENTS)
    for window in ("24h", "7d", "30d"):
        assert _bins(api, window) == {2: 1}


def test_ratings_in_no_bin_whose_raw_events_are_gone_are_refused(api: Api) -> None:
    store(api.database, [GivenRating(3, NOON - 20 * DAY, "2")], in_bins=False)
    store(api.database, [GivenRating(3, NOON - HOUR, "5")])
    seal(api.database, NOON // DAY - 20)
    assert _bins(api, "30d") == {2: 1, 4.5: 1}
    for name in sorted(api.database.list_collection_names(filter={"name": {"$regex": "^events_"}}))[:1]:
        api.database.drop_collection(name)
    assert api.get(f"{DISTRIBUTION}?window=30d").status_code == 422
    assert _bins(api, "7d") == {4.5: 1}


def _bins(api: Api, window: str | None) -> dict[float, int]:
    """The bins that have ratings, by the least rating of each."""
    body = api.get(DISTRIBUTION if window is None else f"{DISTRIBUTION}?window={window}").json()
    found = {bin_["from"]: bin_["ratings"] for bin_ in body["bins"] if bin_["ratings"]}
    assert sum(found.values()) == body["ratings"]
    return found


def _sell(api: Api, sales: int) -> None:
    """Add so many sales to the sums of product 3 two hours ago, where the limit is read; their raw events are left out,
    since only ratings are counted from those."""
    begin, minute = NOON - 2 * HOUR, (NOON - 2 * HOUR) // MINUTE % 60
    paths = ("sales", f"b.{minute // 10}.sales", f"b.{minute // 10}.m.{minute}.sales")
    api.database["rollups"].update_one(
        {"_id": {"p": 3, "h": begin // HOUR, "k": 0}}, {"$inc": dict.fromkeys(paths, sales)}
    )
