"""How answers write numbers and times, and the cache that keeps what was read."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from api.reads.freshness import rfc3339
from api.reads.ratings import half_even
from api.web.responses import JSON_OR_CSV, answer, average_rating, csv, decimal_text, total_sales


@pytest.mark.parametrize(
    ("millionths", "body"),
    [
        (0, b'{"total": 0}'),
        (1, b'{"total": 0.000001}'),
        (3_000_000_000, b'{"total": 3000}'),
        (245_226_760_000, b'{"total": 245226.76}'),
        (100_000, b'{"total": 0.1}'),
        (10**34 - 1, b'{"total": 9999999999999999999999999999.999999}'),
        (10**33, b'{"total": 1000000000000000000000000000}'),
    ],
)
def test_totals_are_plain(millionths: int, body: bytes) -> None:
    assert total_sales(millionths) == body


@pytest.mark.parametrize(
    ("hundredths", "text"), [(450, b"4.5"), (400, b"4"), (433, b"4.33"), (None, b"null"), (5, b"0.05")]
)
def test_averages_are_plain(hundredths: int | None, text: bytes) -> None:
    assert average_rating(hundredths) == b'{"average_rating": %b}' % text


@given(st.integers(0, 10**34), st.integers(0, 9))
def test_plain_numbers_lose_nothing_and_have_no_spare_digit(units: int, decimals: int) -> None:
    text = decimal_text(units, decimals)
    assert Decimal(text).scaleb(decimals) == units or Fraction(text) * 10**decimals == units
    assert "E" not in text
    assert "." not in text or text[-1] not in "0."
    assert text == "0" or not text.startswith("00")


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_rounding_is_half_even(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


def tag_of(body: bytes) -> str:
    """The entity tag of a body."""
    return answer(Request({"type": "http", "headers": []}), body, None).headers["etag"]


@given(st.integers(0, 10**34), st.integers(1, 10**6))
def test_another_total_has_another_tag(millionths: int, more: int) -> None:
    assert tag_of(total_sales(millionths)) == tag_of(total_sales(millionths))
    assert tag_of(total_sales(millionths)) != tag_of(total_sales(millionths + more))


def test_every_byte_of_a_body_counts_for_its_tag() -> None:
    body = total_sales(10**34 - 1)
    others = [body[:at] + b"x" + body[at + 1 :] for at in range(len(body))]
    assert len({tag_of(each) for each in (body, *others)}) == len(body) + 1


def test_the_tag_says_nothing_of_the_as_of() -> None:
    """A client that asks again while nothing was sold gets a 304, although the as-of has moved, and the new as-of."""
    body = total_sales(1)
    condition = [(b"if-none-match", tag_of(body).encode())]
    again = answer(Request({"type": "http", "headers": condition}), body, "2026-06-01T12:00:00.000Z")
    assert (again.status_code, again.headers["data-as-of"]) == (304, "2026-06-01T12:00:00.000Z")


def test_times_are_utc_to_the_millisecond() -> None:
    moment = datetime(2026, 6, 1, 14, 0, 0, 7_999, timezone(timedelta(hours=2)))
    assert rfc3339(moment) == "2026-06-01T12:00:00.007Z"
    assert rfc3339(datetime(2026, 6, 1, tzinfo=UTC)) == "2026-06-01T00:00:00.000Z"


def test_a_table_varies_by_accept_and_a_browser_saves_csv() -> None:
    request = Request({"type": "http", "headers": []})
    as_csv = answer(request, b"at\r\n", "2026-06-01T12:00:00Z", window="a/b", form=csv("series"))
    assert dict(as_csv.headers) == {
        "etag": tag_of(b"at\r\n"),
        "cache-control": "private, no-cache",
        "vary": "accept",
        "data-as-of": "2026-06-01T12:00:00Z",
        "data-window": "a/b",
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="series.csv"',
        "content-length": "4",
    }
    as_json = answer(request, b"{}", None, form=JSON_OR_CSV)
    assert (as_json.headers["vary"], as_json.headers["content-type"]) == ("accept", "application/json")
    assert "vary" not in answer(request, b"{}", None).headers
    again = Request({"type": "http", "headers": [(b"if-none-match", tag_of(b"at\r\n").encode())]})
    unchanged = answer(again, b"at\r\n", None, form=csv("series"))
    assert (unchanged.status_code, unchanged.headers["vary"]) == (304, "accept")
    assert "content-disposition" not in unchanged.headers
