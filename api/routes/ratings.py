"""Ratings over all time."""

from fastapi import Response

from api.auth.access import RATINGS_READ
from api.web.direct_routes import Resource
from api.web.problems import no_product
from api.web.requests import OneProduct, ProductRequest
from api.web.responses import AverageRating, answer, average_rating

resource = Resource("ratings")


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
    rating = await request.services.ratings.read(request.product)
    if rating is None:
        raise no_product(request.product)
    return answer(request.http, average_rating(rating.average), rating.as_of)
