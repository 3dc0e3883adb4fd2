"""Ratings: their average, and how they are distributed."""

from typing import Final

from fastapi import Response

from api.auth.access import RATINGS_READ
from api.reads.products.distribution import NotInBins
from api.reads.spans.windows import Window
from api.web.bodies.ratings import RatingDistribution, rating_distribution
from api.web.bodies.texts import interval
from api.web.direct_routes import Resource
from api.web.parameters import Choice
from api.web.problems import known, not_in_bins
from api.web.requests import OneProduct, ProductRequest
from api.web.responses import AverageRating, answer, average_rating

resource = Resource("ratings")

WINDOW: Final = Choice(
    "window",
    Window,
    description="How far back the answer looks; without it, over all time. `15m`, `1h` and `24h` are exact to the "
    "second, `7d` and `30d` begin at a full hour (UTC). The header `Data-Window` has the span.",
    example="24h",
)


@resource.get(
    "/api/product/rating/{product_id}",
    OneProduct(RATINGS_READ),
    operation_id="getProductRating",
    summary="Average rating of a product",
    model=AverageRating,
    example={"average_rating": 4.5},
)
async def rating_of_product(request: ProductRequest) -> Response:
    """Mean of all ratings of the product, rounded half-even to two decimals; null for a known product without any."""
    rating = known(await request.services.ratings.read(request.product), request.product)
    return answer(request.http, average_rating(rating.average), rating.as_of)


@resource.get(
    "/api/product/rating/{product_id}/distribution",
    OneProduct(RATINGS_READ),
    parameters=(WINDOW,),
    operation_id="getProductRatingDistribution",
    summary="How the ratings of a product are distributed",
    model=RatingDistribution,
    example={
        "bins": [
            {"from": number / 2, "to": (number + 1) / 2, "ratings": {7: 1, 8: 4, 9: 7}.get(number, 0)}
            for number in range(10)
        ],
        "ratings": 12,
        "average_rating": 4.5,
    },
    errors=(not_in_bins(51_234),),
)
async def distribution_of_product(request: ProductRequest) -> Response:
    """How many ratings lie in each half point from 0 to 5; the last one has the fives as well."""
    window = request.query.get(WINDOW)
    if window is None:
        read = await request.services.dashboard.distributions.read(request.product)
    else:
        in_window = await request.services.dashboard.window_distributions.read((request.product, window))
        if isinstance(in_window, NotInBins):
            raise not_in_bins(in_window.ratings)
        read = in_window
    found = known(read, request.product)
    span = None if found.span is None else interval(found.span)
    return answer(request.http, rating_distribution(found), found.as_of, window=span)
