"""The encoded statements say what a dict says that reads like the data model."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from consumer.batches.increments import Increments
from consumer.events.event import Event, Identity, Rated, Sold
from consumer.storage.statements.event_ids import event_id_document, one_of, replacement
from consumer.storage.statements.products import product_update
from consumer.storage.statements.rollups import rollup_updates
from consumer.storage.statements.totals import total_updates
from shared.decimals import decimal128
from shared.documents import hour_total_id, minute_path, minute_total_id, product_id, rollup_id, second_path

TIMES = st.integers(1_780_000_000_000, 1_780_000_000_000 + 3 * 3_600_000) | st.just(59_999)
PRODUCTS = st.integers(1, 2) | st.just(2**31) | st.just(2**63 - 1)
KEYS = {"A": "a", "Möbel": "mo\u0308bel", "x" * 256: "x" * 256}
NAMES = st.sampled_from(list(KEYS))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Sold, PRODUCTS, TIMES, NAMES, st.integers(0, 2**31 - 1), st.integers(0, 10**24 - 1), st.none()),
    st.builds(Rated, PRODUCTS, TIMES, NAMES, st.integers(0, 500), NAMES, st.none()),
)
PARTITIONS = st.sampled_from([0, 3, -1])


def increments_of(events: list[Event]) -> Increments:
    increments = Increments()
    for offset, event in enumerate(events):
        increments.add(event, offset, b"")
    return increments


def sums(prefix: str, events: list[Event], bins: bool = False) -> dict[str, Any]:
    """What `$inc` adds under `prefix` for these events, of a product with the ratings by bin."""
    sold = [event for event in events if isinstance(event, Sold)]
    rated = [event for event in events if isinstance(event, Rated)]
    fields: dict[str, Any] = {}
    if sold:
        fields |= {"amount": decimal128(sum(event.amount for event in sold), 6), "sales": len(sold)}
        fields |= {"units": Int64(sum(event.units for event in sold))}
    if rated:
        fields |= {"ratings": len(rated), "rating_sum": decimal128(sum(event.rating for event in rated), 2)}
    if bins:
        fields |= Counter(f"r{min(event.rating // 50, 9)}" for event in rated)
    return {prefix + name: number for name, number in fields.items()}


def by(events: list[Event], size: int) -> dict[int, list[Event]]:
    groups: dict[int, list[Event]] = {}
    for event in events:
        groups.setdefault(event.time_ms // size, []).append(event)
    return groups


def hours(events: list[Event], bins: bool) -> dict[int, dict[str, Any]]:
    changes = {hour: sums("", group, bins) for hour, group in by(events, 3_600_000).items()}
    for block, group in by(events, 600_000).items():
        changes[block // 6] |= sums(f"b.{block % 6}.", group, bins)
    for minute, group in by(events, 60_000).items():
        changes[minute // 60] |= sums(f"{minute_path(minute)}.", group, bins)
    return changes


def upsert(identity: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {"q": {"_id": identity}, "u": changes, "upsert": True}


def comparable(statement: object) -> object:
    """With the types of its values, and without an order among the fields of an operator."""
    if isinstance(statement, dict):
        return {name: comparable(inner) for name, inner in statement.items()}
    return type(statement), statement


def same(statements: list[bytes], expected: list[dict[str, Any]]) -> None:
    mine = [comparable(bson.decode(statement)) for statement in statements]
    theirs = [comparable(bson.decode(bson.encode(statement))) for statement in expected]
    assert len(mine) == len(theirs)
    assert all(one in theirs for one in mine)


@given(st.lists(EVENTS, max_size=20), PARTITIONS)
def test_rollups_and_totals_are_the_models(events: list[Event], partition: int) -> None:
    rollups = [
        upsert(rollup_id(product, hour, partition), {"$inc": changes})
        for product in {event.product for event in events}
        for hour, changes in hours([event for event in events if event.product == product], bins=True).items()
    ]
    same(rollup_updates({partition: increments_of(events)}), rollups)
    totals = [
        upsert(hour_total_id(hour, partition), {"$inc": changes}) for hour, changes in hours(events, bins=False).items()
    ]
    for minute, group in by(events, 60_000).items():
        changes: dict[str, Any] = {}
        for second, at_once in by(group, 1_000).items():
            changes |= sums(f"{second_path(second)}.", at_once)
        totals.append(upsert(minute_total_id(minute, partition), {"$inc": changes}))
    same(total_updates({partition: increments_of(events)}), totals)


@given(st.lists(EVENTS, min_size=1, max_size=20), PARTITIONS)
def test_products_are_the_models(events: list[Event], partition: int) -> None:
    for product, added in increments_of(events).products.items():
        mine = [(event.time_ms, offset, event) for offset, event in enumerate(events) if event.product == product]
        rated = [one for one in mine if isinstance(one[2], Rated)]
        newest: dict[str, Any] = {"latest": latest(*max(mine)) | {"key": KEYS[max(mine)[2].name]}}
        changes: dict[str, Any] = {"$max": newest, "$min": {"first_seen": Int64(min(mine)[0])}}
        if rated:
            last = max(rated)
            assert isinstance(last[2], Rated)
            newest["latest_rated"] = latest(*last) | {"category": last[2].category}
            ratings = [event.rating for _, _, event in rated if isinstance(event, Rated)]
            changes["$inc"] = {"ratings": len(ratings), "rating_sum": decimal128(sum(ratings), 2)}
            for bin_ in range(10):
                count = sum(min(rating // 50, 9) == bin_ for rating in ratings)
                changes["$inc"] |= {f"histogram.{bin_}": count} if count else {}
        same(
            [product_update(product, partition, added, added.latest)], [upsert(product_id(product, partition), changes)]
        )


def latest(time_ms: int, offset: int, event: Event) -> dict[str, Any]:
    return {"t": Int64(time_ms), "o": Int64(offset), "name": event.name}


@pytest.mark.parametrize("amount", [0, 1, 2**64, 10**24 - 1])
def test_an_amount_keeps_every_digit(amount: int) -> None:
    (statement,) = rollup_updates({0: increments_of([Sold(1, 0, "A", 1, amount, None)])})
    stored = bson.decode(statement)["u"]["$inc"]["amount"]
    assert isinstance(stored, Decimal128)
    assert int(stored.to_decimal().scaleb(6)) == amount


@given(PRODUCTS, st.text(min_size=1, max_size=128), TIMES, PARTITIONS, st.integers(0, 2**63 - 1), st.integers(1, 9))
def test_an_event_id_is_a_document_and_a_statement_that_replaces_an_old_one(
    product: int, event_id: str, at_ms: int, partition: int, offset: int, generation: int
) -> None:
    event = Sold(product, at_ms, "A", 1, 1, None)
    identity = Identity(event_id, bytes(range(16)))
    document = event_id_document(event, identity, partition, offset, generation, at_ms + 5)
    aware: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
    decoded = bson.decode(document, aware)
    key = {"p": product, "i": event_id}
    assert decoded == {
        "_id": key, "t": at_ms, "k": partition, "o": offset, "g": generation, "fingerprint": bytes(range(16)),
        "at": datetime.fromtimestamp((at_ms + 5) / 1000, UTC),
    }  # fmt: skip
    assert all(isinstance(number, Int64) for number in (decoded["_id"]["p"], decoded["t"], decoded["o"]))
    old = datetime(2026, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    statement = bson.decode(replacement((product, event_id), old, document), aware)
    assert statement == {"q": {"_id": key, "at": old}, "u": decoded, "upsert": True}
    assert bson.decode(one_of([(product, event_id)] * 12)) == {"_id": {"$in": [key] * 12}}
