"""Numbers and times of the contract against models that read like their definition."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.decimals import decimal128, scaled
from shared.events import amount_units, exact_decimal, rating_units, time_ms, whole_number

GRAMMAR = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", re.ASCII)
NUMBERS = st.from_regex(GRAMMAR, fullmatch=True) | st.from_regex(r"[0-9.٣eE+-]{0,24}", fullmatch=True)
MOST_DIGITS = 30
"""More than a number within any limit has before its point, in units."""
DECIMALS_EXPONENTS = 10**18
"""A Decimal holds every exponent below this; another test is about the others."""


def model(text: str, decimals: int, below: Decimal) -> int | None:
    """The number in units of ten to the minus `decimals`, by the digits and the exponent that JSON's grammar names."""
    match = GRAMMAR.fullmatch(text)
    if match is None:
        return None
    whole, fraction, exponent = match[1], match[2] or "", int(match[3] or 0)
    assume(abs(exponent) < DECIMALS_EXPONENTS)
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0
    significant = digits.rstrip("0")
    power = exponent - len(fraction) + len(digits) - len(significant) + decimals
    if power < 0 or len(significant) + power > MOST_DIGITS:
        return None
    units = int(significant) * 10**power
    return units if units < below.scaleb(decimals) else None


def units(judge: object, value: object) -> int | None:
    assert callable(judge)
    try:
        result: int = judge(value)
    except ValueError:
        return None
    return result


@given(NUMBERS)
@example("12.")
@example(".5")
@example("0.50000000")
@example("999999999999999999.999999")
@example("1000000000000000000")
@example("1" * 30)
@example("5.00")
@example("0E0000")
@example("0e99999")
@example("1E-00002")
def test_a_number_is_exact_or_refused(text: str) -> None:
    amount, rating = model(text, 6, Decimal(10**18)), model(text, 2, Decimal("5.001"))
    assert (units(amount_units, text), units(rating_units, text)) == (amount, rating)
    if GRAMMAR.fullmatch(text):
        assert (units(amount_units, exact_decimal(text)), units(rating_units, exact_decimal(text))) == (amount, rating)


@pytest.mark.parametrize("text", ["1e99999999999999999999", "0e1000000000000000000", "1e-99999999999999999999"])
def test_an_exponent_that_no_decimal_holds_is_refused(text: str) -> None:
    assert (units(amount_units, text), units(rating_units, text)) == (None, None)


@given(st.integers(-1, 10**19))
def test_an_integer_is_its_own_text(value: int) -> None:
    assert units(amount_units, value) == (model(str(value), 6, Decimal(10**18)) if value >= 0 else None)
    assert units(whole_number, str(value)) == (value if 0 <= value < 10**19 else None)


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),  # the offset is drawn apart
    st.integers(-1439, 1439),
    st.integers(0, 9),
)
def test_a_time_is_the_librarys(local: datetime, minutes: int, digits: int) -> None:
    offset = timezone(timedelta(minutes=minutes))
    moment = local.replace(tzinfo=offset)
    fraction = f".{local.microsecond:06}000"[: digits + 1] if digits else ""
    sign = "-" if minutes < 0 else "+"
    text = (
        f"{local:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f"{fraction}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    )
    kept = local.microsecond // 1000 // 10 ** (3 - min(digits, 3)) * 10 ** (3 - min(digits, 3))
    whole = moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)
    assert time_ms(text) == whole // timedelta(milliseconds=1) + kept


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-06-01", "2026-06-01T00:00:00", "2026-06-01T00:00:00.Z", "2026-06-01T24:00:00Z",
        "2026-02-30T00:00:00Z", "2026-06-01 00:00:00Z", "2026-06-01T00:00:00+24:00", "2026-06-01T00:00:00+0100",
        "2026-06-01T00:00:60Z", "2026-06-01T00:00:00Z ", "\u0662026-06-01T00:00:00Z",
        "2026-06-01T00:00:00." + "1" * 100, "0000-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    assert units(time_ms, text) is None


def test_a_long_fraction_is_cut() -> None:
    assert time_ms("1970-01-01T00:00:01." + "1239" * 1_000 + "Z") == 1_123


@given(st.integers(0, 10**34 - 1), st.integers(-2, 9), st.booleans())
def test_a_stored_decimal_is_read_exactly_or_refused(units: int, decimals: int, negative: bool) -> None:
    whole, remainder = divmod(units * 10**6, 10**decimals) if decimals >= 0 else (units * 10 ** (6 - decimals), 0)
    stored = decimal128(units, decimals, negative)
    if remainder:
        with pytest.raises(ValueError, match="has more than 6 decimals"):
            scaled(stored, 6)
    else:
        assert scaled(stored, 6) == (-whole if negative else whole)
