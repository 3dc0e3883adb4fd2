"""Sales of the last hour, of other windows, and compared with the time before."""

from typing import Final

from fastapi import Response

from api.auth.access import SALES_READ
from api.reads.spans.windows import Window
from api.routes.spans import COMPARE, WINDOW
from api.web.bodies.sales import ComparedSales, ProductTotals, compared_sales, product_totals
from api.web.bodies.texts import interval
from api.web.direct_routes import Resource
from api.web.parameters import Ids
from api.web.problems import known
from api.web.requests import AllOrSomeProducts, OneProduct, ProductRequest, SomeProductsRequest
from api.web.responses import TotalSales, answer, total_sales

resource = Resource("sales")

IDS: Final = Ids(
    "ids",
    description="Products whose totals are wanted, each by itself. Goes with `window` and not with `compare`.",
    example="1,2,3",
)


@resource.get(
    "/api/product/sale/{product_id}",
    OneProduct(SALES_READ),
    parameters=(WINDOW, COMPARE),
    operation_id="getProductSales",
    summary="Sales of a product in a window",
    model=ComparedSales | TotalSales,
    example={"total": 3000},
    examples={"compare=previous": {"total": 3000, "previous": 2400, "change": 0.25}},
)
async def sales_of_product(request: ProductRequest) -> Response:
    """Sum of `amount` over the product's sales of the last 3600 seconds, or of the window, exact to the digit.

    0 for a known product without sales in that time. `compare=previous` adds `previous` and `change`.
    """
    window, compare = request.query.get(WINDOW), request.query.get(COMPARE)
    if compare is not None:
        of_both = await request.services.dashboard.compared.read((request.product, window or Window.HOUR))
        compared = known(of_both, request.product)
        return answer(request.http, compared_sales(compared), compared.as_of, window=interval(compared.span))
    if window is not None:
        windowed = known(await request.services.dashboard.windows.read((request.product, window)), request.product)
        return answer(request.http, total_sales(windowed.total), windowed.as_of, window=interval(windowed.span))
    sales = known(await request.services.sales.read(request.product), request.product)
    return answer(request.http, total_sales(sales.total), sales.as_of)


@resource.get(
    "/api/product/sale",
    AllOrSomeProducts(SALES_READ, ids=IDS),
    parameters=(WINDOW, COMPARE, IDS),
    operation_id="getSales",
    summary="Sales of all products, or of some, in a window",
    model=ComparedSales | TotalSales | ProductTotals,
    example={"total": 245226.76},
    examples={
        "ids=3,5,12": {"totals": {"3": 3000, "5": None, "12": 242226.76}},
        "compare=previous": {"total": 245226.76, "previous": 196181.408, "change": 0.25},
    },
)
async def sales_of_all_products(request: SomeProductsRequest) -> Response:
    """Sum of `amount` over all sales of the last 3600 seconds, or of the window, exact to the digit.

    `compare=previous` adds `previous` and `change`. With `ids` the answer has `totals`, a sum for each of the products.
    """
    window, compare = request.query.get(WINDOW), request.query.get(COMPARE)
    if request.products is not None:
        if compare is not None:
            raise COMPARE.misplaced(compare, "ids")
        return await _totals(request, request.products, window or Window.HOUR)
    services = request.services
    if compare is not None:
        compared = await services.dashboard.all_compared.read(window or Window.HOUR)
        return answer(request.http, compared_sales(compared), compared.as_of, window=interval(compared.span))
    if window is not None:
        windowed = await services.dashboard.all_windows.read(window)
        return answer(request.http, total_sales(windowed.total), windowed.as_of, window=interval(windowed.span))
    sales = await services.all_sales.read(None)
    return answer(request.http, total_sales(sales.total), sales.as_of)


async def _totals(request: SomeProductsRequest, products: tuple[int, ...], window: Window) -> Response:
    """Answer with the total of each product. All of them are of one moment."""
    totals = await request.services.dashboard.batches.read((products, window))
    return answer(request.http, product_totals(totals.of), totals.as_of, window=interval(totals.span))
