"""Sums over the windows that clients ask for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from api.reads.spans.answers import Moment, SpanAnswers
from api.reads.spans.division import open_end
from api.reads.spans.reader import Question
from api.reads.spans.windows import Window
from api.reads.sums import Sums
from shared.documents import SUMS


class Span(NamedTuple):
    """A stretch of time in seconds since 1970: from `begin` on, to below `end`."""

    begin: int
    end: int


class Windowed(NamedTuple):
    """What happened in a window."""

    sums: Sums
    span: Span
    """From the window's first second to the present one. Events ahead of the clock are in the sums as well."""
    as_of: str | None
    """The time up to which the sums are complete, in RFC 3339. None when it is unknown."""


Batch = tuple[tuple[int, ...], Window]
"""Several different products, and a window."""


class Totals(NamedTuple):
    """What happened in a window, to each of several products."""

    of: Mapping[int, Sums | None]
    """In the order in which they were asked for; None for a product that never had an event."""
    span: Span
    as_of: str | None


class WindowReader(SpanAnswers[Window, Windowed]):
    """Reads the sums of windows."""

    async def of_batches(self, keys: Sequence[Batch]) -> dict[Batch, Totals]:
        """The sums of several products at once, for each key: all of them are of one moment."""
        at = await self._now()
        found: dict[Batch, Totals] = {}
        async with self._mongo.at_one_moment() as moment:
            for products, window in keys:
                question = self._question(window, at)
                sums = await self._spans.of_products(moment, products, question, at.now_ms)
                of = {product: None if one is None else one[0] for product, one in sums.items()}
                found[products, window] = Totals(of, _span(question, at), at.as_of)
        return found

    def _question(self, asked: Window, at: Moment) -> Question:
        return Question((asked.begin(at.now_ms), open_end(at.now_ms)), SUMS)

    def _answer(self, asked: Window, question: Question, sums: Sequence[Sums], at: Moment) -> Windowed:
        return Windowed(sums[0], _span(question, at), at.as_of)


def _span(question: Question, at: Moment) -> Span:
    return Span(question.cuts[0], at.second)
