"""The generated stream: the same arguments give the same bytes, every way to write an event occurs, and the expected
numbers are those that a JSON parser finds in the text."""

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from scripts.publish.generated.generate import ExpectedRating, ExpectedSale, GeneratedMessage, generate
from scripts.publish.generated.invalid_messages import INVALID, REASONS
from scripts.publish.generated.totals import Totals, counted, decimal_text, exact, total

NOW_MS = 1_767_225_600_250
CONTRACT_REASONS = {
    "empty", "too_large", "too_deep", "not_json", "not_object", "unstorable_text", "missing_field",
    "conflicting_event_names", "unknown_event", "bad_name", "bad_product_id", "bad_units", "bad_amount", "bad_rating",
    "bad_category", "bad_occurred_at", "bad_event_id", "from_the_future", "too_old",
}  # fmt: skip


def parsed(message: GeneratedMessage) -> dict[str, Any]:
    assert message.value is not None
    event: dict[str, Any] = json.loads(message.value, parse_float=Decimal)
    return event


def test_the_same_arguments_give_the_same_bytes() -> None:
    first = list(generate(500, products=20, seed=7, invalid=0.1, spread_seconds=60, now_ms=NOW_MS))
    assert first == list(generate(500, products=20, seed=7, invalid=0.1, spread_seconds=60, now_ms=NOW_MS))
    assert first != list(generate(500, products=20, seed=8, invalid=0.1, spread_seconds=60, now_ms=NOW_MS))


def test_a_longer_stream_begins_with_the_shorter_one() -> None:
    assert list(islice(generate(1000, seed=3, invalid=0.2), 100)) == list(generate(100, seed=3, invalid=0.2))


def test_the_expected_numbers_are_those_in_the_text() -> None:
    for message in generate(5000, products=50, seed=1):
        event, expected = parsed(message), message.expected
        names = {event[name] for name in ("event", "event_name") if name in event}
        assert not isinstance(expected, str)
        assert int(event["product_id"]) == expected.product
        assert event["name_of_product"] == f"Product {expected.product}"
        if isinstance(expected, ExpectedSale):
            assert names == {"productSold"}
            assert int(event["no_of_units"]) == expected.units
            assert Decimal(event["amount"]) == Decimal(expected.amount).scaleb(-6)
        else:
            assert names == {"productRated"}
            assert Decimal(event["rating"]) == Decimal(expected.rating).scaleb(-2)
            assert 0 <= expected.rating <= 500
            assert event["category"] == expected.category


def test_every_way_to_write_an_event_occurs() -> None:
    seen: Counter[str] = Counter()
    for message in generate(5000, products=50, seed=1):
        event = parsed(message)
        seen.update(name for name in ("event", "event_name", "warehouse", "currency", "_id") if name in event)
        seen["both"] += {"event", "event_name"} <= event.keys()
        seen.update(
            f"{name} as {type(event[name]).__name__}"
            for name in ("product_id", "no_of_units", "amount", "rating")
            if name in event
        )
        seen.update({ExpectedSale: ["sold"], ExpectedRating: ["rated"]}.get(type(message.expected), []))
    ways = {
        "event", "event_name", "both", "warehouse", "currency", "_id", "sold", "rated", "product_id as int",
        "product_id as str", "no_of_units as int", "no_of_units as str", "amount as int", "amount as Decimal",
        "amount as str", "rating as int", "rating as Decimal", "rating as str",
    }  # fmt: skip
    assert ways <= seen.keys()


def test_messages_carry_the_product_id_as_key_unless_told_not_to() -> None:
    for message in generate(200, products=5, seed=2):
        assert isinstance(message.expected, (ExpectedSale, ExpectedRating))
        assert message.key == str(message.expected.product).encode()
    assert {message.key for message in generate(200, products=5, seed=2, keyed=False)} == {None}


def test_products_are_one_to_so_many() -> None:
    assert {message.key for message in generate(500, products=5, seed=2)} == {b"1", b"2", b"3", b"4", b"5"}


def test_spread_gives_times_within_it_that_the_text_repeats() -> None:
    times = []
    for message in generate(500, seed=4, spread_seconds=3600, now_ms=NOW_MS):
        assert isinstance(message.expected, (ExpectedSale, ExpectedRating))
        at_ms = message.expected.at_ms
        assert at_ms is not None
        written = datetime.fromisoformat(parsed(message)["occurred_at"])
        assert (written - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) / timedelta(milliseconds=1) == at_ms
        times.append(at_ms)
    assert NOW_MS - 3_600_000 < min(times) < NOW_MS - 3_000_000
    assert NOW_MS - 600_000 < max(times) <= NOW_MS
    assert all("occurred_at" not in parsed(message) for message in generate(100, seed=4))


def test_rejections_are_the_contract_s_reasons() -> None:
    assert set(REASONS) == CONTRACT_REASONS


def test_invalid_messages_walk_through_every_reason_and_variant() -> None:
    everything = len(REASONS) * max(len(makers) for makers in INVALID.values())
    rejected = [m for m in generate(everything, seed=5, invalid=1.0) if isinstance(m.expected, str)]
    assert len(rejected) == everything
    assert Counter(m.expected for m in rejected) == dict.fromkeys(REASONS, everything // len(REASONS))
    values = {(m.expected, None if m.value is None else m.value.replace(m.key or b"", b"")) for m in rejected}
    assert len(values) >= sum(len(makers) for makers in INVALID.values()) - 1


def test_the_share_of_invalid_messages_is_as_asked() -> None:
    rejected = sum(isinstance(message.expected, str) for message in generate(20_000, seed=6, invalid=0.05))
    assert 850 <= rejected <= 1150
    assert all(not isinstance(message.expected, str) for message in generate(1000, seed=6))


def test_too_large_begins_one_byte_beyond_the_limit() -> None:
    assert min(len(make(1) or b"") for make in INVALID["too_large"]) == 65_537


def test_nothing_else_is_too_large() -> None:
    sizes = {reason: max(len(make(10**6) or b"") for make in makers) for reason, makers in INVALID.items()}
    assert {reason for reason, size in sizes.items() if size > 65_536} == {"too_large"}


def test_totals_equal_sums_over_the_text() -> None:
    messages = list(generate(3000, products=7, seed=9, invalid=0.1))
    totals = total(messages)
    accepted = [parsed(message) for message in messages if not isinstance(message.expected, str)]
    for number in range(1, 8):
        events = [event for event in accepted if int(event["product_id"]) == number]
        product = totals.products[number]
        amounts = [Decimal(event["amount"]) for event in events if "amount" in event]
        ratings = [Decimal(event["rating"]) for event in events if "rating" in event]
        assert (product.sales, product.ratings) == (len(amounts), len(ratings))
        assert exact(product.amount, 6) == sum(amounts)
        assert exact(product.rating_sum, 2) == sum(ratings)
        assert product.units == sum(int(event["no_of_units"]) for event in events if "no_of_units" in event)
    assert totals.accepted == len(accepted)
    assert totals.rejected.total() == 3000 - len(accepted)


def test_counting_on_the_way_equals_counting_at_the_end() -> None:
    totals = Totals()
    passed = list(counted(generate(300, seed=1, invalid=0.3), totals))
    assert passed == list(generate(300, seed=1, invalid=0.3))
    assert totals.as_json() == total(passed).as_json()


def test_totals_as_json_are_plain_text() -> None:
    totals = Totals()
    for expected in (
        ExpectedSale(3, 20, 2000 * 10**6, None),
        ExpectedSale(3, 10, 1000 * 10**6, None),
        ExpectedRating(1, 450, "Software", None),
    ):
        totals.add(expected)
    totals.add("empty")
    assert totals.as_json() == {
        "accepted": 3,
        "rejected": {"empty": 1},
        "amount": "3000",
        "products": {
            "1": {"sales": 0, "units": 0, "amount": "0", "ratings": 1, "rating_sum": "4.5"},
            "3": {"sales": 2, "units": 30, "amount": "3000", "ratings": 0, "rating_sum": "0"},
        },
    }


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (0, "0"),
        (1, "0.000001"),
        (3000 * 10**6, "3000"),
        (10**40, "1" + "0" * 34),
        (10**40 + 1, "1" + "0" * 34 + ".000001"),
    ],
)
def test_sums_of_any_size_are_exact(units: int, text: str) -> None:
    assert decimal_text(exact(units, 6)) == text
