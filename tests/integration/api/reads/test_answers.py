"""The bodies and headers that the three routes answer with."""

from datetime import UTC, datetime

import pytest

from stack.waiting import wait_until
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store, store_partitions

MINUTE, HOUR = 60_000, 3_600_000


def test_the_two_examples(api: Api) -> None:
    store(
        api.database,
        [GivenRating(1, NOON, "4"), GivenRating(1, NOON, "5"), GivenSale(3, NOON, "2000"), GivenSale(3, NOON, "1000")],
    )
    assert api.get("/api/product/sale/3").text == '{"total": 3000}'
    assert api.get("/api/product/sale").text == '{"total": 3000}'
    assert api.get("/api/product/rating/1").text == '{"average_rating": 4.5}'


@pytest.mark.parametrize(
    ("amounts", "body"),
    [
        (["0"], '{"total": 0}'),
        (["0.000001"], '{"total": 0.000001}'),
        (["0.1", "0.2"], '{"total": 0.3}'),
        (["100000"], '{"total": 100000}'),
        (["90071992547409931.07"], '{"total": 90071992547409931.07}'),
        (["999999999999999999.999999"] * 3, '{"total": 2999999999999999999.999997}'),
    ],
)
def test_totals_keep_every_digit(api: Api, amounts: list[str], body: str) -> None:
    store(api.database, [GivenSale(7, NOON - MINUTE, amount, partition) for partition, amount in enumerate(amounts)])
    assert api.get("/api/product/sale/7").text == body
    assert api.get("/api/product/sale").text == body


@pytest.mark.parametrize(
    ("ratings", "body"),
    [
        (["0"], '{"average_rating": 0}'),
        (["5"], '{"average_rating": 5}'),
        (["4.12", "4.13"], '{"average_rating": 4.12}'),
        (["4.13", "4.14"], '{"average_rating": 4.14}'),
        (["1", "1", "2"], '{"average_rating": 1.33}'),
        (["1", "2", "2"], '{"average_rating": 1.67}'),
        (["0.01", "0"], '{"average_rating": 0}'),
    ],
)
def test_averages_are_rounded_half_even(api: Api, ratings: list[str], body: str) -> None:
    store(
        api.database, [GivenRating(7, NOON - 500 * HOUR, rating, partition) for partition, rating in enumerate(ratings)]
    )
    assert api.get("/api/product/rating/7").text == body


def test_a_known_product_without_sales_or_ratings(api: Api) -> None:
    store(api.database, [GivenRating(1, NOON, "4"), GivenSale(2, NOON - 30 * HOUR, "5")])
    assert api.get("/api/product/sale/1").text == '{"total": 0}'
    assert api.get("/api/product/sale/2").text == '{"total": 0}'
    assert api.get("/api/product/rating/2").text == '{"average_rating": null}'


def test_a_product_known_from_a_replayed_event_alone(api: Api) -> None:
    store(api.database, [GivenSale(4, NOON, "5", partition=-1)])
    assert api.get("/api/product/sale/4").text == '{"total": 5}'
    assert api.get("/api/product/rating/4").text == '{"average_rating": null}'


def test_an_empty_database(api: Api) -> None:
    assert api.get("/api/product/sale").text == '{"total": 0}'
    assert api.get("/api/product/sale/5").status_code == 404
    assert api.get("/api/product/rating/5").status_code == 404


def test_a_product_becomes_known(api: Api) -> None:
    assert api.get("/api/product/sale/5").status_code == 404
    store(api.database, [GivenSale(5, NOON, "1")])
    assert api.get("/api/product/sale/5").text == '{"total": 1}'


def test_the_largest_product_id(api: Api) -> None:
    largest = 2**63 - 1
    store(
        api.database,
        [GivenSale(largest, NOON - HOUR + 1, "1"), GivenSale(0, NOON, "2"), GivenRating(largest, NOON, "3")],
    )
    assert api.get(f"/api/product/sale/{largest}").text == '{"total": 1}'
    assert api.get("/api/product/sale/0").text == '{"total": 2}'
    assert api.get(f"/api/product/rating/{largest}").text == '{"average_rating": 3}'


def test_partitions_added_between_requests_count_at_once(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON, "1")])
    store_partitions(api.database, {0: None})
    assert api.get("/api/product/sale/3").text == '{"total": 1}'
    store_partitions(api.database, {40: None})
    store(api.database, [GivenSale(3, NOON, "10", partition=40), GivenSale(3, NOON - HOUR, "100", partition=41)])
    assert api.get("/api/product/sale/3").text == '{"total": 111}'
    assert api.get("/api/product/sale").text == '{"total": 111}'


def test_the_window_moves_with_the_clock(api: Api) -> None:
    store(
        api.database,
        [GivenSale(3, NOON + 250, "1"), GivenSale(3, NOON + 1_000, "10"), GivenSale(3, NOON + 1_999, "100")],
    )
    totals = {}
    for at in (0, HOUR, HOUR + 999, HOUR + 1000, HOUR + 1999, HOUR + 2000, 2 * HOUR):
        api.clock.now_ms = NOON + at
        answers = {api.get("/api/product/sale/3").text, api.get("/api/product/sale").text}
        assert len(answers) == 1
        totals[at] = answers.pop()
    all_of_them, last_two, none = '{"total": 111}', '{"total": 110}', '{"total": 0}'
    assert list(totals.values()) == [all_of_them, all_of_them, all_of_them, last_two, last_two, none, none]


def test_a_late_event_in_the_minute_that_is_being_cut(api: Api) -> None:
    api.clock.now_ms = NOON + 30_000
    edge = NOON - HOUR + 30_000
    store(api.database, [GivenSale(3, edge, "1"), GivenSale(3, edge - 1, "10")])
    assert api.get("/api/product/sale/3").text == '{"total": 1}'
    store(api.database, [GivenSale(3, edge + 5_000, "100"), GivenSale(3, edge - 20_000, "1000", partition=5)])
    assert api.get("/api/product/sale/3").text == '{"total": 101}'


def test_answers_say_how_recent_they_are(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON, "1")])
    assert "Data-As-Of" not in api.get("/api/product/sale/3").headers
    older, newer = datetime(2026, 6, 1, 11, 59, 59, 123_000, UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
    store_partitions(api.database, {0: newer, 1: None})
    assert "Data-As-Of" not in api.get("/api/product/sale/3").headers
    store_partitions(api.database, {1: older})
    wait_until("the time", lambda: "Data-As-Of" in api.get("/api/product/sale/3").headers, 5)
    for path in ("/api/product/sale/3", "/api/product/sale", "/api/product/rating/3"):
        assert api.get(path).headers["Data-As-Of"] == "2026-06-01T11:59:59.123Z"
    # A partition that was added, of which nobody knows what it holds.
    store_partitions(api.database, {2: None})
    wait_until("no time", lambda: "Data-As-Of" not in api.get("/api/product/sale/3").headers, 5)


def test_an_unchanged_answer_is_not_sent_again(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON, "1")])
    first = api.get("/api/product/sale/3")
    tag = first.headers["ETag"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = api.get("/api/product/sale/3", **{"If-None-Match": condition})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    for condition in (tag.strip('"'), f"w/{tag}", f'"{tag}"', '"*"', f'"other", *{tag[:-2]}', "", f'"a,{tag[1:-3]}"'):
        assert api.get("/api/product/sale/3", **{"If-None-Match": condition}).status_code == 200, condition
    several = [("If-None-Match", '"other"'), ("If-None-Match", tag), ("Authorization", f"Bearer {api.token()}")]
    assert api.client.get("/api/product/sale/3", headers=several).status_code == 304
    assert api.client.head("/api/product/sale/3", headers=several).status_code == 304
    store(api.database, [GivenSale(3, NOON, "1")])
    changed = api.get("/api/product/sale/3", **{"If-None-Match": tag})
    assert (changed.status_code, changed.text) == (200, '{"total": 2}')
    assert changed.headers["ETag"] != tag
