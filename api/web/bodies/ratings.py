"""Bodies of answers about how ratings are distributed."""

from itertools import pairwise

from pydantic import BaseModel, Field

from api.reads.products.distribution import Distribution
from api.web.bodies.texts import rating_text
from api.web.responses import decimal_text

_BIN = 5
"""Width of a bin, in tenths of a point."""


class RatingBin(BaseModel):
    """Ratings of half a point."""

    from_: float = Field(alias="from", description="The least rating that counts here.", examples=[4.5])
    to: float = Field(description="Ratings below it count here; in the last bin 5 counts too.", examples=[5])
    ratings: int = Field(ge=0, description="How many there are.", examples=[7])


class RatingDistribution(BaseModel):
    """How the ratings of a product are distributed."""

    bins: list[RatingBin] = Field(min_length=10, max_length=10, description="Ten half points from 0 to 5.")
    ratings: int = Field(ge=0, description="How many ratings there are.", examples=[12])
    average_rating: float | None = Field(
        ge=0, le=5, description="Rounded half-even to two decimals; null without ratings.", examples=[4.25]
    )


def rating_distribution(distribution: Distribution) -> bytes:
    """`{"bins": [{"from": 0, "to": 0.5, "ratings": 0}, …], "ratings": 12, "average_rating": 4.25}`."""
    borders = [decimal_text(number * _BIN, 1) for number in range(len(distribution.bins) + 1)]
    bins = ", ".join(
        f'{{"from": {begin}, "to": {end}, "ratings": {count}}}'
        for (begin, end), count in zip(pairwise(borders), distribution.bins, strict=True)
    )
    average = rating_text(distribution.average)
    return f'{{"bins": [{bins}], "ratings": {distribution.ratings}, "average_rating": {average}}}'.encode()
