"""What is known of a product."""

from fastapi import Response

from api.auth.access import RATINGS_READ, SALES_READ
from api.web.bodies.products import ProductDetails, product_details
from api.web.bodies.texts import interval
from api.web.direct_routes import Resource
from api.web.problems import known
from api.web.requests import OneProduct, ProductRequest
from api.web.responses import answer

resource = Resource("products")


@resource.get(
    "/api/product/{product_id}",
    OneProduct(SALES_READ, RATINGS_READ),
    operation_id="getProduct",
    summary="What is known of a product",
    model=ProductDetails,
    windowed=True,
    example={
        "id": 3,
        "name": "Chair",
        "category": "Furniture",
        "first_seen": "2026-03-01T08:12:00.125Z",
        "last_seen": "2026-06-01T11:58:30.000Z",
        "total": 3000,
        "units": 30,
        "sales": 2,
        "average_rating": 4.5,
        "ratings": 12,
    },
)
async def product(request: ProductRequest) -> Response:
    """Its present name and category, when it was first and last seen, what it sold in the last hour (`Data-Window`),
    and its ratings over all time. All of it is of one moment.
    """
    found = known(await request.services.dashboard.products.read(request.product), request.product)
    body = product_details(request.product, found)
    return answer(request.http, body, found.as_of, window=interval(found.span))
