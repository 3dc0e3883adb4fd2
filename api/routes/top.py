"""The first products by what they sold, or how they were rated."""

from typing import Final

from fastapi import Response

from api.auth.access import RATINGS_READ, SALES_READ
from api.reads.spans.window_sums import Span
from api.reads.spans.windows import Window
from api.reads.top.measures import Measure
from api.reads.top.view import NotReady
from api.web.bodies.texts import interval
from api.web.bodies.top import TopProduct, top_products, top_products_csv
from api.web.direct_routes import Resource
from api.web.negotiation import FORMAT, json_or_csv
from api.web.parameters import Choice, Whole
from api.web.problems import not_ready
from api.web.requests import ListedProducts, ListRequest, need

MOST_RANKED: Final = 100
"""Products of one answer: a screen shows some ten, a page of a report a hundred. Twice as many need the raw events of
twice as many products in each new minute; half as many would make a report ask twice."""
MOST_RATINGS: Final = 1_000_000
"""The highest `min_ratings`. More than any product has in 30 days, so a higher bound would change no answer."""

BY: Final = Choice(
    "by",
    Measure,
    description="What products are ranked by: the sum of the amounts, the units sold, the number of sales, or the "
    "average rating.",
    example="units",
    default=Measure.AMOUNT,
)
TOP_WINDOW: Final = Choice(
    "window",
    Window,
    description="How far back the answer looks. `15m` and `1h` are to the second; `24h`, `7d` and `30d` begin at a "
    "full hour (UTC). The header `Data-Window` has the span.",
    example="24h",
    default=Window.HOUR,
)
LIMIT: Final = Whole("limit", 1, MOST_RANKED, description="The most products.", example="20", default=10)
MIN_RATINGS: Final = Whole(
    "min_ratings",
    1,
    MOST_RATINGS,
    description="Products with fewer ratings in the window are left out; only with `by=rating`. Without it, 1.",
    example="5",
)

resource = Resource("products")


@resource.get(
    "/api/product/top",
    ListedProducts(SALES_READ, RATINGS_READ, any_of=True),
    operation_id="getTopProducts",
    summary="The first products by sales or ratings",
    parameters=(BY, TOP_WINDOW, LIMIT, MIN_RATINGS, FORMAT),
    model=list[TopProduct],
    example=[{"id": 3, "name": "Chair", "value": 3000}, {"id": 12, "name": "Desk", "value": 1200.5}],
    csv_example="id,name,value\r\n3,Chair,3000\r\n12,Desk,1200.5\r\n",
)
async def top(request: ListRequest) -> Response:
    """The first products of the window, exactly; of equal values, the product with the lower id comes first. Products
    whose value is 0 are left out; by rating, products without a rating.

    By rating the token needs `ratings:read`, else `sales:read`. A token that is limited to products ranks these alone.
    An instance that has just started, or was not asked for a while, may answer 503 for some seconds while it reads all
    sums.
    """
    measure, least = request.query[BY], request.query.get(MIN_RATINGS)
    need(request.caller, RATINGS_READ if measure is Measure.RATING else SALES_READ)
    if least is not None and measure is not Measure.RATING:
        raise MIN_RATINGS.misplaced(str(least), f"by={measure.value}")
    window, limit = request.query[TOP_WINDOW], request.query[LIMIT]
    try:
        found = await request.services.tops.top(measure, window, limit, least or 1, request.products)
    except NotReady:
        raise not_ready() from None
    return json_or_csv(
        request.http,
        request.query,
        "top",
        lambda: top_products(measure, found.products),
        lambda: top_products_csv(measure, found.products),
        found.as_of,
        interval(Span(found.begin, found.now)),
    )
