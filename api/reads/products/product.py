"""What is known of one product: what it is called, when it was seen, what it sold in the last hour, how it is rated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.products.newest import Event, Named, named, newest_of, rows_of
from api.reads.ratings import half_even
from api.reads.spans.division import open_end
from api.reads.spans.reader import Question, SpanReader
from api.reads.spans.window_sums import Span
from api.reads.spans.windows import Window
from api.reads.sums import NOTHING, Sums
from shared.decimals import scaled
from shared.documents import RATING_DECIMALS

_SALES = ("amount", "units", "sales")


class Product(NamedTuple):
    """A product that had an event."""

    named: Named
    first_seen: int
    """The time of its oldest event, UTC milliseconds."""
    last_seen: int
    """The time of its newest event, UTC milliseconds."""
    last_hour: Sums
    average: int | None
    """Of all its ratings, in hundredths, rounded half-even; None without ratings."""
    ratings: int
    span: Span
    """Of the last hour."""
    as_of: str | None


class ProductReader:
    """Reads products: first the as-of, then all of one call as it was at one moment."""

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int], spans: SpanReader) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._spans = spans

    async def of_products(self, products: Sequence[int]) -> dict[int, Product | None]:
        """Each product; None for one that never had an event. Raises DatabaseUnavailable, SchemaNewer."""
        as_of = await self._freshness.as_of()
        now_ms = self._clock()
        begin = Window.HOUR.begin(now_ms)
        question, span = Question((begin, open_end(now_ms)), _SALES), Span(begin, now_ms // 1000)
        async with self._mongo.at_one_moment() as moment:
            rows = await rows_of(moment, products)
            known = list(rows)
            newest = await newest_of(moment, known)
            hours = await self._spans.of_products(moment, known, question, now_ms) if known else {}
        found: dict[int, Product | None] = dict.fromkeys(products)
        for product, documents in rows.items():
            sums = (hours[product] or [NOTHING])[0]
            found[product] = _product(documents, newest.get(product), sums, span, as_of)
        return found


def _product(
    documents: Sequence[Mapping[str, Any]], newest: Event | None, last_hour: Sums, span: Span, as_of: str | None
) -> Product:
    """`documents` are those of one product in `products`, one a partition."""
    ratings = sum(document.get("ratings", 0) for document in documents)
    rating_sum = sum(scaled(document.get("rating_sum", 0), RATING_DECIMALS) for document in documents)
    first_seen = min(document["first_seen"] for document in documents)
    seen = [document["latest"]["t"] for document in documents if "latest" in document]
    return Product(
        named=named(documents, newest),
        first_seen=first_seen,
        last_seen=max(seen if newest is None else [*seen, newest.time_ms], default=first_seen),
        last_hour=last_hour,
        average=half_even(rating_sum, ratings) if ratings else None,
        ratings=ratings,
        span=span,
        as_of=as_of,
    )
