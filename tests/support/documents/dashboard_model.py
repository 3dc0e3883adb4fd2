"""What a dashboard's answers must be, computed slowly from events: the definitions, and nothing of rollups.

Amounts are exact Decimals, times UTC milliseconds, spans `[begin, end)` in seconds since 1970.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from tests.support.documents.given_events import GivenEvent, GivenRating, GivenSale

HOUR, DAY = 3_600, 86_400
LENGTHS = {"15m": 900, "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
_EXACT = Context(prec=60)


@dataclass(frozen=True)
class Expected:
    """The sums of some events."""

    amount: Decimal
    units: int
    sales: int
    ratings: int
    rating_sum: Decimal


def expected(
    events: Iterable[GivenEvent], begin: int, end: float = float("inf"), product: int | None = None
) -> Expected:
    """The sums of the events of a span, of one product, or of all when it is None."""
    counted = list(_within(events, begin, end, product))
    sales = [event for event in counted if isinstance(event, GivenSale)]
    ratings = [event for event in counted if isinstance(event, GivenRating)]
    return Expected(
        _sum(event.amount for event in sales),
        sum(event.units for event in sales),
        len(sales),
        len(ratings),
        _sum(event.rating for event in ratings),
    )


def window_begin(window: str, now_ms: int) -> int:
    """The first second of a window: any second for windows up to a day, else a full hour (UTC)."""
    begin = now_ms // 1000 - LENGTHS[window]
    return begin if LENGTHS[window] <= DAY else begin // HOUR * HOUR


def change(total: Decimal, previous: Decimal) -> Decimal | None:
    """(total - previous) / previous, half-even to four decimals; None when `previous` is 0."""
    if previous == 0:
        return None
    return rounded((Fraction(total) - Fraction(previous)) / Fraction(previous), 4)


def rounded(value: Fraction, decimals: int) -> Decimal:
    """A fraction, rounded half-even."""
    units = round(value * 10**decimals)  # Python rounds halves of a fraction to the even number
    return Decimal(units).scaleb(-decimals, _EXACT)


def bins(events: Iterable[GivenEvent], begin: int, end: float, product: int) -> list[int]:
    """How many ratings lie in each half point, 5 in the last."""
    counts = [0] * 10
    for event in _within(events, begin, end, product):
        if isinstance(event, GivenRating):
            counts[min(int(Decimal(event.rating) * 2), 9)] += 1
    return counts


def _within(events: Iterable[GivenEvent], begin: int, end: float, product: int | None) -> Iterator[GivenEvent]:
    return (
        event for event in events if begin * 1000 <= event.time_ms < end * 1000 and product in (None, event.product)
    )


def _sum(numbers: Iterable[str]) -> Decimal:
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, Decimal(number))
    return total
