"""Average ratings over all time, from the sums in `products`."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.queries import ratings_by_product
from shared.decimals import scaled
from shared.documents import PRODUCTS, RATING_DECIMALS


class Rating(NamedTuple):
    """How a product was rated."""

    average: int | None
    """Hundredths, rounded half-even: 450 is 4.5. None for a product that was never rated."""
    as_of: str | None
    """The time up to which the average is complete, in RFC 3339. None when it is unknown."""


class RatingsReader:
    """Reads the ratings of products: first the as-of, then `products`. One query for all products of a batch."""

    def __init__(self, mongo: MongoReader, freshness: Freshness) -> None:
        self._mongo = mongo
        self._freshness = freshness

    async def of_products(self, products: Sequence[int]) -> dict[int, Rating | None]:
        """Each product's rating; None for a product without any event. Raises DatabaseUnavailable, SchemaNewer."""
        as_of = await self._freshness.as_of()
        sums: dict[int, int] = defaultdict(int)
        counts: dict[int, int] = defaultdict(int)
        # A row is one partition of a product. A product that was only sold has rows without sums: its count stays 0.
        for row in await self._mongo.find("ratings", PRODUCTS, ratings_by_product(products)):
            product = row["p"]
            sums[product] += scaled(row.get("rating_sum", 0), RATING_DECIMALS)
            counts[product] += row.get("ratings", 0)
        return {p: Rating(_average(sums[p], counts[p]), as_of) if p in counts else None for p in products}


def _average(rating_sum: int, ratings: int) -> int | None:
    return half_even(rating_sum, ratings) if ratings else None


def half_even(numerator: int, denominator: int) -> int:
    """The quotient, rounded to the nearest whole number; halfway between two, to the even one.

    The ratings 4.12 and 4.13 have the sum 825 hundredths: 825 / 2 is 412.5, which becomes 412, so 4.12. The ratings
    4.13 and 4.14 give 827 / 2 = 413.5, which becomes 414, so 4.14. 4, 4 and 5 give 1300 / 3 = 433.33…, so 4.33.

    `numerator` is 0 or more, `denominator` 1 or more. Whole numbers keep every digit, which floats would not.
    """
    quotient, remainder = divmod(numerator, denominator)
    above_half = 2 * remainder - denominator
    return quotient + (above_half > 0 or (above_half == 0 and quotient % 2 == 1))
