"""The readers behind the routes for dashboards, each as a `BatchingReader`: concurrent requests share queries."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from api import metrics
from api.reads.batching import BatchingReader
from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.products.distribution import Distribution, DistributionReader, NotInBins
from api.reads.products.product import Product, ProductReader
from api.reads.spans.comparison import Compared, ComparisonReader
from api.reads.spans.reader import SpanReader
from api.reads.spans.series import RATINGS, SALES, Course, Series, SeriesReader
from api.reads.spans.window_sums import Batch, Totals, Windowed, WindowReader
from api.reads.spans.windows import Window

PRODUCTS_A_QUERY: Final = 100
"""Products, or products and windows, that one query may ask for. A window of 24 hours reads 26 documents of each
partition of a product, eight times what the last hour does; twice as many would make the first readers of a large batch
wait longer, half as many would take more queries only while over 50 requests wait."""
QUESTIONS_A_QUERY: Final = 8
"""Questions that one call answers, where each of them may need a query of its own. The queries run one after the other.
With twice as many the first reader waits for fifteen others; with half, eight dashboards that differ in their zones
take two rounds."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What routes for dashboards read from. Every read raises DatabaseUnavailable or SchemaNewer when it cannot."""

    windows: BatchingReader[tuple[int, Window], Windowed | None]
    all_windows: BatchingReader[Window, Windowed]
    batches: BatchingReader[Batch, Totals]
    compared: BatchingReader[tuple[int, Window], Compared | None]
    all_compared: BatchingReader[Window, Compared]
    sales_series: BatchingReader[tuple[int, Course], Series | None]
    all_sales_series: BatchingReader[Course, Series]
    rating_series: BatchingReader[tuple[int, Course], Series | None]
    products: BatchingReader[int, Product | None]
    distributions: BatchingReader[int, Distribution | None]
    window_distributions: BatchingReader[tuple[int, Window], Distribution | NotInBins | None]

    @classmethod
    def of(cls, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int], deadline: float) -> Self:
        """Readers that answer within `deadline` seconds; `clock` gives UTC milliseconds."""
        spans = SpanReader()
        windows = WindowReader(mongo, freshness, clock, spans)
        compared = ComparisonReader(mongo, freshness, clock, spans)
        sales = SeriesReader(mongo, freshness, clock, spans, SALES)
        ratings = SeriesReader(mongo, freshness, clock, spans, RATINGS)
        distributions = DistributionReader(mongo, freshness, clock)

        def batching(
            name: str, query: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], limit: int
        ) -> BatchingReader[K, V]:
            return BatchingReader(query, limit=limit, deadline=deadline, observe=metrics.BATCHES.labels(name).observe)

        return cls(
            windows=batching("windows", windows.of_products, PRODUCTS_A_QUERY),
            all_windows=batching("all windows", windows.of_all, QUESTIONS_A_QUERY),
            batches=batching("several products", windows.of_batches, QUESTIONS_A_QUERY),
            compared=batching("comparisons", compared.of_products, PRODUCTS_A_QUERY),
            all_compared=batching("all comparisons", compared.of_all, QUESTIONS_A_QUERY),
            sales_series=batching("sales series", sales.of_products, QUESTIONS_A_QUERY),
            all_sales_series=batching("all sales series", sales.of_all, QUESTIONS_A_QUERY),
            rating_series=batching("rating series", ratings.of_products, QUESTIONS_A_QUERY),
            products=batching("product", ProductReader(mongo, freshness, clock, spans).of_products, PRODUCTS_A_QUERY),
            distributions=batching("distributions", distributions.of_products, PRODUCTS_A_QUERY),
            window_distributions=batching("window distributions", distributions.of_windows, QUESTIONS_A_QUERY),
        )
