"""What a batch writes, given what MongoDB holds: decided without MongoDB."""

from datetime import UTC, datetime
from typing import Any

import bson
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message
from hypothesis import given
from hypothesis import strategies as st

from consumer.batches.batch import Batch, Rules
from consumer.batches.increments import Latest
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.storage.memory import KnownProduct, ProductKey
from consumer.storage.plan import HourKey, Statements, Stored, plan, renamed, uncertain_hours
from consumer.storage.preparation import Prepared, prepare
from tests.support.documents.writing import rated, sold

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOUR, HOUR_MS = NOW_MS // 3_600_000, 3_600_000
EPOCH = 5
KEY: ProductKey = (1, 0, EPOCH)


def batch(*values: bytes, partition: int = 0) -> Batch:
    lease = Lease(partition, EPOCH, generation=1, next_offset=0, read_from=0, topic_id="")
    messages = [
        Message("events", partition, offset, b"", value, timestamp=(TIMESTAMP_CREATE_TIME, NOW_MS))
        for offset, value in enumerate(values)
    ]
    return Batch(Rules("events", 400, copy_rejections=False), [Taken(lease, messages, NOW, 0.0)])


def known(name: str = "name", at_ms: int = NOW_MS - 1, is_newest: bool = True, first_ms: int = 0) -> KnownProduct:
    return KnownProduct(first_ms, Latest(at_ms, 7, name), is_newest)


def identities(documents: list[bytes]) -> list[Any]:
    return [bson.decode(document)["_id"] for document in documents]


def written(prepared: Prepared, stored: Stored) -> dict[str, int]:
    """How many statements of each kind the plan has that depends on what is stored, kinds without any left out."""
    made = plan(prepared, stored)
    counts = {name: len(getattr(made, name)) for name in Statements._fields if name not in ("known", "recent_sums")}
    return {name: count for name, count in counts.items() if count}


def test_a_product_that_is_not_stored_begins_by_inserts() -> None:
    made = plan(prepare(batch(sold(at_ms=NOW_MS))), Stored({}))
    assert identities(made.new_products) == [{"p": 1, "k": 0}]
    assert identities(made.new_rollups) == [{"p": 1, "h": HOUR, "k": 0}]
    assert (made.product_updates, made.rollup_updates) == ([], [])
    assert made.known == {KEY: KnownProduct(NOW_MS, Latest(NOW_MS, 0, "name"), is_newest=True)}


def test_a_sale_of_a_stored_product_changes_its_document_only_by_a_new_name_or_an_earlier_first_time() -> None:
    sale = prepare(batch(sold(at_ms=NOW_MS)))
    usual = {"events": 1, "rollup_updates": 1, "total_updates": 2}
    assert written(sale, Stored({KEY: known()})) == usual
    assert written(sale, Stored({KEY: known("other")})) == usual | {"product_updates": 1}
    assert written(sale, Stored({KEY: known("other", at_ms=NOW_MS + 1)})) == usual
    assert written(sale, Stored({KEY: known(first_ms=NOW_MS + 1)})) == usual | {"product_updates": 1}
    assert written(prepare(batch(rated(at_ms=NOW_MS))), Stored({KEY: known()})) == usual | {"product_updates": 1}


def test_a_newer_stored_event_names_the_product_whatever_the_batch_brings() -> None:
    prepared = prepare(batch(sold("new", NOW_MS)))
    stored = {KEY: known("old", is_newest=False)}
    assert renamed(prepared, stored) == [(KEY, Latest(NOW_MS, 0, "new"))]
    newer = Latest(NOW_MS + 5, 9, "newest")
    made = plan(prepared, Stored(stored, {KEY: newer}))
    (update,) = made.product_updates
    assert bson.decode(update)["u"]["$max"]["latest"] == {"t": newer.time_ms, "o": 9, "name": "newest", "key": "newest"}
    assert made.known[KEY] == KnownProduct(0, newer, is_newest=True)


def test_what_may_be_older_than_a_stored_event_stays_so_until_mongodb_was_asked() -> None:
    """A consumer of an earlier epoch may have stored a newer event by the known name, and not have written it."""
    stored = {KEY: known("old", NOW_MS - 9, is_newest=False)}
    for same_or_late in (sold("old", NOW_MS), sold("another", NOW_MS - 10)):
        made = plan(prepare(batch(same_or_late)), Stored(stored))
        assert made.known[KEY].is_newest is False
    made = plan(prepare(batch(sold("new", NOW_MS))), Stored(stored, {KEY: Latest(NOW_MS, 0, "new")}))
    assert made.known[KEY].is_newest is True


def test_nobody_asks_for_the_newest_event_where_the_name_stays_or_is_certain() -> None:
    assert renamed(prepare(batch(sold("old", NOW_MS))), {KEY: known("old", is_newest=False)}) == []
    assert renamed(prepare(batch(sold("new", NOW_MS))), {KEY: known("old", is_newest=True)}) == []
    assert renamed(prepare(batch(sold("new", NOW_MS - 2))), {KEY: known("old", is_newest=False)}) == []


def test_an_hour_is_inserted_only_where_mongodb_is_known_not_to_hold_it() -> None:
    prepared = prepare(batch(sold(at_ms=NOW_MS), sold(at_ms=NOW_MS - HOUR_MS)))
    stored = {KEY: known()}
    assert list(uncertain_hours(prepared, stored, new_products_have_no_hours=True)) == [(1, HOUR - 1, 0)]
    unasked = plan(prepared, Stored(stored))
    assert (len(unasked.rollup_updates), unasked.new_rollups) == (2, [])
    asked = plan(prepared, Stored(stored, absent_hours=frozenset({(1, HOUR - 1, 0)})))
    assert (len(asked.rollup_updates), identities(asked.new_rollups)) == (1, [{"p": 1, "h": HOUR - 1, "k": 0}])


def test_hours_that_outlived_their_product_are_added_to() -> None:
    prepared = prepare(batch(sold(at_ms=NOW_MS)))
    assert list(uncertain_hours(prepared, {}, new_products_have_no_hours=True)) == []
    assert list(uncertain_hours(prepared, {}, new_products_have_no_hours=False)) == [(1, HOUR, 0)]
    made = plan(prepared, Stored({}, new_products_have_no_hours=False))
    assert (len(made.new_products), len(made.rollup_updates), made.new_rollups) == (1, 1, [])


EVENTS = st.lists(
    st.builds(
        lambda kind, name, ago, product: kind(name, NOW_MS - ago * 600_000, product),
        st.sampled_from([sold, rated]),
        st.sampled_from("AB"),
        st.integers(0, 12),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=12,
)
KNOWN = st.dictionaries(
    st.integers(1, 4).map(lambda product: (product, 0, EPOCH)),
    st.builds(known, st.sampled_from("AB"), st.integers(0, 12).map(lambda ago: NOW_MS - ago * 600_000), st.just(True)),
)
ABSENT: st.SearchStrategy[frozenset[HourKey]] = st.frozensets(
    st.tuples(st.integers(1, 4), st.integers(HOUR - 2, HOUR), st.just(0))
)


@given(EVENTS, KNOWN, KNOWN, ABSENT, st.booleans())
def test_a_plan_is_the_same_whatever_the_process_remembered_when_it_prepared(
    values: list[bytes],
    remembered: dict[ProductKey, KnownProduct],
    stored: dict[ProductKey, KnownProduct],
    absent: frozenset[HourKey],
    trusting: bool,
) -> None:
    made = batch(*values)
    what_is = Stored(stored, {}, absent, trusting)
    assert plan(prepare(made, remembered.get), what_is) == plan(prepare(made), what_is)
