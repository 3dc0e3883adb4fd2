"""Sums over the windows that clients ask for."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.span_sums import Question, SpanReader
from api.reads.spans import open_end
from api.reads.sums import Sums
from api.reads.windows import Window
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


class WindowReader:
    """Reads the sums of windows: first the as-of, then all sums of one call as they were at one moment.

    `clock` gives UTC milliseconds. Methods raise DatabaseUnavailable and SchemaNewer.
    """

    def __init__(
        self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int], spans: SpanReader | None = None
    ) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._spans = spans or SpanReader()

    async def of_products(self, keys: Sequence[tuple[int, Window]]) -> dict[tuple[int, Window], Windowed | None]:
        """The sums of each product and window; None for a product that never had an event."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        found: dict[tuple[int, Window], Windowed | None] = {}
        async with self._mongo.at_one_moment() as moment:
            for window, products in by_window(keys).items():
                question, span = _question(window, now_ms)
                sums = await self._spans.of_products(moment, products, question, now_ms)
                for product, of_product in sums.items():
                    found[product, window] = None if of_product is None else Windowed(of_product[0], span, as_of)
        return found

    async def of_all(self, windows: Sequence[Window]) -> dict[Window, Windowed]:
        """The sums over all products, of each window."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        found: dict[Window, Windowed] = {}
        async with self._mongo.at_one_moment() as moment:
            for window in windows:
                question, span = _question(window, now_ms)
                (sums,) = await self._spans.of_all(moment, question, now_ms)
                found[window] = Windowed(sums, span, as_of)
        return found

    async def of_batches(self, keys: Sequence[Batch]) -> dict[Batch, Totals]:
        """The sums of several products at once, for each key: all of them are of one moment."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        found: dict[Batch, Totals] = {}
        async with self._mongo.at_one_moment() as moment:
            for products, window in keys:
                question, span = _question(window, now_ms)
                sums = await self._spans.of_products(moment, products, question, now_ms)
                of = {product: None if one is None else one[0] for product, one in sums.items()}
                found[products, window] = Totals(of, span, as_of)
        return found


def by_window(keys: Iterable[tuple[int, Window]]) -> dict[Window, list[int]]:
    """The products of each window: one query answers them together."""
    grouped: dict[Window, list[int]] = defaultdict(list)
    for product, window in keys:
        grouped[window].append(product)
    return grouped


def _question(window: Window, now_ms: int) -> tuple[Question, Span]:
    begin = window.begin(now_ms)
    return Question((begin, open_end(now_ms)), SUMS), Span(begin, now_ms // 1000)
