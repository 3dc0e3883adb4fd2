"""Average ratings over all time."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.queries import ratings_by_product
from shared.documents import PRODUCTS, RATING_DECIMALS, scaled


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

    def __init__(self, mongo: MongoReader, freshness: Freshness) -> None:
        self._mongo = mongo
        self._freshness = freshness

    async def of_products(self, products: Sequence[int]) -> dict[int, Rating | None]:
        """Each product's rating, None for one that never had an event. Raises StoreUnavailable."""
        as_of = await self._freshness.as_of()
        sums: dict[int, int] = defaultdict(int)
        counts: dict[int, int] = defaultdict(int)
        for row in await self._mongo.find("ratings", PRODUCTS, ratings_by_product(products)):
            product = row["p"]
            sums[product] += scaled(row.get("rating_sum", 0), RATING_DECIMALS)
            counts[product] += row.get("ratings", 0)
        return {p: Rating(_average(sums[p], counts[p]), as_of) if p in counts else None for p in products}


def _average(rating_sum: int, ratings: int) -> int | None:
    return half_even(rating_sum, ratings) if ratings else None
