"""Series, products and distributions against a slow model: every zone, some days sealed, now at every border."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import cycle, pairwise

from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.products.distribution import Distribution, DistributionReader
from api.reads.products.newest import names
from api.reads.products.product import ProductReader
from api.reads.spans.calendar import Step
from api.reads.spans.reader import SpanReader
from api.reads.spans.series import BUCKETS, Course, Point, SeriesReader
from api.reads.spans.windows import Window
from api.reads.spans.zones import zone, zone_names
from shared.documents import SUMS
from tests.integration.api.conftest import NOON
from tests.integration.api.reads.test_spans_model import PARTITIONS, PRODUCTS, SEALED, as_expected, connected, stored
from tests.support.api.running import ManualClock
from tests.support.documents.dashboard_model import DAY, bins, expected, rounded, window_begin
from tests.support.documents.given_events import Documents, GivenEvent, GivenRating, GivenSale, name_of

__all__ = ["connected"]

_AGES = st.integers(-299_000, 62 * DAY * 1000) | st.integers(0, 3_700_000) | st.integers(0, 2 * DAY * 1000)
_PRODUCT = st.sampled_from(PRODUCTS)
_PARTITION = st.sampled_from(PARTITIONS)
_NAMES = st.sampled_from([None, "Chair", "Stuhl", "Silla"])
_RATINGS = st.decimals(0, 5, places=2).map(str) | st.sampled_from(["0", "0.49", "0.5", "4.49", "4.5", "5"])
_EVENTS = st.builds(
    GivenSale, _PRODUCT, _AGES, st.decimals(0, 10**18 - 1, places=6).map(str), _PARTITION, st.integers(0, 9), _NAMES
) | st.builds(GivenRating, _PRODUCT, _AGES, _RATINGS, _PARTITION, _NAMES, st.sampled_from(["Software", "Furniture"]))
"""Events whose times are ages: how many milliseconds before now."""

# Clocks are set in March, April, September, October and November, in one zone or the other; the offsets of Kolkata and
# Kathmandu are not whole hours, those of Lord Howe change by half an hour.
_ODD_ZONES = ("Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Kolkata", "Europe/Berlin", "America/St_Johns")
_ZONES = (st.sampled_from(_ODD_ZONES) | st.sampled_from(sorted(zone_names()))).map(zone)
_NOWS = st.builds(
    lambda day, second: int(day.timestamp() + second) * 1000 + 500,
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0)
    ),
    st.integers(0, 23).map(lambda hour: hour * 3_600) | st.integers(0, DAY - 1),
)
_COURSES = st.builds(
    lambda pair, of, compare: Course(pair[0], pair[1], of, compare),
    st.sampled_from(sorted(BUCKETS)),
    _ZONES,
    st.booleans(),
)
_EDGES = st.lists(
    st.tuples(st.sampled_from([1, 60_000, 900_000, 3_600_000, DAY * 1000]), st.sampled_from([-1, 0, 1])),
    min_size=12,
    max_size=12,
)
"""For each event, to which border its time is moved (of a minute, a quarter hour, an hour or a day of UTC, at which all
buckets of all zones begin), and to which side of it, in milliseconds."""


@cache
def shifts(name: str, year: int) -> list[int]:
    """The seconds since 1970 at which a zone's clocks are set in a year: they are full quarter hours."""
    begin, end = (int(datetime(at, 1, 1, tzinfo=UTC).timestamp()) for at in (year, year + 1))
    quarters = range(begin, end, 900)
    offsets = [datetime.fromtimestamp(quarter, zone(name)).utcoffset() for quarter in quarters]
    return [
        quarter for quarter, (before, after) in zip(quarters[1:], pairwise(offsets), strict=True) if before != after
    ]


@st.composite
def _courses_and_nows(draw: st.DrawFn) -> tuple[list[Course], int]:
    """Courses, and a moment in milliseconds: any, or around a shift of the clocks of the first course's zone."""
    courses = draw(st.lists(_COURSES, min_size=1, max_size=4, unique=True))
    near = shifts(courses[0].zone.key, draw(st.sampled_from([2026, 2027])))
    if not near or draw(st.booleans()):
        return courses, draw(_NOWS)
    after = st.sampled_from([-1, 0, 1, 1_799, 1_800, 3_599, 3_600, 7_200, DAY - 1, DAY]) | st.integers(0, 8 * DAY)
    return courses, (draw(st.sampled_from(near)) + draw(after)) * 1000 + draw(st.sampled_from([0, 999]))


def _at_edges(events: Sequence[GivenEvent], now_ms: int, edges: Sequence[tuple[int, int]]) -> list[GivenEvent]:
    """The events with ages by which they happen at these borders."""
    moved = []
    for event, (unit, side) in zip(events, cycle(edges), strict=False):
        time_ms = now_ms - event.time_ms
        moved.append(replace(event, time_ms=now_ms - (time_ms - time_ms % unit + side)))
    return moved


_examples = examples(
    max_examples=30,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_examples
@given(
    courses_and_now=_courses_and_nows(),
    events=st.lists(_EVENTS, min_size=1, max_size=12),
    edges=_EDGES,
    sealed=SEALED,
    late=st.integers(0, 2),
)
def test_series_equal_the_model(
    connected: tuple[asyncio.Runner, MongoReader],
    database: Documents,
    courses_and_now: tuple[list[Course], int],
    events: list[GivenEvent],
    edges: list[tuple[int, int]],
    sealed: int,
    late: int,
) -> None:
    courses, now_ms = courses_and_now
    given = stored(database, _at_edges(events, now_ms, edges), now_ms, sealed, min(late, len(events)))
    runner, mongo = connected
    reader = SeriesReader(mongo, Freshness(mongo), ManualClock(now_ms), SpanReader(), SUMS)
    found = runner.run(reader.of_products([(product, course) for product in PRODUCTS for course in courses]))
    of_all = runner.run(reader.of_all(courses))
    known = {event.product for event in given}
    for course in courses:
        _check_points(given, course, of_all[course].previous, of_all[course].points, of_all[course].end, None)
        assert of_all[course].points[-1].begin <= now_ms // 1000 < of_all[course].end
        for product in PRODUCTS:
            series = found[product, course]
            assert (series is not None) == (product in known)
            if series is not None:
                _check_points(given, course, series.previous, series.points, series.end, product)


def _check_points(
    events: Sequence[GivenEvent],
    course: Course,
    previous: Sequence[Point] | None,
    points: Sequence[Point],
    end: int,
    product: int | None,
) -> None:
    """Every bucket has the sums of its events. That the borders are right is test_calendar's business."""
    count = BUCKETS[course.window, course.step]
    assert (len(points), len(previous or ())) == (count, count if course.compare else 0)
    every = [*(previous or ()), *points]
    borders = [*(point.begin for point in every), end]
    usual = {Step.DAY: 90_000}.get(course.step, course.step.seconds)
    for point, (begin, stop) in zip(every, pairwise(borders), strict=True):
        assert begin < stop <= begin + usual
        assert as_expected(point.sums) == expected(events, begin, stop, product)


def _newest(events: Sequence[GivenEvent], product: int) -> GivenEvent:
    """The newest event. Of events of one time it is that of the highest partition, then the one stored last."""
    numbered = enumerate(events)
    return events[max((one.time_ms, one.partition, number) for number, one in numbered if one.product == product)[2]]


@_examples
@given(
    now_ms=_NOWS,
    events=st.lists(_EVENTS, min_size=1, max_size=14),
    sealed=SEALED,
    equal=st.booleans(),
    late=st.integers(0, 2),
    in_no_bin=st.sampled_from([0, 0, 0, 1, 5]),
)
# The newest sale has the name that its partition knows, so `latest` there is older than that of the other partition.
@example(
    NOON,
    [
        GivenSale(3, 10_800_000, "1", 0, 1, "Chair"),
        GivenSale(3, 7_200_000, "1", 1, 1, "Stuhl"),
        GivenSale(3, 3_600_000, "1", 0, 1, "Chair"),
    ],
    0,
    False,
    0,
    0,
)
def test_products_and_distributions_equal_the_model(
    connected: tuple[asyncio.Runner, MongoReader],
    database: Documents,
    now_ms: int,
    events: list[GivenEvent],
    sealed: int,
    equal: bool,
    late: int,
    in_no_bin: int,
) -> None:
    if equal:  # all at one time
        events = [replace(event, time_ms=events[0].time_ms) for event in events]
    given = stored(database, events, now_ms, sealed, min(late, len(events)), in_no_bin)
    runner, mongo = connected
    parts = mongo, Freshness(mongo), ManualClock(now_ms), SpanReader()
    products = runner.run(ProductReader(*parts).of_products(PRODUCTS))
    named = runner.run(names(mongo, PRODUCTS))
    distributions = runner.run(DistributionReader(*parts[:3]).of_products(PRODUCTS))
    windowed = runner.run(
        DistributionReader(*parts[:3]).of_windows([(product, window) for product in PRODUCTS for window in Window])
    )
    known = {event.product for event in given}
    assert named.keys() == known
    for product in PRODUCTS:
        found, of_all_time = products[product], distributions[product]
        assert ((found is not None), (of_all_time is not None)) == ((product in known),) * 2
        if found is None or of_all_time is None:
            continue
        times = [event.time_ms for event in given if event.product == product]
        assert (found.first_seen, found.last_seen) == (min(times), max(times))
        ratings = [event for event in given if isinstance(event, GivenRating) and event.product == product]
        rated = _newest(ratings, product) if ratings else None
        assert found.named == (name_of(_newest(given, product)), getattr(rated, "category", None))
        assert named[product] == found.named
        hour = expected(given, window_begin("1h", now_ms), product=product)
        assert Decimal(found.last_hour.amount).scaleb(-6) == hour.amount
        assert (found.last_hour.units, found.last_hour.sales) == (hour.units, hour.sales)
        assert (found.average, found.ratings) == _average(ratings)
        assert list(of_all_time.bins) == bins(given, 0, float("inf"), product)
        assert of_all_time.average == found.average
        for window in Window:
            one, begin = windowed[product, window], window_begin(window, now_ms)
            assert isinstance(one, Distribution)
            assert list(one.bins) == bins(given, begin, float("inf"), product)
            assert (one.average, one.ratings) == _average([event for event in ratings if event.time_ms >= begin * 1000])


def _average(ratings: Sequence[GivenRating]) -> tuple[int | None, int]:
    """The average in hundredths, and how many there are."""
    if not ratings:
        return None, 0
    mean = sum((Fraction(event.rating) for event in ratings), Fraction(0)) / len(ratings)
    return int(rounded(mean, 2).scaleb(2)), len(ratings)


def test_every_window_has_a_series() -> None:
    assert {window for window, _ in BUCKETS} == set(Window)
