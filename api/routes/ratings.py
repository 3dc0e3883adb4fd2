"""Ratings: their average, and how they are distributed."""

from typing import Final

from fastapi import Response

from api.auth.access import RATINGS_READ
from api.reads.products.distribution import MAX_EVENTS, RawWindow, TooManyEvents
from api.web.bodies.ratings import RatingDistribution, rating_distribution
from api.web.bodies.texts import interval
from api.web.direct_routes import Resource
from api.web.parameters import Choice
from api.web.problems import known, too_many_events
from api.web.requests import OneProduct, ProductRequest
from api.web.responses import AverageRating, answer, average_rating

resource = Resource("ratings")

RAW_WINDOW: Final = Choice(
    "window",
    RawWindow,
    description="How far back the answer looks, to the second; without it, over all time. The header `Data-Window` has "
    f"the span. A product with more than {MAX_EVENTS:,} events in it is answered with 422.",
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
    parameters=(RAW_WINDOW,),
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
    errors=(too_many_events(51_234, MAX_EVENTS),),
)
async def distribution_of_product(request: ProductRequest) -> Response:
    """How many ratings lie in each half point from 0 to 5; the last one has the fives as well."""
    window = request.query.get(RAW_WINDOW)
    if window is None:
        read = await request.services.dashboard.distributions.read(request.product)
    else:
        in_window = await request.services.dashboard.window_distributions.read((request.product, window))
        if isinstance(in_window, TooManyEvents):
            raise too_many_events(in_window.events, MAX_EVENTS)
        read = in_window
    found = known(read, request.product)
    span = None if found.span is None else interval(found.span)
    return answer(request.http, rating_distribution(found), found.as_of, window=span)
