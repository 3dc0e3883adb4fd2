"""How a product's ratings are distributed over ten bins of half a point.

Over all time the bins are counted in `products`, over a window in the hours and the sealed days (`window_bins`).
Ratings that a consumer of a version before 1.2.0 stored are in none of their bins, until the audit has repaired them.
Where a window has such ratings, the raw events are counted, if they are no more than `MAX_EVENTS`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.known import KnownProducts
from api.reads.products.newest import rows_of
from api.reads.products.window_bins import Counts, in_bins, raw_bins, read_bins
from api.reads.ratings import half_even
from api.reads.spans.division import open_end
from api.reads.spans.window_sums import Span
from api.reads.spans.windows import Window
from shared.decimals import scaled
from shared.documents import HISTOGRAM_BINS, RATING_DECIMALS

MAX_EVENTS: Final = 20_000
"""Events of a product, sales as well, that MongoDB examines for a distribution that the bins do not give: about 30 ms
of its processor. At twice of it one request would hold up others twice as long; at half, in the day after an update a
product with an event every eight seconds had no distribution of a day."""


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


class NotInBins(NamedTuple):
    """Why there is no distribution: so many of the ratings in the window are in no bin."""

    ratings: int


class DistributionReader:
    """Reads distributions. Each call reads the as-of first, and then all it needs as it was at one moment.

    Methods return None for a product that never had an event. They raise DatabaseUnavailable and SchemaNewer.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int]) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._known = KnownProducts()

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
        self, keys: Sequence[tuple[int, Window]]
    ) -> dict[tuple[int, Window], Distribution | NotInBins | None]:
        """Each product's distribution in a window, or why it cannot be had."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        products: dict[Window, list[int]] = {}
        for product, window in keys:
            products.setdefault(window, []).append(product)
        found: dict[tuple[int, Window], Distribution | NotInBins | None] = {}
        async with self._mongo.at_one_moment() as moment:
            for window, of_window in products.items():
                span = Span(window.begin(now_ms), now_ms // 1000)
                counted = await read_bins(moment, of_window, span.begin, now_ms)
                unknown = await self._known.unknown_among(moment, set(of_window) - counted.keys())
                for product in of_window:
                    if product in unknown:
                        found[product, window] = None
                        continue
                    counts = await _completed(moment, product, counted.get(product, Counter()), span.begin, now_ms)
                    missing = counts["ratings"] - sum(in_bins(counts))
                    found[product, window] = (
                        NotInBins(missing)
                        if missing
                        else Distribution(in_bins(counts), counts["rating_sum"], span, as_of)
                    )
        return found


async def _completed(mongo: MongoReader, product: int, counts: Counts, begin: int, now_ms: int) -> Counts:
    """The same counts; or, where ratings are missing in their bins, those of the raw events, as far as they are stored
    and few enough to be counted."""
    ratings = counts["ratings"]
    if sum(in_bins(counts)) == ratings or ratings + counts["sales"] > MAX_EVENTS:
        return counts
    raw = await raw_bins(mongo, product, begin * 1000, open_end(now_ms) * 1000)
    return raw if raw["ratings"] == ratings else counts
