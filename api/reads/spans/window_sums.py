"""Sums over the windows that clients ask for."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from api.reads.spans.answers import Moment, SpanAnswers
from api.reads.spans.division import open_end
from api.reads.spans.reader import Question
from api.reads.spans.windows import Window
from api.reads.sums import Sums

_SALES: Final = ("amount",)


class Span(NamedTuple):
    """A stretch of time in seconds since 1970: from `begin` on, to below `end`."""

    begin: int
    end: int


class Windowed(NamedTuple):
    """What was sold in a window."""

    total: int
    """Sum of the amounts, in millionths of the currency unit."""
    span: Span
    """From the window's first second to the present one. Sales ahead of the clock are in the total as well."""
    as_of: str | None
    """The time up to which the total is complete, in RFC 3339. None when it is unknown."""


Batch = tuple[tuple[int, ...], Window]
"""Several different products, and a window."""


class Totals(NamedTuple):
    """What was sold in a window, of each of several products."""

    of: Mapping[int, int | None]
    """Sums of the amounts in millionths, in the order in which the products were asked for; None for a product that
    never had an event."""
    span: Span
    as_of: str | None


class WindowReader(SpanAnswers[Window, Windowed]):
    """Reads the sales of windows."""

    async def of_batches(self, keys: Sequence[Batch]) -> dict[Batch, Totals]:
        """The totals of several products at once, for each key: all of them are of one moment."""
        at = await self._now()
        found: dict[Batch, Totals] = {}
        async with self._mongo.at_one_moment() as moment:
            for products, window in keys:
                question = self._question(window, at)
                sums = await self._spans.of_products(moment, products, question, at.now_ms)
                of = {product: None if one is None else one[0].amount for product, one in sums.items()}
                found[products, window] = Totals(of, _span(question, at), at.as_of)
        return found

    def _question(self, asked: Window, at: Moment) -> Question:
        return Question((asked.begin(at.now_ms), open_end(at.now_ms)), _SALES)

    def _answer(self, asked: Window, question: Question, sums: Sequence[Sums], at: Moment) -> Windowed:
        return Windowed(sums[0].amount, _span(question, at), at.as_of)


def _span(question: Question, at: Moment) -> Span:
    return Span(question.cuts[0], at.second)
