"""Sums of a batch against a model that reads like their definition, whatever the order and the split."""

from collections import Counter
from random import Random
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from consumer.batches.increments import Increments, ProductIncrements
from consumer.batches.sums import BIN_BITS, IN_ITS_BIN, Sums, added_up
from consumer.events.event import Event, Rated, Sold

TIMES = st.integers(1_780_000_000_000, 1_780_000_200_000)
PRODUCTS = st.integers(1, 3)
NAMES = st.sampled_from("AB")
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Sold, PRODUCTS, TIMES, NAMES, st.integers(0, 9), st.integers(0, 10**24 - 1), st.none()),
    st.builds(Rated, PRODUCTS, TIMES, NAMES, st.integers(0, 500), NAMES, st.none()),
)


StoredEvent: TypeAlias = tuple[int, int, Event]
"""Partition, offset and the event."""


@st.composite
def stored_events(draw: st.DrawFn) -> list[StoredEvent]:
    events = draw(st.lists(EVENTS, max_size=30))
    return [(draw(st.integers(0, 1)), offset, event) for offset, event in enumerate(events)]


def summed(events: list[StoredEvent]) -> dict[int, Increments]:
    increments: dict[int, Increments] = {}
    for partition, offset, event in events:
        increments.setdefault(partition, Increments()).add(event, offset, b"%d" % offset)
    return increments


def products(increments: dict[int, Increments]) -> dict[tuple[int, int], ProductIncrements]:
    return {
        (product, partition): added
        for partition, of_partition in increments.items()
        for product, added in of_partition.products.items()
    }


def sums(increments: dict[int, Increments]) -> Counter[tuple[object, ...]]:
    """Every number of the increments under a key that says what it is."""
    numbers: Counter[tuple[object, ...]] = Counter()
    for (product, partition), added in products(increments).items():
        for minute, part in added.minutes.items():
            for name in Sums.__slots__:
                numbers["minute", product, partition, minute, name] += getattr(part, name)
            for document in part.documents:
                numbers["document", product, partition, minute, document] += 1
        assert (added.sums.bins, added.is_rated) == (added_up(added.minutes.values()).bins, added.sums.ratings > 0)
    for partition, of_partition in increments.items():
        for second, part_of_all in of_partition.seconds.items():
            for name in Sums.__slots__:
                numbers["second", second, partition, name] += getattr(part_of_all, name)
    return numbers


def model(events: list[StoredEvent]) -> Counter[tuple[object, ...]]:
    numbers: Counter[tuple[object, ...]] = Counter()
    for partition, offset, event in events:
        if isinstance(event, Sold):
            parts = {"amount": event.amount, "units": event.units, "sales": 1}
        else:
            parts = {"ratings": 1, "rating_sum": event.rating}
            bin_ = min(9, int(event.rating / 100 * 2))
            numbers["minute", event.product, partition, event.time_ms // 60_000, "bins"] += 2 ** (BIN_BITS * bin_)
        numbers["document", event.product, partition, event.time_ms // 60_000, b"%d" % offset] += 1
        for name, number in parts.items():
            numbers["minute", event.product, partition, event.time_ms // 60_000, name] += number
            numbers["second", event.time_ms // 1_000, partition, name] += number
    return numbers


@given(stored_events())
def test_sums_are_the_models(events: list[StoredEvent]) -> None:
    assert sums(summed(events)) == model(events)


@given(stored_events(), st.randoms(use_true_random=False), st.integers(0, 30))
def test_order_and_split_do_not_matter(events: list[StoredEvent], random: Random, cut: int) -> None:
    shuffled = random.sample(events, len(events))
    assert sums(summed(shuffled)) == sums(summed(events))
    assert sums(summed(shuffled[:cut])) + sums(summed(shuffled[cut:])) == sums(summed(events))
    for key, added in products(summed(events)).items():
        again = products(summed(shuffled))[key]
        assert (again.latest, again.latest_rated, again.first_seen_ms) == (
            added.latest,
            added.latest_rated,
            added.first_seen_ms,
        )


@given(stored_events())
def test_the_newest_is_the_last_by_time_and_offset(events: list[StoredEvent]) -> None:
    for (product, partition), added in products(summed(events)).items():
        mine = [one for one in events if one[2].product == product and one[0] == partition]
        newest = max(mine, key=lambda one: (one[2].time_ms, one[1]))
        assert added.latest == (newest[2].time_ms, newest[1], newest[2].name, "")
        assert added.first_seen_ms == min(event.time_ms for _, _, event in mine)


def test_five_is_in_the_last_bin() -> None:
    bins = [(IN_ITS_BIN[rating].bit_length() - 1) / BIN_BITS for rating in (0, 49, 50, 449, 450, 499, 500)]
    assert bins == [0, 0, 1, 8, 9, 9, 9]
