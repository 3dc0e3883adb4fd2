"""Bodies of answers about sales in a window."""

from collections.abc import Mapping

from pydantic import BaseModel, Field

from api.reads.spans.comparison import Compared
from api.web.bodies.texts import amount_text, optional_amount, ratio_text
from api.web.responses import TotalSales


class ComparedSales(TotalSales):
    """Sales of a span and of the span before it, which is as long."""

    previous: float | None = Field(
        description="Sum of the amounts of the span before. Null while `Data-As-Of` is unknown.",
        examples=[2500],
    )
    change: float | None = Field(
        description="(total - previous) / previous with four decimals, rounded half-even: 0.2 is 20 %. Null where "
        "there is nothing to compare with.",
        examples=[0.2],
    )


class ProductTotals(BaseModel):
    """Sales of several products."""

    totals: dict[str, float | None] = Field(
        description="Sum of the amounts by product id, in the order of the request; null for an unknown product.",
        examples=[{"1": 10, "2": None}],
    )


def compared_sales(compared: Compared) -> bytes:
    """`{"total": 12, "previous": 10, "change": 0.2000}`."""
    total, previous = amount_text(compared.total), optional_amount(compared.previous)
    return f'{{"total": {total}, "previous": {previous}, "change": {ratio_text(compared.change)}}}'.encode()


def product_totals(totals: Mapping[int, int | None]) -> bytes:
    """`{"totals": {"1": 10, "2": null}}`."""
    members = (f'"{product}": {optional_amount(amount)}' for product, amount in totals.items())
    return f'{{"totals": {{{", ".join(members)}}}}}'.encode()
