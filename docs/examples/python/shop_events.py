"""Builds events as JSON. `python shop_events.py` prints one of each kind."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal


def sold(product_id: int, name: str, units: int, amount: Decimal, at: datetime, event_id: str) -> str:
    """A sale. The amount is sent as text, since json.dumps takes no Decimal and a float may have a 17th digit."""
    return _json(
        event="productSold",
        event_id=event_id,
        name_of_product=name,
        product_id=product_id,
        no_of_units=units,
        amount=str(amount),
        occurred_at=at.isoformat(timespec="milliseconds"),  # `at` has a time zone, so this ends in its offset
        currency="EUR",  # a field that the contract does not know: it is stored with the event
    )


def rated(product_id: int, name: str, rating: Decimal, category: str, at: datetime, event_id: str) -> str:
    """A rating from 0 to 5."""
    return _json(
        event="productRated",
        event_id=event_id,
        name_of_product=name,
        product_id=product_id,
        rating=str(rating),
        category=category,
        occurred_at=at.isoformat(timespec="milliseconds"),
    )


def _json(**fields: object) -> str:
    return json.dumps(fields, allow_nan=False)


if __name__ == "__main__":
    at = datetime(2026, 5, 31, 10, 30, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    print(sold(3, 'Chair "Bär" & Söhne', 10, Decimal("1000.50"), at, "order-4711-line-2"))
    print(rated(3, 'Chair "Bär" & Söhne', Decimal("4.5"), "Möbel/Stühle", at, "rating-815"))
