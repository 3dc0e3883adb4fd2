"""Average ratings over all time."""

from collections.abc import Sequence
from typing import NamedTuple

from api.aggregates import BY_ID, ratings_by_product
from api.freshness import Freshness
from api.store import Store
from shared.documents import PRODUCTS, RATING_DECIMALS, Document, scaled


class Rating(NamedTuple):
    """How a product was rated."""

    average: int | None
    """Hundredths, half-even; None without ratings."""
    as_of: str | None
    """Everything that happened until then, RFC 3339, is in it; None when unknown."""


def half_even(numerator: int, denominator: int) -> int:
    """The quotient, rounded to the nearest integer; a tie goes to the even one. Both are positive, or 0 above."""
    quotient, remainder = divmod(numerator, denominator)
    above_tie = 2 * remainder - denominator
    return quotient + (above_tie > 0 or (above_tie == 0 and quotient % 2 == 1))


class RatingsReader:
    """Reads ratings from the sums in `products`."""

    def __init__(self, store: Store, freshness: Freshness) -> None:
        self._store = store
        self._freshness = freshness

    async def of_products(self, products: Sequence[int]) -> dict[int, Rating | None]:
        """Each product's rating, None for one that never had an event. Raises StoreUnavailable."""
        as_of = await self._freshness.as_of()
        rows = await self._store.aggregate("ratings", PRODUCTS, ratings_by_product(products), BY_ID)
        averages = {row["_id"]: _average(row) for row in rows}
        return {product: Rating(averages[product], as_of) if product in averages else None for product in products}


def _average(row: Document) -> int | None:
    if not row["ratings"]:
        return None
    return half_even(scaled(row["rating_sum"], RATING_DECIMALS), row["ratings"])
