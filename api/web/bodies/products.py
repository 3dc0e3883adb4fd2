"""The body of the answer about one product."""

import json
from datetime import datetime

from pydantic import BaseModel, Field

from api.reads.products.product import Product
from api.web.bodies.texts import amount_text, rating_text, time_text


class ProductDetails(BaseModel):
    """What is known of a product."""

    id: int = Field(ge=0, description="Its id.", examples=[3])
    name: str | None = Field(description="What its newest event calls it.", examples=["Chair"])
    category: str | None = Field(description="That of its newest rating; null without ratings.", examples=["Furniture"])
    first_seen: datetime = Field(description="The time of its oldest event.", examples=["2026-11-30T09:58:48.954Z"])
    last_seen: datetime = Field(
        description="The time of its newest event; once retention has dropped that, the hour or day.",
        examples=["2026-11-30T12:31:07.120Z"],
    )
    total: float = Field(description="Sum of the amounts of the last hour, exact.", examples=[3000])
    units: int = Field(ge=0, description="Units sold in the last hour.", examples=[30])
    sales: int = Field(ge=0, description="Sales of the last hour.", examples=[3])
    average_rating: float | None = Field(
        ge=0, le=5, description="Of all time, rounded half-even to two decimals; null without ratings.", examples=[4.5]
    )
    ratings: int = Field(ge=0, description="Ratings of all time.", examples=[12])


def product_details(product_id: int, product: Product) -> bytes:
    """`{"id": 3, "name": "Chair", "category": "Furniture", "first_seen": "…", …}`."""
    members = {
        "id": str(product_id),
        "name": _text(product.named.name),
        "category": _text(product.named.category),
        "first_seen": _text(time_text(product.first_seen)),
        "last_seen": _text(time_text(product.last_seen)),
        "total": amount_text(product.last_hour.amount),
        "units": str(product.last_hour.units),
        "sales": str(product.last_hour.sales),
        "average_rating": rating_text(product.average),
        "ratings": str(product.ratings),
    }
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in members.items()) + "}").encode()


def _text(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)
