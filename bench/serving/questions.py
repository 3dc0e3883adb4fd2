"""What a dashboard asks: each question's path, and the address of the plain style's answer to the same question.

`{product}` stands for any product. `bench.serving.plain_style` has the plain style's aggregations.
"""

from typing import Final, NamedTuple


class Asked(NamedTuple):
    """A route, and the plain style's address for the same question, if it has one."""

    path: str
    plain: str | None


IDS: Final = ",".join(map(str, range(1, 101)))
_WINDOW: Final = "window=30d"
_MONTH: Final = f"{_WINDOW}&step=1d&tz=Asia/Kathmandu"

ONE, BATCH, DETAILS = "sale/{id}", "sale?ids= (100)", "{id}"
TOP = "top, 1 hour"
CURVE, CURVE_OF_ALL = "sale/{id}/series, 30 days", "sale/series, 30 days"
ROUTES: Final = {
    ONE: Asked("/api/product/sale/{product}", "/bench/plain/hour/{product}"),
    BATCH: Asked(f"/api/product/sale?ids={IDS}", f"/bench/plain/ids/{IDS}"),
    "sale/{id}, 30 days": Asked(f"/api/product/sale/{{product}}?{_WINDOW}", "/bench/plain/month/{product}"),
    "… compared": Asked(f"/api/product/sale/{{product}}?{_WINDOW}&compare=previous", "/bench/plain/compared/{product}"),
    "sale, 30 days": Asked(f"/api/product/sale?{_WINDOW}", "/bench/plain/month/all"),
    "sale, 30 days, compared": Asked(f"/api/product/sale?{_WINDOW}&compare=previous", "/bench/plain/compared/all"),
    DETAILS: Asked("/api/product/{product}", "/bench/plain/product/{product}"),
    CURVE: Asked(f"/api/product/sale/{{product}}/series?{_MONTH}", "/bench/plain/days/{product}"),
    "… as CSV": Asked(f"/api/product/sale/{{product}}/series?{_MONTH}&format=csv", "/bench/plain-csv/days/{product}"),
    CURVE_OF_ALL: Asked(f"/api/product/sale/series?{_MONTH}", "/bench/plain/days/all"),
    "sale/{id}/series, 24 h by 10 min": Asked(
        "/api/product/sale/{product}/series?window=24h&step=10m", "/bench/plain/minutes/{product}"
    ),
    "rating/{id}/series, 7 days": Asked(
        "/api/product/rating/{product}/series?window=7d&step=1h", "/bench/plain/rating-hours/{product}"
    ),
    "rating/{id}/distribution": Asked(
        "/api/product/rating/{product}/distribution", "/bench/plain/distribution/{product}"
    ),
    "… of the last hour": Asked(
        "/api/product/rating/{product}/distribution?window=1h", "/bench/plain/distribution-hour/{product}"
    ),
    TOP: Asked("/api/product/top?by=amount&window=1h", "/bench/plain/top-sales/amount,1h"),
}
"""About few products with a long past."""


def searches(products: int) -> dict[str, Asked]:
    """Searches among so many products whose names all begin with "Product".

    The first two are the first pages of 20 and of 100. The plain style is asked for these; it has no place in the
    order from which it could go on.
    """
    prefix, middle = "/api/product?name=pro", products // 2
    twenty, hundred = "/bench/plain/names-20/pro", "/bench/plain/names-100/pro"
    return {
        f"?name=pro, 20 of {products:,}": Asked(f"{prefix}&limit=20", twenty),
        f"?name=pro, 100 of {products:,}": Asked(f"{prefix}&limit=100", hundred),
        "… from the middle on": Asked(f"{prefix}&limit=100&after={middle}", None),
        "?name=, none found": Asked("/api/product?name=nothing", None),
    }
