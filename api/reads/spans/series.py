"""Sums by bucket of the calendar, for curves."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.spans.answers import Moment, SpanAnswers
from api.reads.spans.calendar import Step, borders
from api.reads.spans.reader import Question, SpanReader
from api.reads.spans.windows import Window
from api.reads.sums import Sums
from shared.documents import MINUTE_MS

BUCKETS: Final = {
    (Window.QUARTER_HOUR, Step.MINUTE): 15,
    (Window.HOUR, Step.MINUTE): 60,
    (Window.DAY, Step.TEN_MINUTES): 144,
    (Window.DAY, Step.HOUR): 24,
    (Window.WEEK, Step.HOUR): 168,
    (Window.WEEK, Step.DAY): 7,
    (Window.MONTH, Step.DAY): 30,
}
"""How many points the series of a window and a step has. Pairs that are not here cannot be asked for."""

SALES: Final = ("amount", "units", "sales")
RATINGS: Final = ("ratings", "rating_sum")

_CUTS_KEPT: Final = 256
"""Lists of borders that are remembered; one of 336 has 13 kB, so these take 3 MB. They change once a minute: half as
many would serve until 128 zones are asked for in a minute."""


class Course(NamedTuple):
    """What a series looks like: how far back, how fine, by whose calendar."""

    window: Window
    step: Step
    zone: ZoneInfo
    compare: bool
    """Whether as many buckets before it are asked for as well."""


class Point(NamedTuple):
    """One bucket."""

    begin: int
    """Its first second since 1970."""
    sums: Sums


class Series(NamedTuple):
    """The buckets of a course, oldest first. The last one is in progress."""

    points: Sequence[Point]
    previous: Sequence[Point] | None
    """The buckets before; None where they were not asked for."""
    end: int
    """The second since 1970 at which the last bucket ends."""
    as_of: str | None

    @property
    def begin(self) -> int:
        """The first second of the first bucket."""
        return self.points[0].begin


class SeriesReader(SpanAnswers[Course, Series]):
    """Reads series of some of the five sums, `fields`. Raises KeyError for a pair that is not in `BUCKETS`."""

    def __init__(
        self,
        mongo: MongoReader,
        freshness: Freshness,
        clock: Callable[[], int],
        spans: SpanReader,
        fields: tuple[str, ...],
    ) -> None:
        super().__init__(mongo, freshness, clock, spans)
        self._fields = fields

    def _question(self, asked: Course, at: Moment) -> Question:
        return Question(_cuts(asked, at.now_ms // MINUTE_MS), self._fields)

    def _answer(self, asked: Course, question: Question, sums: Sequence[Sums], at: Moment) -> Series:
        cuts, count = question.cuts, BUCKETS[asked.window, asked.step]
        points = [Point(begin, of_bucket) for (begin, _), of_bucket in zip(pairwise(cuts), sums, strict=True)]
        return Series(points[-count:], points[:-count] if asked.compare else None, cuts[-1], at.as_of)


@lru_cache(_CUTS_KEPT)
def _cuts(course: Course, minute: int) -> tuple[int, ...]:
    """The borders of the course's buckets in a minute since 1970, which are the same throughout the minute."""
    count = BUCKETS[course.window, course.step]
    return borders(course.step, course.zone, minute * 60, count * 2 if course.compare else count)
