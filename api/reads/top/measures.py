"""What products are ranked by: numbers that add up, and numbers that compare. Pure.

A *sum* is one number that adds up, whatever the measure: millionths of money, units or sales as they are; of ratings,
their number and their sum side by side, since the two only ever grow or shrink together:

    3 ratings that sum up to 13.50  ->  3 * 2^48 + 1350

A *key* is one number that compares: a product with a greater key comes first, and one with key 0 is not ranked. It is
the sum itself; of ratings it is their average, exactly, as a whole number.
"""

from enum import StrEnum
from typing import Final

_SUM_BITS: Final = 48
"""Bits of the sum of ratings. In hundredths they hold half a million million ratings of one product."""
_SUM_MASK: Final = (1 << _SUM_BITS) - 1
_KEY_BITS: Final = 80
"""An average's key is a / b * 2^80, rounded down. Two different averages a / b and c / d differ by 1 / (b * d) at the
least, so their keys differ while b * d is below 2^80: up to a million million ratings of a product."""
_BEST: Final = 500
"""The best rating, in hundredths."""


class Measure(StrEnum):
    """What products are ranked by. Its value is what a client writes: `?by=units`."""

    AMOUNT = "amount"
    UNITS = "units"
    SALES = "sales"
    RATING = "rating"

    @property
    def columns(self) -> tuple[str, ...]:
        """The sums of an aggregate that it is made of."""
        return ("ratings", "rating_sum") if self is Measure.RATING else (self.value,)


def rating_sum(ratings: int, total: int) -> int:
    """The sum of so many ratings, which sum up to `total` hundredths."""
    return (ratings << _SUM_BITS) + total


def ratings_of(rated: int) -> tuple[int, int]:
    """The inverse of `rating_sum`: the number of ratings and their sum in hundredths."""
    return rated >> _SUM_BITS, rated & _SUM_MASK


def average_key(rated: int) -> int:
    """The key of ratings; 0 without any. An average of 0.00 has the key 1."""
    ratings, total = ratings_of(rated)
    return (total << _KEY_BITS) // ratings + 1 if ratings else 0


def highest_average_key(rated: int, uncertain: int) -> int:
    """The highest key that ratings can have of which `uncertain` ones may count or not; both are sums, and `rated`
    includes `uncertain`.

    The average is highest with as many uncertain ones as can all be best: those add up to a known sum.
    """
    certain = rated - uncertain
    ratings, total = ratings_of(uncertain)
    best = average_key(certain)
    few = total // _BEST
    for count in (few, few + 1):
        if 0 < count <= ratings:
            best = max(best, average_key(certain + rating_sum(count, min(count * _BEST, total))))
    # All of the uncertain ones may be worthless, which counts where there is no certain one.
    return max(best, 1) if ratings else best
