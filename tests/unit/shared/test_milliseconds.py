"""A moment's milliseconds are exact, in every year."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.documents import milliseconds


@pytest.mark.parametrize("year", [1970, 2026, 2038, 2500, 9999])
def test_milliseconds_are_exact(year: int) -> None:
    begin = datetime(year, 1, 2, tzinfo=UTC)
    first = milliseconds(begin)
    assert [milliseconds(begin + timedelta(milliseconds=n)) - first for n in range(1000)] == list(range(1000))


def test_what_is_less_than_a_millisecond_is_cut_off() -> None:
    assert milliseconds(datetime(2026, 6, 1, tzinfo=UTC) + timedelta(microseconds=1_999)) % 1000 == 1
