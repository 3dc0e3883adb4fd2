"""Sales and ratings compared with a slow model: any events are stored in any order, between reads at any time."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.ratings import RatingsReader
from api.reads.sales import SalesReader
from api.web.responses import decimal_text
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS
from shared.mongo import AsyncDatabase, connect_async
from shared.settings import ApiSettings
from tests.integration.api.conftest import NOON
from tests.support.api.running import ManualClock
from tests.support.documents.given_events import (
    Documents,
    GivenEvent,
    GivenRating,
    GivenSale,
    average_rating,
    sales_of_last_hour,
    store,
)

PRODUCTS = (0, 3, 2**40)
HOUR = 3_600_000

# The window starts at the cut, an hour before the read. Most events lie within seconds of the cut, the others anywhere
# around it.
_NEAR_CUT = st.integers(-65_000, 65_000) | st.sampled_from([-1_000, -1, 0, 1, 999, 1_000, 30_000, 59_999, 60_000])
_OFFSETS = st.one_of(_NEAR_CUT, _NEAR_CUT, _NEAR_CUT, st.integers(-HOUR, HOUR + 300_000))
_NOWS = st.builds(
    lambda edge, off: NOON + edge + off,
    st.sampled_from([0, 60_000, 600_000, 12 * HOUR, 13 * HOUR]),
    st.sampled_from([0, -1, 1, 999, 1_000, 17_500, 31_000, 59_999]),
)
_MOVES = st.sampled_from([0, 0, 1, 1_000, 5_000, 30_000, 60_000, HOUR])
_AMOUNTS = st.decimals(0, 10**18 - 1, places=6).map(str) | st.sampled_from(["0", "2.5", "1000"])
_PRODUCT = st.sampled_from(PRODUCTS)
_PARTITION = st.sampled_from([-1, 0, 1, 63])
_EVENTS = st.builds(GivenSale, _PRODUCT, _OFFSETS, _AMOUNTS, _PARTITION) | st.builds(
    GivenRating, _PRODUCT, _OFFSETS, st.decimals(0, 5, places=2).map(str), _PARTITION
)
"""Events whose times are relative to the cut of the step that adds them."""


class Readers:
    """The readers of one instance, with empty caches, by a clock that the test sets."""

    def __init__(self, runner: asyncio.Runner, mongo: MongoReader) -> None:
        self._runner = runner
        self._clock = ManualClock(NOON)
        freshness = Freshness(mongo)
        self._sales = SalesReader(mongo, freshness, self._clock)
        self._ratings = RatingsReader(mongo, freshness)

    def check(self, events: list[GivenEvent], now_ms: int) -> None:
        """Compare every answer at `now_ms` with the model's, to the last digit."""
        self._clock.now_ms = now_ms
        known = {event.product for event in events}
        sales = self._runner.run(self._sales.of_products(PRODUCTS))
        ratings = self._runner.run(self._ratings.of_products(PRODUCTS))
        for product in PRODUCTS:
            sold, rated = sales[product], ratings[product]
            assert ((sold is not None), (rated is not None)) == ((product in known),) * 2
            if sold is not None and rated is not None:
                assert exact(sold.total, AMOUNT_DECIMALS) == sales_of_last_hour(events, now_ms, product)
                average = None if rated.average is None else exact(rated.average, RATING_DECIMALS)
                assert average == average_rating(events, product)
        everything = self._runner.run(self._sales.of_all())
        assert exact(everything.total, AMOUNT_DECIMALS) == sales_of_last_hour(events, now_ms)


def exact(units: int, decimals: int) -> Decimal:
    return Decimal(decimal_text(units, decimals))


@pytest.fixture
def connected(settings: ApiSettings) -> Iterator[tuple[asyncio.Runner, MongoReader]]:
    """An event loop, and a reader whose connection all examples share."""

    async def connect() -> AsyncDatabase:
        return connect_async(settings, "test")

    with asyncio.Runner() as runner:
        database = runner.run(connect())
        yield runner, MongoReader(database)
        runner.run(database.client.close())


@examples(
    max_examples=60,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(start=_NOWS, steps=st.lists(st.tuples(_MOVES, st.lists(_EVENTS, max_size=12)), min_size=1, max_size=4))
def test_answers_equal_the_model(
    connected: tuple[asyncio.Runner, MongoReader],
    database: Documents,
    start: int,
    steps: list[tuple[int, list[GivenEvent]]],
) -> None:
    for name in database.list_collection_names():
        database[name].delete_many({})
    readers = Readers(*connected)
    events: list[GivenEvent] = []
    now_ms = start
    for move, added in steps:
        now_ms += move
        new = [replace(event, time_ms=now_ms - HOUR + event.time_ms) for event in added]
        store(database, new)
        events += new
        readers.check(events, now_ms)
