"""How a product's ratings are distributed over ten bins of half a point.

Over all time the bins are counted in `products`. Over a window they are counted from the raw events, because rollups
keep only the number of ratings and their sum. That costs as much as the product had events in the window, so it is done
for windows of up to a day with up to `MAX_EVENTS` events: the rollups say beforehand how many there are.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.products.newest import rows_of
from api.reads.products.queries import rating_bins
from api.reads.ratings import half_even
from api.reads.spans.division import open_end
from api.reads.spans.reader import Question, SpanReader
from api.reads.spans.window_sums import Span
from api.reads.spans.windows import Window
from shared.decimals import scaled
from shared.documents import HISTOGRAM_BINS, RATING_DECIMALS

MAX_EVENTS: Final = 20_000
"""Events of a product, sales as well, that MongoDB examines for one distribution of a window: about 30 ms of its
processor. At twice of it one request would hold up others twice as long; at half, a product with a rating every eight
seconds had no distribution of a day."""


class RawWindow(StrEnum):
    """The windows whose distribution is counted from raw events."""

    QUARTER_HOUR = Window.QUARTER_HOUR.value
    HOUR = Window.HOUR.value
    DAY = Window.DAY.value


class Distribution(NamedTuple):
    """How ratings are distributed."""

    bins: Sequence[int]
    """How many ratings lie from 0 to below 0.5, …, from 4.5 to 5."""
    rating_sum: int
    """Hundredths."""
    span: Span | None
    """The window; None for all time."""
    as_of: str | None

    @property
    def ratings(self) -> int:
        """How many there are."""
        return sum(self.bins)

    @property
    def average(self) -> int | None:
        """Hundredths, rounded half-even; None without ratings."""
        return half_even(self.rating_sum, self.ratings) if self.ratings else None


class TooManyEvents(NamedTuple):
    """Why there is no distribution: the product had so many events in the window."""

    events: int


class DistributionReader:
    """Reads distributions. Each call reads the as-of first, and then all it needs as it was at one moment.

    Methods return None for a product that never had an event. They raise DatabaseUnavailable and SchemaNewer.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int], spans: SpanReader) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._spans = spans

    async def of_products(self, products: Sequence[int]) -> dict[int, Distribution | None]:
        """Each product's distribution over all time."""
        as_of = await self._freshness.as_of()
        rows = await rows_of(self._mongo, products)
        found: dict[int, Distribution | None] = dict.fromkeys(products)
        for product, documents in rows.items():
            bins = [
                sum(document.get("histogram", {}).get(str(bin_), 0) for document in documents)
                for bin_ in range(HISTOGRAM_BINS)
            ]
            rating_sum = sum(scaled(document.get("rating_sum", 0), RATING_DECIMALS) for document in documents)
            found[product] = Distribution(bins, rating_sum, None, as_of)
        return found

    async def of_windows(
        self, keys: Sequence[tuple[int, RawWindow]]
    ) -> dict[tuple[int, RawWindow], Distribution | TooManyEvents | None]:
        """Each product's distribution in a window, or why it cannot be had."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        found: dict[tuple[int, RawWindow], Distribution | TooManyEvents | None] = {}
        async with self._mongo.at_one_moment() as moment:
            for key in keys:
                found[key] = await self._of_window(moment, *key, now_ms, as_of)
        return found

    async def _of_window(
        self, moment: MongoReader, product: int, window: RawWindow, now_ms: int, as_of: str | None
    ) -> Distribution | TooManyEvents | None:
        begin, end = Window(window).begin(now_ms), open_end(now_ms)
        question = Question((begin, end), ("sales", "ratings"))
        sums = (await self._spans.of_products(moment, [product], question, now_ms))[product]
        if sums is None:
            return None
        events = sums[0].sales + sums[0].ratings
        if events > MAX_EVENTS:
            return TooManyEvents(events)
        bins, rating_sum = [0] * HISTOGRAM_BINS, 0
        if sums[0].ratings:
            for row in await moment.aggregate("rating bins", *rating_bins(product, begin * 1000, end * 1000)):
                bins[row["_id"]] = row["ratings"]
                rating_sum += scaled(row["rating_sum"], RATING_DECIMALS)
        return Distribution(bins, rating_sum, Span(begin, now_ms // 1000), as_of)
