"""The body of the answer that ranks products."""

import json
from collections.abc import Callable, Iterator
from typing import Final

from pydantic import BaseModel, Field

from api.reads.ratings import half_even
from api.reads.top.measures import Measure, ratings_of
from api.reads.top.reader import Ranked
from api.web.bodies.texts import amount_text, rating_text
from api.web.csv_table import Cell, table


class TopProduct(BaseModel):
    """A product of a top."""

    id: int = Field(ge=0, description="Its id.", examples=[3])
    name: str | None = Field(description="What its newest event calls it.", examples=["Chair"])
    value: float = Field(
        description="What it is ranked by: the amount, exact; units; sales; or the average rating, rounded half-even "
        "to two decimals, whereas its rank goes by the exact average.",
        examples=[3000],
    )
    ratings: int | None = Field(
        default=None, ge=1, description="How many ratings the average is of; only by rating.", examples=[12]
    )


def top_products(measure: Measure, products: tuple[Ranked, ...]) -> bytes:
    """`[{"id": 3, "name": "Chair", "value": 3000}, …]`, by rating with `"ratings": 12`."""
    return b"[%b]" % ", ".join(_member(measure, product) for product in products).encode()


def top_products_csv(measure: Measure, products: tuple[Ranked, ...]) -> bytes:
    """The same as a table."""
    columns = ["id", "name", "value"] + (["ratings"] if measure is Measure.RATING else [])
    return table(columns, _rows(measure, products))


def _rows(measure: Measure, products: tuple[Ranked, ...]) -> Iterator[list[Cell]]:
    for product in products:
        row: list[Cell] = [product.product, product.name, _VALUES[measure](product.total)]
        yield [*row, ratings_of(product.total)[0]] if measure is Measure.RATING else row


def _member(measure: Measure, product: Ranked) -> str:
    name = json.dumps(product.name, ensure_ascii=False)
    rated = f', "ratings": {ratings_of(product.total)[0]}' if measure is Measure.RATING else ""
    return f'{{"id": {product.product}, "name": {name}, "value": {_VALUES[measure](product.total)}{rated}}}'


def _average(total: int) -> str:
    ratings, hundredths = ratings_of(total)
    return rating_text(half_even(hundredths, ratings))


_VALUES: Final[dict[Measure, Callable[[int], str]]] = {
    Measure.AMOUNT: amount_text,
    Measure.UNITS: str,
    Measure.SALES: str,
    Measure.RATING: _average,
}
"""How each measure's sum is written."""
