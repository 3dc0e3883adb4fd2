"""The audit's own arithmetic: how it reads BSON, adds up sums and remembers offsets."""

from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from consumer.events import encode
from consumer.events.event import Event, Rated, Sold
from scripts.audit.offsets.seen import PAGE, Seen, SeenOffsets
from scripts.audit.products.product_differences import wrong_fields
from scripts.audit.products.product_sums import EventPosition, ProductSums
from scripts.audit.reading import packed_sums, raw_events
from scripts.audit.reading.raw_events import events_of
from scripts.audit.repair.missing_sums import NotRepaired, with_missing_sums
from scripts.audit.sums.differences import Difference
from scripts.audit.sums.levels import NOT_A_SUM, as_document, of_document
from shared.documents import BIN_FIELDS, replayed_offset, replayed_source

numbers = st.integers(0, 2**63 - 1)
sold = st.builds(
    Sold, numbers, numbers, st.just("p"), st.integers(0, 2**31 - 1), st.integers(0, 10**24 - 1), st.just(None)
)
rated = st.builds(Rated, numbers, numbers, st.just("p"), st.integers(0, 500), st.just("c"), st.just(None))
KEPT = ("_id", "event", "no_of_units", "amount", "rating")


def projected(event: Event, offset: int) -> dict[str, Any]:
    """The fields that MongoDB sends to the audit of an event that the consumer stored."""
    document = encode.as_document(event, 3, offset, 2)
    return {name: value for name, value in document.items() if name in KEPT}


@given(st.lists(st.tuples(sold | rated, numbers), max_size=20), st.booleans())
def test_events_are_read_in_any_layout(events: list[tuple[Event, int]], turned: bool) -> None:
    documents = [projected(event, offset) for event, offset in events]
    if turned:
        documents = [dict(reversed(document.items())) for document in documents]
    problems: list[str] = []
    batch = b"".join(map(bson.encode, documents))
    read = list(events_of(batch, lambda _, problem: problems.append(problem)))
    assert not problems
    for (event, offset), (product, time_ms, partition, at, generation, packed, rating) in zip(
        events, read, strict=True
    ):
        assert (product, time_ms, partition, at, generation) == (event.product, event.time_ms, 3, offset, 2)
        if isinstance(event, Sold):
            assert (packed, rating) == (packed_sums.of_sale(event.amount, event.units), -1)
        else:
            assert (packed, rating) == (packed_sums.of_rating(event.rating), event.rating)


def test_what_the_consumer_stores_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(raw_events, "_decode_any_layout")
    stored = (projected(Sold(1, 2, "p", 3, 4, None), 5), projected(Rated(1, 2, "p", 450, "c", None), 6))
    read = list(events_of(b"".join(map(bson.encode, stored)), lambda _, __: None))
    assert [event[3] for event in read] == [5, 6]


@pytest.mark.parametrize(
    "change",
    [{"amount": 1.5}, {"no_of_units": -1}, {"event": "other"}, {"amount": Decimal128("-1")}, {"_id": {"p": 1}}],
)
def test_a_document_that_is_no_event_is_complained_of(change: dict[str, Any]) -> None:
    document = projected(Sold(1, 2, "p", 3, 4, None), 5) | change
    problems: list[str] = []
    assert list(events_of(bson.encode(document), lambda _, problem: problems.append(problem))) == []
    assert len(problems) == 1


@given(st.lists(sold | rated, max_size=30))
def test_packed_sums_are_the_sums_and_survive_being_stored(events: list[Event]) -> None:
    packed = sum(
        packed_sums.of_sale(event.amount, event.units)
        if isinstance(event, Sold)
        else packed_sums.of_rating(event.rating)
        for event in events
    )
    sales = [event for event in events if isinstance(event, Sold)]
    ratings = [event.rating for event in events if isinstance(event, Rated)]
    assert packed_sums.unpacked(packed) == {
        "amount": sum(sale.amount for sale in sales),
        "units": sum(sale.units for sale in sales),
        "sales": len(sales),
        "ratings": len(ratings),
        "rating_sum": sum(ratings),
        **{f"r{bin_}": sum(min(rating // 50, 9) == bin_ for rating in ratings) for bin_ in range(10)},
    }
    assert packed_sums.unpacked(packed_sums.without_bins(packed)) == packed_sums.unpacked(packed) | dict.fromkeys(
        BIN_FIELDS, 0
    )
    assert packed_sums.of_document(bson.decode(bson.encode(packed_sums.as_fields(packed)))) == packed


@pytest.mark.parametrize("value", [Decimal128("-0.01"), Decimal128("0.0000001"), Decimal128("NaN"), "3", None, True])
def test_what_no_sum_of_events_can_be_is_told_apart(value: object) -> None:
    assert of_document({"_id": {}, "b": {"1": {"amount": value, "sales": 1}}})["b.1"] == NOT_A_SUM


@given(st.sets(st.integers(0, 3 * PAGE), max_size=60), st.integers(0, PAGE), st.booleans())
def test_missing_offsets_are_those_that_were_not_met(met: set[int], first: int, compacted: bool) -> None:
    offsets = SeenOffsets()
    for offset in met:
        assert offsets.note(offset, Seen.EVENT) == Seen.NOTHING
    if compacted:
        offsets.compact()
    end = 3 * PAGE - 100
    runs = list(offsets.missing(first, end))
    assert all(start < stop for start, stop in runs)
    assert sum(stop - start for start, stop in runs) == end - first - len(met & set(range(first, end)))
    assert not any(start <= offset < stop for start, stop in runs for offset in met)
    assert (offsets.first, offsets.last) == (min(met, default=None), max(met, default=None))
    assert all(offsets.note(offset, Seen.REJECTED) == Seen.EVENT for offset in met)
    assert set(offsets.having(Seen.EVENT)) == met


@given(st.integers(0, 2**19 - 1), st.integers(0, 2**44 - 1))
def test_a_replayed_event_leads_back_to_its_letter(partition: int, offset: int) -> None:
    assert replayed_source(replayed_offset(partition, offset)) == (partition, offset)
    assert 0 <= replayed_offset(partition, offset) < 2**63


def test_a_repair_adds_what_was_lacking_to_what_is_held_by_now() -> None:
    first, second = packed_sums.of_sale(100, 1), packed_sums.of_sale(200, 2)
    difference = Difference(
        "rollups", {"p": 1, "h": 2, "k": 0}, {"": first + second, "b.1": second}, {"": first, "b.2": first}
    )
    later = packed_sums.of_sale(5, 5)
    assert with_missing_sums({"": first + later, "b.2": first, "b.3": later}, difference, unchanged=False) == {
        "": first + second + later,
        "b.1": second,
        "b.3": later,
    }
    with pytest.raises(NotRepaired, match="run this again"):
        with_missing_sums({"": first}, difference, unchanged=False)


@pytest.mark.parametrize(
    ("expected", "stored"),
    [
        (packed_sums.of_sale(50, 1), packed_sums.of_sale(40, 2)),
        (
            packed_sums.of_sale(50, 1),
            packed_sums.of_sale(50, 1) + packed_sums.ONE_SALE - (1 << packed_sums.UNITS_SHIFT),
        ),
        (2 * packed_sums.of_rating(100), packed_sums.of_rating(300)),
    ],
    ids=["an amount and sales", "units and sales", "ratings and their sum"],
)
def test_what_one_sum_lacks_does_not_pay_for_what_another_has_too_much(expected: int, stored: int) -> None:
    """The hour was sealed meanwhile, so that nothing is left of which something could be taken."""
    difference = Difference("rollups", {"p": 1, "h": 2, "k": 0}, {"": expected}, {"": stored})
    with pytest.raises(NotRepaired, match="run this again"):
        with_missing_sums({}, difference, unchanged=True)


def test_a_document_that_is_no_sum_and_was_changed_without_an_event_is_left() -> None:
    difference = Difference("rollups", {"p": 1, "h": 2, "k": 0}, {"": 1}, {"": NOT_A_SUM})
    assert with_missing_sums({"": NOT_A_SUM}, difference, unchanged=True) == {"": 1}
    with pytest.raises(NotRepaired, match="run this again"):
        with_missing_sums({}, difference, unchanged=True)


def test_an_amount_without_sales_is_written() -> None:
    """An hour that lacked an amount alone, and was sealed before its repair."""
    assert (
        packed_sums.of_document(packed_sums.as_fields(5 << packed_sums.AMOUNT_SHIFT)) == 5 << packed_sums.AMOUNT_SHIFT
    )
    assert packed_sums.of_document(packed_sums.as_fields(450)) == 450


@pytest.mark.parametrize("whole", [True, False])
def test_a_products_document_that_is_gone_is_told_whatever_days_were_read(whole: bool) -> None:
    only_sold = ProductSums(ratings=0, first_seen_ms=1, newest=EventPosition(1, 0, 1), latest_rated=None)
    assert list(wrong_fields(only_sold, None, whole)) == [("", "a document", "none")]
    assert bool(list(wrong_fields(None, {"_id": {"p": 1, "k": 0}, "first_seen": 1}, whole))) == whole


def test_levels_make_the_document_that_they_are_read_from() -> None:
    levels = {"": packed_sums.of_sale(3, 1), "b.0": packed_sums.of_sale(3, 1), "b.0.m.7": packed_sums.of_sale(3, 1)}
    document = as_document({"p": 1, "h": 2, "k": 0}, levels)
    assert document["b"]["0"]["m"]["7"] == {"amount": Decimal128("0.000003"), "units": Int64(1), "sales": 1}
    assert of_document(document) == levels
