"""Numbers and times as answers write them."""

from datetime import UTC, datetime

from api.reads.freshness import rfc3339
from api.reads.spans.comparison import CHANGE_DECIMALS
from api.reads.spans.window_sums import Span
from api.web.responses import decimal_text
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS


def amount_text(millionths: int) -> str:
    """An amount: 3000500000 is `3000.5`."""
    return decimal_text(millionths, AMOUNT_DECIMALS)


def optional_amount(millionths: int | None) -> str:
    """An amount, or `null`."""
    return "null" if millionths is None else amount_text(millionths)


def rating_text(hundredths: int | None) -> str:
    """A rating: 450 is `4.5`; None is `null`."""
    return "null" if hundredths is None else decimal_text(hundredths, RATING_DECIMALS)


def ratio_text(ten_thousandths: int | None) -> str:
    """A ratio with four decimals, which may be below 0: -1200 is `-0.1200`; None is `null`."""
    if ten_thousandths is None:
        return "null"
    whole, fraction = divmod(abs(ten_thousandths), 10**CHANGE_DECIMALS)
    return f"{'-' if ten_thousandths < 0 else ''}{whole}.{fraction:0{CHANGE_DECIMALS}d}"


def time_text(milliseconds: int) -> str:
    """UTC milliseconds as RFC 3339: `2026-11-30T09:58:48.954Z`."""
    second, millisecond = divmod(milliseconds, 1_000)
    return rfc3339(datetime.fromtimestamp(second, UTC).replace(microsecond=millisecond * 1_000))


def interval(span: Span) -> str:
    """A span of seconds for `Data-Window`, an interval of ISO 8601: `2026-11-30T13:03:21Z/2026-11-30T14:03:21Z`."""
    begin, end = (datetime.fromtimestamp(second, UTC) for second in span)
    return f"{begin:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"
