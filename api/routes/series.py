"""Curves: sales and ratings by minute, ten minutes, hour or day, as a zone's calendar divides time."""

from typing import Any, Final

from fastapi import Request, Response

from api.auth.access import RATINGS_READ, SALES_READ
from api.reads.spans.calendar import Step
from api.reads.spans.series import BUCKETS, Course, Series
from api.reads.spans.windows import Window
from api.reads.spans.zones import zone
from api.routes.spans import Compare
from api.web.bodies.series import (
    RATINGS,
    SALES,
    Columns,
    RatingSeries,
    SalesSeries,
    series_body,
    series_columns,
    series_rows,
    span_of,
)
from api.web.bodies.texts import interval
from api.web.csv_table import table
from api.web.direct_routes import Resource
from api.web.negotiation import FORMAT, json_or_csv
from api.web.parameters import Choice, Zone, either
from api.web.problems import known
from api.web.query import Query
from api.web.requests import AllProducts, AllProductsRequest, OneProduct, ProductRequest

resource = Resource("series")

_PAIRS: Final = ", ".join(f"{window}/{step}" for window, step in BUCKETS)
WINDOW: Final = Choice(
    "window",
    Window,
    description=f"How far back the series goes, in buckets of the calendar. The pairs of window and step are {_PAIRS}.",
    example="24h",
    default=Window.DAY,
)
STEP: Final = Choice(
    "step",
    Step,
    description="How long a bucket is. Without it, the longest step that goes with the window.",
    example="1h",
)
TZ: Final = Zone(
    "tz",
    description="The zone whose calendar divides the time, by its name in the tz database.",
    example="Europe/Berlin",
    default=zone("UTC"),
)
COMPARE: Final = Choice(
    "compare",
    Compare,
    description="`previous` adds as many buckets before the first one. They are over, whereas the last point is still "
    "in progress: do not compare the sum of all points with theirs.",
    example="previous",
)
_PARAMETERS: Final = (WINDOW, STEP, TZ, COMPARE, FORMAT)


def _example(first: dict[str, Any], between: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    """A week of which the days between the first and the last have the same numbers."""
    days = [f"2026-05-{day}" for day in range(26, 32)] + ["2026-06-01"]
    points = [
        {"at": f"{day}T00:00:00+02:00", **numbers, "partial": numbers is last}
        for day, numbers in zip(days, (first, *[between] * 5, last), strict=True)
    ]
    return {
        "from": "2026-05-26T00:00:00+02:00",
        "to": "2026-06-02T00:00:00+02:00",
        "step": "1d",
        "tz": "Europe/Berlin",
        "points": points,
    }


def _as_csv(example: dict[str, Any]) -> str:
    """The same example as CSV."""
    rows = [[str(cell) if isinstance(cell, float) else cell for cell in row.values()] for row in example["points"]]
    return table(list(example["points"][0]), rows).decode()


_FIRST_DAY: Final = {"amount": 500.01, "units": 5, "sales": 3}
_NO_SALES: Final = {"amount": 0, "units": 0, "sales": 0}
_OF_ALL: Final = _example(_FIRST_DAY, _NO_SALES, {"amount": 441408.168, "units": 4056, "sales": 6})
_OF_PRODUCT: Final = _example(_FIRST_DAY, _NO_SALES, {"amount": 5400, "units": 54, "sales": 3})
_NO_RATINGS: Final = {"average": None, "ratings": 0}
_OF_RATINGS: Final = _example(_NO_RATINGS, _NO_RATINGS, {"average": 4.5, "ratings": 2})


@resource.get(
    "/api/product/sale/series",
    AllProducts(SALES_READ),
    parameters=_PARAMETERS,
    operation_id="getSalesSeries",
    summary="Sales of all products as a curve",
    model=SalesSeries,
    example=_OF_ALL,
    csv_example=_as_csv(_OF_ALL),
)
async def sales_series(request: AllProductsRequest) -> Response:
    """Sums of the sales of all products by bucket, exact to the digit. A bucket without sales has zeros."""
    course = _course(request.query)
    series = await request.services.dashboard.all_sales_series.read(course)
    return _answer(request.http, request.query, SALES, course, series)


@resource.get(
    "/api/product/sale/{product_id}/series",
    OneProduct(SALES_READ),
    parameters=_PARAMETERS,
    operation_id="getProductSalesSeries",
    summary="Sales of a product as a curve",
    model=SalesSeries,
    example=_OF_PRODUCT,
    csv_example=_as_csv(_OF_PRODUCT),
)
async def sales_series_of_product(request: ProductRequest) -> Response:
    """Sums of the product's sales by bucket, exact to the digit. A bucket without sales has zeros."""
    course = _course(request.query)
    series = known(await request.services.dashboard.sales_series.read((request.product, course)), request.product)
    return _answer(request.http, request.query, SALES, course, series)


@resource.get(
    "/api/product/rating/{product_id}/series",
    OneProduct(RATINGS_READ),
    parameters=_PARAMETERS,
    operation_id="getProductRatingSeries",
    summary="Ratings of a product as a curve",
    model=RatingSeries,
    example=_OF_RATINGS,
    csv_example=_as_csv(_OF_RATINGS),
)
async def rating_series_of_product(request: ProductRequest) -> Response:
    """The average of the ratings of each bucket, and how many there are."""
    course = _course(request.query)
    series = known(await request.services.dashboard.rating_series.read((request.product, course)), request.product)
    return _answer(request.http, request.query, RATINGS, course, series)


def _course(query: Query) -> Course:
    """What the query asks for. Raises Problem (400) for a window and a step that do not go together."""
    window, step = query[WINDOW], query.get(STEP)
    steps = [each for of, each in BUCKETS if of is window]
    if step is None:
        step = steps[-1]
    if step not in steps:
        raise STEP.refused(step, f", which does not go with the window {window}", wanted=either(steps))
    return Course(window, step, query[TZ], query.get(COMPARE) is not None)


def _answer(http: Request, query: Query, columns: Columns, course: Course, series: Series) -> Response:
    """Answer with the points as JSON or as CSV."""
    return json_or_csv(
        http,
        query,
        "series",
        lambda: series_body(columns, course, series),
        lambda: table(series_columns(columns), series_rows(columns, course, series)),
        series.as_of,
        interval(span_of(series)),
    )
