"""What a batch leaves for those who follow the sums: a document for each partition."""

from datetime import UTC, datetime
from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from consumer.batches.increments import Increments
from consumer.events.event import Event, Rated, Sold
from consumer.storage.statements.recent_sums import recent_document, recent_fields
from shared.columns import unpacked
from shared.documents import SUMS, recent_sums_id

AT = datetime(2026, 11, 30, 9, 58, 49, tzinfo=UTC)
MINUTE = 29_933_878

SALES = st.builds(
    lambda product, time, units, amount: Sold(product, time, "name", units, amount, None),
    st.integers(0, 3) | st.integers(0, 2**63 - 1),
    st.integers(0, 2**42),
    st.integers(0, 2**31 - 1),
    st.integers(0, 10**24 - 1),
)
RATINGS = st.builds(
    lambda product, time, rating: Rated(product, time, "name", rating, "category", None),
    st.integers(0, 3),
    st.integers(0, 2**42),
    st.integers(0, 500),
)


def document_of(events: list[Event]) -> dict[str, Any]:
    increments = Increments()
    for offset, event in enumerate(events, 7):
        increments.add(event, offset, b"")
    return bson.decode(recent_document(2, 1, 7, recent_fields(increments, 7 + len(events), AT)))


def rows_of(document: dict[str, Any]) -> list[tuple[int, ...]]:
    """Product, minute, and the five sums of each row."""
    columns = [unpacked(document.get(name, b""), document["rows"]) for name in ("product", "minute", *SUMS)]
    return [
        (product, document["first_minute"] + minute, *sums) for product, minute, *sums in zip(*columns, strict=True)
    ]


@given(st.lists(SALES | RATINGS, max_size=12))
def test_the_rows_are_what_the_events_add_by_product_and_minute(events: list[Event]) -> None:
    expected: dict[tuple[int, int], list[int]] = {}
    for event in events:
        row = expected.setdefault((event.product, event.time_ms // 60_000), [0] * 5)
        added = (event.amount, event.units, 1, 0, 0) if isinstance(event, Sold) else (0, 0, 0, 1, event.rating)
        row[:] = [before + more for before, more in zip(row, added, strict=True)]
    document = document_of(events)
    assert (document["_id"], document["to"]) == (recent_sums_id(2, 1, 7), 7 + len(events))
    rows = rows_of(document) if events else []
    assert rows == sorted((*key, *sums) for key, sums in expected.items())


def test_a_batch_that_adds_nothing_has_a_document_all_the_same() -> None:
    assert document_of([]) == {"_id": recent_sums_id(2, 1, 7), "to": 7, "at": AT.replace(tzinfo=None), "rows": 0}


def test_columns_of_zeros_are_left_out() -> None:
    document = document_of([Sold(3, MINUTE * 60_000, "name", 10, 1_000_500_000, None)])
    assert document["product"] == b"\x03"
    assert {"minute", "ratings", "rating_sum"}.isdisjoint(document)
