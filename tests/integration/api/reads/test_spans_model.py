"""Sums of windows and comparisons against a slow model: events anywhere, some days sealed, now at every border."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.spans.comparison import Compared, ComparisonReader
from api.reads.spans.reader import Question, SpanReader
from api.reads.spans.window_sums import WindowReader
from api.reads.spans.windows import Window
from api.reads.sums import Sums
from shared.documents import SUMS
from shared.mongo import AsyncDatabase, connect_async
from shared.settings import ApiSettings
from tests.integration.api.conftest import NOON
from tests.support.api.running import ManualClock
from tests.support.documents.dashboard_model import DAY, HOUR, LENGTHS, Expected, change, expected, window_begin
from tests.support.documents.given_events import (
    Documents,
    GivenEvent,
    GivenRating,
    GivenSale,
    store,
    store_partitions,
)
from tests.support.documents.sealed_days import seal

PRODUCTS = (0, 3, 2**40)
PARTITIONS = (-1, 0, 1, 63)
UNSEALED = 51 * HOUR
"""Days that ended so long ago, in seconds, may be sealed: their end and the least of SEAL_AFTER_HOURS."""

# Most events lie within seconds of a border of a window or of a comparison, the others anywhere in 62 days.
_BORDERS = st.sampled_from([0, *LENGTHS.values(), *(2 * length for length in LENGTHS.values())])
_NEAR = st.integers(-65_000, 65_000) | st.sampled_from([-1_000, -1, 0, 1, 999, 1_000, 59_999, 60_000, 3_600_000])
_AGES = st.builds(lambda border, near: border * 1000 + near, _BORDERS, _NEAR) | st.integers(-299_000, 62 * DAY * 1000)
_NOWS = st.builds(
    lambda edge, off: NOON + edge + off,
    st.sampled_from([0, 60_000, 600_000, 12 * 3_600_000, 13 * 3_600_000, 12 * 3_600_000 + 900_000]),
    st.sampled_from([0, -1, 1, 999, 1_000, 17_500, 31_000, 59_999]),
)
_LAGS = st.sampled_from([None, 0, 400, 61_000, 3_599_000, 3_601_000, 90_000_000, -5_000])
_AMOUNTS = st.decimals(0, 10**18 - 1, places=6).map(str) | st.sampled_from(["0", "2.5", "1000"])
_PRODUCT = st.sampled_from(PRODUCTS)
_PARTITION = st.sampled_from(PARTITIONS)
SEALED = st.integers(0, 2**12 - 1)
"""In its lower 8 bits, which days are sealed; in the upper 4, in which partitions they are not."""
ALL_SEALED = 2**8 - 1
_HOUR_MS = HOUR * 1000
_EVENTS = st.builds(GivenSale, _PRODUCT, _AGES, _AMOUNTS, _PARTITION, st.integers(0, 2**31 - 1)) | st.builds(
    GivenRating, _PRODUCT, _AGES, st.decimals(0, 5, places=2).map(str), _PARTITION
)
"""Events whose times are ages: how many milliseconds before now."""


class Readers:
    """The readers of one instance, with empty caches, at `now_ms` with an as-of that lags so many milliseconds."""

    def __init__(self, runner: asyncio.Runner, mongo: MongoReader, now_ms: int) -> None:
        freshness, clock, spans = Freshness(mongo), ManualClock(now_ms), SpanReader()
        self.run = runner.run
        self.now_ms = now_ms
        self.spans = spans
        self.moment: Callable[[], AbstractAsyncContextManager[MongoReader]] = mongo.at_one_moment
        self.windows = WindowReader(mongo, freshness, clock, spans)
        self.compared = ComparisonReader(mongo, freshness, clock, spans)


def as_expected(sums: Sums) -> Expected:
    return Expected(
        Decimal(sums.amount).scaleb(-6), sums.units, sums.sales, sums.ratings, Decimal(sums.rating_sum).scaleb(-2)
    )


@pytest.fixture
def connected(settings: ApiSettings) -> Iterator[tuple[asyncio.Runner, MongoReader]]:
    """An event loop, and a reader whose connection all examples share."""

    async def connect() -> AsyncDatabase:
        return connect_async(settings.model_copy(update={"mongodb_timeout_ms": 20_000}), "test")

    with asyncio.Runner() as runner:
        database = runner.run(connect())
        yield runner, MongoReader(database)
        runner.run(database.client.close())


def stored(
    database: Documents, given: list[GivenEvent], now_ms: int, sealed: int, late: int, in_no_bin: int = 0
) -> list[GivenEvent]:
    """Store events by age, seal every day that is old enough and in the bits of `sealed` (see `SEALED`), then store the
    last `late` events.

    An old consumer stored the first `in_no_bin` of them. Returns the events with their times.
    """
    for name in database.list_collection_names():
        database[name].delete_many({})
    events = [replace(event, time_ms=now_ms - event.time_ms) for event in given]
    first, last = events[: len(events) - late], events[len(events) - late :]
    store(database, first[:in_no_bin], in_bins=False)
    store(database, first[in_no_bin:])
    for day in {event.time_ms // (DAY * 1000) for event in first}:
        if (day + 1) * DAY <= now_ms // 1000 - UNSEALED and sealed >> day % 8 & 1:
            seal(database, day, partitions=[k for bit, k in enumerate(PARTITIONS, 8) if not sealed >> bit & 1])
    store(database, last)
    return events


_given = given(
    now_ms=_NOWS,
    events=st.lists(_EVENTS, min_size=1, max_size=14),
    sealed=SEALED,
    late=st.integers(0, 2),
    lag=_LAGS,
)
_examples = examples(
    max_examples=60,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_examples
@_given
# The second sale is stored after its day was sealed.
@example(NOON, [GivenSale(3, 121 * _HOUR_MS, "2.5"), GivenSale(3, 122 * _HOUR_MS, "1000")], ALL_SEALED, 1, None)
# Two products have sales in the minute in which the windows of an hour begin, in their first second and before it.
@example(
    NOON + 17_500,
    [GivenSale(product, age_ms, "2.5") for product in (0, 3) for age_ms in (3_600_000, 3_600_501, 3_590_000)],
    0,
    0,
    0,
)
def test_windows_and_comparisons_equal_the_model(
    connected: tuple[asyncio.Runner, MongoReader],
    database: Documents,
    now_ms: int,
    events: list[GivenEvent],
    sealed: int,
    late: int,
    lag: int | None,
) -> None:
    given = stored(database, events, now_ms, sealed, min(late, len(events)))
    as_of_ms = None if lag is None else now_ms - lag
    at = None if as_of_ms is None else datetime.fromtimestamp(as_of_ms / 1000, UTC)
    store_partitions(database, {0: at})
    readers = Readers(*connected, now_ms)
    _check_windows(readers, given)
    _check_comparisons(readers, given, as_of_ms)


def _check_windows(readers: Readers, events: list[GivenEvent]) -> None:
    known = {event.product for event in events}
    keys = [(product, window) for product in PRODUCTS for window in Window]
    found = readers.run(readers.windows.of_products(keys))
    of_all = readers.run(readers.windows.of_all(list(Window)))
    for window in Window:
        begin = window_begin(window, readers.now_ms)
        assert of_all[window].span == (begin, readers.now_ms // 1000)
        assert Decimal(of_all[window].total).scaleb(-6) == expected(events, begin).amount
        for product in PRODUCTS:
            one = found[product, window]
            assert (one is not None) == (product in known)
            if one is not None:
                assert Decimal(one.total).scaleb(-6) == expected(events, begin, product=product).amount


def _check_comparisons(readers: Readers, events: list[GivenEvent], as_of_ms: int | None) -> None:
    known = {event.product for event in events}
    keys = [(product, window) for product in PRODUCTS for window in Window]
    of_products = readers.run(readers.compared.of_products(keys))
    found: dict[tuple[int | None, Window], Compared | None] = {
        (product, window): one for (product, window), one in of_products.items()
    }
    of_all = readers.run(readers.compared.of_all(list(Window)))
    found |= {(None, window): one for window, one in of_all.items()}
    now = readers.now_ms // 1000
    for (product, window), one in found.items():
        length = LENGTHS[window]
        assert (one is not None) == (product is None or product in known)
        if one is None:
            continue
        end = now if as_of_ms is None else min(now, as_of_ms // 1000)
        may_be_sealed = (now - 49 * HOUR) // DAY * DAY
        if end - 2 * length < may_be_sealed:
            end = end // 900 * 900
        assert one.span == (end - length, end)
        total = expected(events, end - length, end, product).amount
        assert Decimal(one.total).scaleb(-6) == total
        if as_of_ms is None:
            assert (one.previous, one.change) == (None, None)
            continue
        previous = expected(events, end - 2 * length, end - length, product).amount
        assert one.previous is not None
        assert Decimal(one.previous).scaleb(-6) == previous
        assert (None if one.change is None else Decimal(one.change).scaleb(-4)) == change(total, previous)


@_examples
@given(
    now_ms=_NOWS,
    events=st.lists(_EVENTS, min_size=1, max_size=10),
    sealed=SEALED,
    offsets=st.lists(st.integers(1, 47 * HOUR), min_size=2, max_size=6, unique=True),
    quarters=st.lists(st.integers(4 * 50, 4 * 24 * 61), max_size=40, unique=True),
)
# Of the hour from 10:00 on, only seconds of the last minute are asked for; sales are at the cuts and between them.
@example(
    NOON,
    [GivenSale(3, age * 1000, str(age)) for age in (3_631, 3_630, 3_620, 3_610, 3_605, 3_600, 1)],
    0,
    [3_630, 3_610, 3_600, 1],
    [],
)
# A sealed day is cut at 06:00, with a sale before and a sale after it.
@example(
    NOON,
    [GivenSale(3, 105 * _HOUR_MS, "2.5"), GivenSale(3, 99 * _HOUR_MS, "1000")],
    ALL_SEALED,
    [2, 1],
    [4 * 108, 4 * 102, 4 * 84],
)
def test_any_cuts_equal_the_model(
    connected: tuple[asyncio.Runner, MongoReader],
    database: Documents,
    now_ms: int,
    events: list[GivenEvent],
    sealed: int,
    offsets: list[int],
    quarters: list[int],
) -> None:
    given = stored(database, events, now_ms, sealed, 0)
    readers = Readers(*connected, now_ms)
    now = now_ms // 1000
    cuts = tuple(sorted({now - offset for offset in offsets} | {now // 900 * 900 - 900 * age for age in quarters}))
    question = Question(cuts, SUMS)

    async def ask() -> tuple[dict[int, list[Sums] | None], list[Sums]]:
        async with readers.moment() as moment:
            of_products = await readers.spans.of_products(moment, PRODUCTS, question, now_ms)
            return of_products, await readers.spans.of_all(moment, question, now_ms)

    of_products, of_all = readers.run(ask())
    for bucket, (begin, end) in enumerate(pairwise(cuts)):
        assert as_expected(of_all[bucket]) == expected(given, begin, end)
        for product in PRODUCTS:
            sums = of_products[product]
            if sums is not None:
                assert as_expected(sums[bucket]) == expected(given, begin, end, product)
