"""Sales of the last hour."""

from fastapi import FastAPI, Request, Response

from api.auth.access import SALES_READ
from api.web import documentation
from api.web.direct_routes import DirectRoute
from api.web.problems import no_product
from api.web.requests import ProductId, SalesCaller, check_product, product_number, refuse_query, services_of
from api.web.responses import TotalSales, answer, total_sales


def add_to(app: FastAPI) -> None:
    """Add this resource's routes."""
    app.router.add_api_route(
        "/api/product/sale/{product_id}",
        sales_of_product,
        route_class_override=DirectRoute,
        tags=["sales"],
        summary="Sales of a product in the last hour",
        responses=documentation.answers(TotalSales, {"total": 3000}, scope=SALES_READ, of_product=True),
    )
    app.router.add_api_route(
        "/api/product/sale",
        sales_of_all_products,
        route_class_override=DirectRoute,
        tags=["sales"],
        summary="Sales of all products in the last hour",
        responses=documentation.answers(TotalSales, {"total": 245226.76}, scope=SALES_READ, of_product=False),
    )


async def sales_of_product(request: Request, product_id: ProductId, caller: SalesCaller) -> Response:
    """Sum of `amount` over the product's sales of the last 3600 seconds, exact to the second and to the digit.

    0 for a known product without sales in that time.
    """
    refuse_query(request)
    product = product_number(product_id)
    check_product(caller, product, SALES_READ)
    sales = await services_of(request).sales.read(product)
    if sales is None:
        raise no_product(product_id)
    return answer(request, total_sales(sales.total), sales.as_of)


async def sales_of_all_products(request: Request, caller: SalesCaller) -> Response:
    """Sum of `amount` over all sales of the last 3600 seconds, exact to the second and to the digit."""
    refuse_query(request)
    check_product(caller, None, SALES_READ)
    sales = await services_of(request).all_sales.read(None)
    return answer(request, total_sales(sales.total), sales.as_of)
