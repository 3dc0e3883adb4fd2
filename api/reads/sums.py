"""The five sums that every aggregate in MongoDB holds, as whole numbers. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.decimals import scaled
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS


class Sums(NamedTuple):
    """What events add up to. Whole numbers keep every digit, whatever the number of events."""

    amount: int = 0
    """Money of the sales, in millionths of the currency unit: 3000000000 is 3000."""
    units: int = 0
    """Units sold."""
    sales: int = 0
    """Number of sales."""
    ratings: int = 0
    """Number of ratings."""
    rating_sum: int = 0
    """Sum of the ratings, in hundredths: 450 is 4.5."""

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(
            self.amount + other.amount,
            self.units + other.units,
            self.sales + other.sales,
            self.ratings + other.ratings,
            self.rating_sum + other.rating_sum,
        )

    def less(self, part: "Sums") -> "Sums":
        """What is left without a part of it."""
        return Sums(
            self.amount - part.amount,
            self.units - part.units,
            self.sales - part.sales,
            self.ratings - part.ratings,
            self.rating_sum - part.rating_sum,
        )


NOTHING = Sums()
"""The sums of no events."""


def sums_of(fields: Mapping[str, Any]) -> Sums:
    """The sums that a document, or a part of one, holds under their names. One that is absent is 0."""
    amount, rating_sum = fields.get("amount"), fields.get("rating_sum")
    return Sums(
        scaled(amount, AMOUNT_DECIMALS) if amount else 0,
        fields.get("units", 0),
        fields.get("sales", 0),
        fields.get("ratings", 0),
        scaled(rating_sum, RATING_DECIMALS) if rating_sum else 0,
    )
