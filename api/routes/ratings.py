"""Ratings over all time."""

from fastapi import FastAPI, Request, Response

from api.auth.access import RATINGS_READ
from api.web import documentation
from api.web.direct_routes import DirectRoute
from api.web.problems import no_product
from api.web.requests import ProductId, RatingsCaller, check_product, product_number, refuse_query, services_of
from api.web.responses import AverageRating, answer, average_rating


def add_to(app: FastAPI) -> None:
    """Add this resource's route."""
    app.router.add_api_route(
        "/api/product/rating/{product_id}",
        rating_of_product,
        route_class_override=DirectRoute,
        tags=["ratings"],
        summary="Average rating of a product",
        responses=documentation.answers(AverageRating, {"average_rating": 4.5}, scope=RATINGS_READ, of_product=True),
    )


async def rating_of_product(request: Request, product_id: ProductId, caller: RatingsCaller) -> Response:
    """Mean of all ratings of the product, rounded half-even to two decimals; null for a known product without any."""
    refuse_query(request)
    product = product_number(product_id)
    check_product(caller, product, RATINGS_READ)
    rating = await services_of(request).ratings.read(product)
    if rating is None:
        raise no_product(product_id)
    return answer(request, average_rating(rating.average), rating.as_of)
