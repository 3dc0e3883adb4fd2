"""Compares a window with the time before it: two spans of the same length, of which all events are counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from api.reads.ratings import half_even
from api.reads.spans.answers import Moment, SpanAnswers
from api.reads.spans.division import DAYS, sealed_before
from api.reads.spans.reader import Question
from api.reads.spans.window_sums import Span
from api.reads.spans.windows import Window
from api.reads.sums import Sums
from shared.documents import milliseconds

CHANGE_DECIMALS: Final = 4
"""Decimals of `change`: 0.1234 is 12.34 %."""

_SALES: Final = ("amount",)


class Compared(NamedTuple):
    """Sales of two neighbouring spans of the same length, in millionths of the currency unit."""

    total: int
    previous: int | None
    """Of the span before; None when the as-of is unknown."""
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


class ComparisonReader(SpanAnswers[Window, Compared]):
    """Compares [T - L, T) with [T - 2L, T - L), where T is the present second or, if that is earlier, the as-of's.

    So a consumer that lags behind never makes sales look as if they fell. T is cut to a full quarter hour where the
    earlier span begins in a day that may be sealed: those keep nothing finer.
    """

    def _question(self, asked: Window, at: Moment) -> Question:
        return Question(compared_cuts(asked, at), _SALES)

    def _answer(self, asked: Window, question: Question, sums: Sequence[Sums], at: Moment) -> Compared:
        *before, total = [each.amount for each in sums]
        return Compared(total, before[0] if before else None, Span(*question.cuts[-2:]), at.as_of)


def compared_cuts(window: Window, at: Moment) -> tuple[int, ...]:
    """The cuts of the two spans: T - 2L, T - L and T. Without the first where the as-of is unknown; T is then now.

    At 12:34:56 with an as-of of 12:34:55.9, the window 24h ends at 12:34:55, and 7d at 12:30:00.
    """
    end = at.second
    if at.as_of is not None:
        end = min(end, milliseconds(datetime.fromisoformat(at.as_of)) // 1000)
    if end - 2 * window.seconds < sealed_before(at.now_ms):
        end -= end % DAYS.cell
    cuts = end - 2 * window.seconds, end - window.seconds, end
    return cuts if at.as_of is not None else cuts[1:]
