"""Sales of the last hour."""

from fastapi import Response

from api.auth.access import SALES_READ
from api.web.direct_routes import Resource
from api.web.problems import no_product
from api.web.requests import AllProducts, AllProductsRequest, OneProduct, ProductRequest
from api.web.responses import TotalSales, answer, total_sales

resource = Resource("sales")


@resource.get(
    "/api/product/sale/{product_id}",
    OneProduct(SALES_READ),
    operation_id="getProductSales",
    summary="Sales of a product in the last hour",
    model=TotalSales,
    example={"total": 3000},
)
async def sales_of_product(request: ProductRequest) -> Response:
    """Sum of `amount` over the product's sales of the last 3600 seconds, exact to the second and to the digit.

    0 for a known product without sales in that time.
    """
    sales = await request.services.sales.read(request.product)
    if sales is None:
        raise no_product(request.product)
    return answer(request.http, total_sales(sales.total), sales.as_of)


@resource.get(
    "/api/product/sale",
    AllProducts(SALES_READ),
    operation_id="getSales",
    summary="Sales of all products in the last hour",
    model=TotalSales,
    example={"total": 245226.76},
)
async def sales_of_all_products(request: AllProductsRequest) -> Response:
    """Sum of `amount` over all sales of the last 3600 seconds, exact to the second and to the digit."""
    sales = await request.services.all_sales.read(None)
    return answer(request.http, total_sales(sales.total), sales.as_of)
