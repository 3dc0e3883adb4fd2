"""Sums of a window and of the one before it: both as long, both complete."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.ratings import half_even
from api.reads.span_sums import Question, SpanReader
from api.reads.spans import UNSEALED_SECONDS
from api.reads.sums import Sums
from api.reads.window_sums import Span, by_window
from api.reads.windows import Window
from shared.documents import milliseconds

CHANGE_DECIMALS: Final = 4
"""Decimals of `change`: 0.1234 is 12.34 %."""

_HOUR: Final = 3_600
_SALES: Final = ("amount",)


class Compared(NamedTuple):
    """Sales of two neighbouring spans of the same length, in millionths of the currency unit."""

    total: int
    previous: int | None
    """Of the span before; None when the as-of is unknown, or too old to tell."""
    span: Span
    """The span of `total`."""
    as_of: str | None

    @property
    def change(self) -> int | None:
        """(total - previous) / previous in ten-thousandths, rounded half-even; None where there is nothing to compare.

        12 after 10 is 2000, 8 after 10 is -2000.
        """
        if not self.previous:
            return None
        difference = self.total - self.previous
        rounded = half_even(abs(difference) * 10**CHANGE_DECIMALS, self.previous)
        return rounded if difference >= 0 else -rounded


class ComparisonReader:
    """Compares [T - L, T) with [T - 2L, T - L), where T is the present second or, if that is earlier, the as-of's.

    So a consumer that lags behind never makes sales look as if they fell. T is a full hour for windows of 7 days and
    longer. The as-of is read first; then all sums of one call are read as they were at one moment.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int], spans: SpanReader) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._spans = spans

    async def of_products(self, keys: Sequence[tuple[int, Window]]) -> dict[tuple[int, Window], Compared | None]:
        """The comparison of each product and window; None for a product that never had an event.

        Raises DatabaseUnavailable, SchemaNewer.
        """
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        found: dict[tuple[int, Window], Compared | None] = {}
        async with self._mongo.at_one_moment() as moment:
            for window, products in by_window(keys).items():
                cuts = compared_cuts(window, now_ms, as_of)
                sums = await self._spans.of_products(moment, products, Question(cuts, _SALES), now_ms)
                for product, of_product in sums.items():
                    found[product, window] = None if of_product is None else _compared(of_product, cuts, as_of)
        return found

    async def of_all(self, windows: Sequence[Window]) -> dict[Window, Compared]:
        """The comparison of the sums over all products, for each window. Raises DatabaseUnavailable, SchemaNewer."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        found: dict[Window, Compared] = {}
        async with self._mongo.at_one_moment() as moment:
            for window in windows:
                cuts = compared_cuts(window, now_ms, as_of)
                found[window] = _compared(await self._spans.of_all(moment, Question(cuts, _SALES), now_ms), cuts, as_of)
        return found


def compared_cuts(window: Window, now_ms: int, as_of: str | None) -> tuple[int, ...]:
    """The cuts of the two spans: T - 2L, T - L and T.

    Without the first where the as-of is unknown, or so old that the earlier span would begin in a day that may be
    sealed, which has no seconds any more. T is then the present second.
    """
    now = end = now_ms // 1000
    if as_of is not None:
        end = min(now, milliseconds(datetime.fromisoformat(as_of)) // 1000)
    first = end - 2 * window.seconds
    if as_of is None or (window.to_the_second and first < now - UNSEALED_SECONDS):
        end = now if window.to_the_second else now - now % _HOUR
        return end - window.seconds, end
    if not window.to_the_second:
        end -= end % _HOUR
    return end - 2 * window.seconds, end - window.seconds, end


def _compared(sums: Sequence[Sums], cuts: Sequence[int], as_of: str | None) -> Compared:
    *before, total = [each.amount for each in sums]
    return Compared(total, before[0] if before else None, Span(*cuts[-2:]), as_of)
