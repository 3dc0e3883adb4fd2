"""The answer of a search for products: its model for OpenAPI, and its bodies."""

import json
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, Field

from api.reads.names.search import FoundProduct
from api.web.csv_table import table
from shared.events import MAX_PRODUCT_ID

COLUMNS: Final = ("id", "name", "category")
"""The fields of a product in a list, and the columns of the same list as CSV."""


class ListedProduct(BaseModel):
    """A product in a list."""

    id: int = Field(ge=0, le=MAX_PRODUCT_ID, description="The product's id.", examples=[3])
    name: str = Field(description="The name that its newest event gave it.", examples=["Chair"])
    category: str | None = Field(
        description="The category that its newest rating gave it; null for a product that nobody has rated.",
        examples=["Furniture"],
    )


class FoundProducts(BaseModel):
    """A page of the products that a search found."""

    products: list[ListedProduct] = Field(
        description="In the order of their names without case, and of their ids where these are equal."
    )
    next: int | None = Field(
        ge=0,
        le=MAX_PRODUCT_ID,
        description="Give it as `after` for the page behind this one. Null: there is none.",
        examples=[17],
    )


def found_products(products: Sequence[FoundProduct], following: int | None) -> bytes:
    """The body with a page of products, and what `next` says."""
    rows = [dict(zip(COLUMNS, product, strict=True)) for product in products]
    return json.dumps({"products": rows, "next": following}, ensure_ascii=False).encode()


def found_products_csv(products: Sequence[FoundProduct]) -> bytes:
    """The same page as CSV."""
    return table(COLUMNS, products)
