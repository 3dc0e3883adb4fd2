"""Ratings over all time."""

from fastapi import APIRouter, Request, Response

from api import documentation
from api.access import RATINGS_READ
from api.dependencies import ProductId, RatingsCaller, ServicesOfApp, check_product, product_number, refuse_query
from api.problems import no_product
from api.responses import AverageRating, answer, average_rating

router = APIRouter(prefix="/api/product", tags=["ratings"])


@router.get(
    "/rating/{product_id}",
    summary="Average rating of a product",
    responses=documentation.answers(AverageRating, {"average_rating": 4.5}, of_product=True),
)
async def rating_of_product(
    request: Request, product_id: ProductId, caller: RatingsCaller, services: ServicesOfApp
) -> Response:
    """Mean of all ratings of the product, rounded half-even to two decimals; null for a known product without any."""
    refuse_query(request)
    product = product_number(product_id)
    check_product(caller, product, RATINGS_READ)
    rating = await services.ratings.read(product)
    if rating is None:
        raise no_product(product_id)
    return answer(request, average_rating(rating.average), rating.as_of)
