"""Times that are no dates are shown as numbers with their unit; the others as dates, to the right second."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from bson.datetime_ms import DatetimeMS

from scripts.common.times import as_date, clamped, record_time, rfc3339, shown

NOW_MS = 1_796_032_728_954
LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
FIRST_MS = -62_135_596_800_000
"""The first millisecond of the year 1."""


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW_MS, "2026-11-30 09:58:48"),
        (0, "1970-01-01 00:00:00"),
        (-1, "1969-12-31 23:59:59"),
        (NOW_MS // 1000, "1970-01-21 18:53:52"),
        (LAST_MS, "9999-12-31 23:59:59"),
        (LAST_MS + 1, "253402300800000 ms"),
        (FIRST_MS, "0001-01-01 00:00:00"),
        (FIRST_MS - 1, "-62135596800001 ms"),
        (NOW_MS * 1_000, "1796032728954000 ms"),
        (NOW_MS * 1_000_000, "1796032728954000000 ms"),
        (2**63 - 1, "9223372036854775807 ms"),
        (-(2**63), "-9223372036854775808 ms"),
        (DatetimeMS(LAST_MS + 1), "253402300800000 ms"),
        (datetime(2026, 11, 30, 9, 58, 48, tzinfo=UTC), "2026-11-30 09:58:48"),
        ("yesterday", "yesterday"),
        (None, "None"),
    ],
)
def test_a_moment_is_a_date_or_a_number_with_its_unit(moment: object, text: str) -> None:
    assert shown(moment) == text


def test_a_record_s_time_comes_with_the_raw_number() -> None:
    assert record_time(NOW_MS) == f"2026-11-30 09:58:48 UTC ({NOW_MS} ms)"
    assert record_time(0) == "1970-01-01 00:00:00 UTC (0 ms)"
    assert record_time(FIRST_MS - 1) == "-62135596800001 ms"
    assert record_time(-1) == "-1 ms: the record has no timestamp"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (datetime(2026, 11, 30, 9, 58, 48, tzinfo=UTC), "2026-11-30T09:58:48Z"),
        (datetime(2026, 11, 30, 9, 58, 48, 7000, tzinfo=UTC), "2026-11-30T09:58:48.007Z"),
        (DatetimeMS(LAST_MS + 1), "253402300800000 ms"),
    ],
)
def test_json_has_rfc_3339_or_the_number_with_its_unit(moment: object, text: str | None) -> None:
    assert rfc3339(moment) == text


def test_to_compare_a_time_beyond_the_calendar_is_its_end() -> None:
    assert clamped(DatetimeMS(LAST_MS + 1)) == datetime.max.replace(tzinfo=UTC)
    assert clamped(DatetimeMS(FIRST_MS - 1)) == datetime.min.replace(tzinfo=UTC)
    assert clamped(0) == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(TypeError, match="is no time"):
        clamped("yesterday")
    assert as_date(True) is None


def test_a_time_of_another_zone_is_shown_in_utc() -> None:
    assert shown(datetime(2026, 11, 30, 11, 0, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-30 09:00:00"
