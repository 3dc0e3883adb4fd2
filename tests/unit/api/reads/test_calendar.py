"""Buckets of the calendar, against a model that looks at the clocks of a zone minute by minute."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.reads.spans.calendar import Step, borders, local
from api.reads.spans.zones import zone, zone_names

DAY = 86_400
COUNTS = {Step.MINUTE: 60, Step.TEN_MINUTES: 30, Step.HOUR: 30, Step.DAY: 5}


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@cache
def shifts(name: str, year: int) -> list[int]:
    """About when a zone's clocks are set in a year, to the quarter of a day."""
    begin, end = (int(datetime(at, 1, 1, tzinfo=UTC).timestamp()) for at in (year, year + 1))
    times = range(begin, end, DAY // 4)
    offsets = [datetime.fromtimestamp(time, zone(name)).utcoffset() for time in times]
    return [time for time, (before, after) in zip(times, pairwise(offsets), strict=False) if before != after]


@st.composite
def zones_and_times(draw: st.DrawFn) -> tuple[str, int]:
    """Any zone at any time from 1973 on, mostly within days of a shift of its clocks."""
    name, year = draw(st.sampled_from(sorted(zone_names()))), draw(st.integers(1973, 2040))
    near = shifts(name, year) or [int(datetime(year, 6, 1, tzinfo=UTC).timestamp())]
    return name, draw(st.sampled_from(near)) + draw(st.integers(-DAY, 2 * DAY) | st.integers(-200 * DAY, 200 * DAY))


@example(zone_and_time=("Australia/Lord_Howe", 1_775_315_100), step=Step.HOUR)  # five minutes after 02:00 became 01:30
@given(zone_and_time=zones_and_times(), step=st.sampled_from(Step))
def test_borders_are_where_the_clocks_show_another_bucket(zone_and_time: tuple[str, int], step: Step) -> None:
    name, now = zone_and_time
    count = COUNTS[step]
    found = borders(step, zone(name), now, count)
    assert len(found) == count + 1
    assert found[-2] <= now < found[-1]
    changes = _changes(step, zone(name), found[0] - 60, found[-1] + 60)
    assert list(found) == changes, name


def _changes(step: Step, of: ZoneInfo, begin: int, end: int) -> list[int]:
    """The minutes from `begin` to before `end` at which the clocks begin to show another bucket."""
    bucket = _day_shown(of) if step is Step.DAY else _clock_shown(of, step)
    for minute in range(begin // 60 - 2 * 1440, begin // 60):  # what was the latest day that they have shown?
        bucket(minute * 60)
    shown = [(minute * 60, bucket(minute * 60)) for minute in range(begin // 60, -(-end // 60))]
    return [time for (_, before), (time, after) in pairwise(shown) if before != after and time < end]


def _clock_shown(of: ZoneInfo, step: Step) -> Callable[[int], object]:
    def shown(time: int) -> object:
        clock = datetime.fromtimestamp(time, of)
        return clock.date(), clock.hour, clock.minute * 60 // step.seconds, clock.utcoffset()

    return shown


def _day_shown(of: ZoneInfo) -> Callable[[int], object]:
    latest = datetime.min.date()

    def shown(time: int) -> object:
        nonlocal latest
        latest = max(latest, datetime.fromtimestamp(time, of).date())
        return latest

    return shown


@pytest.mark.parametrize(
    ("step", "name", "now", "expected"),
    [
        (
            Step.HOUR,
            "Europe/Berlin",
            "2026-10-25T02:10+01:00",
            ["2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"],
        ),
        (
            Step.HOUR,
            "Europe/Berlin",
            "2026-03-29T03:10+02:00",
            ["2026-03-29T00:00:00+01:00", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"],
        ),
        (
            Step.HOUR,
            "Australia/Lord_Howe",
            "2026-04-05T02:20+10:30",
            ["2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30"],
        ),
        (
            Step.TEN_MINUTES,
            "Asia/Kathmandu",
            "2026-06-01T00:09+05:45",
            ["2026-05-31T23:40:00+05:45", "2026-05-31T23:50:00+05:45", "2026-06-01T00:00:00+05:45"],
        ),
        (
            Step.DAY,
            "Pacific/Apia",
            "2011-12-31T12:00+14:00",
            ["2011-12-28T00:00:00-10:00", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"],
        ),
        (
            Step.DAY,
            "America/Havana",
            "2024-11-04T12:00-05:00",
            ["2024-11-02T00:00:00-04:00", "2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"],
        ),
        (
            Step.DAY,
            "Africa/Cairo",
            "2026-04-24T12:00+03:00",
            ["2026-04-22T00:00:00+02:00", "2026-04-23T00:00:00+02:00", "2026-04-24T01:00:00+03:00"],
        ),
    ],
)
def test_days_and_hours_that_clocks_make_special(step: Step, name: str, now: str, expected: list[str]) -> None:
    found = borders(step, zone(name), second(now), 3)
    assert [local(begin, zone(name)).isoformat() for begin in found[:-1]] == expected


@pytest.mark.parametrize(("at", "hours"), [("2026-03-29T12:00+02:00", 23), ("2026-10-25T12:00+01:00", 25)])
def test_a_day_has_the_hours_that_its_clocks_show(at: str, hours: int) -> None:
    begin, end = borders(Step.DAY, zone("Europe/Berlin"), second(at), 1)
    assert timedelta(seconds=end - begin) == timedelta(hours=hours)


def test_no_zone_sets_its_clocks_inside_a_quarter_hour_any_more() -> None:
    """Sealed days keep quarter hours, so their readers count on it."""
    for name in zone_names():
        for year in (2025, 2026, 2027, 2030, 2036):
            begin = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
            for border in borders(Step.DAY, zone(name), begin, 366):
                assert border % 900 == 0, name
