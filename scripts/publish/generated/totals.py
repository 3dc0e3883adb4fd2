"""Adds up what is expected of messages: what consumers must have counted once they have read them all.

Tests compare these totals with what MongoDB holds or the API answers. No code of the consumer takes part in them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from scripts.publish.generated.generate import Expected, ExpectedSale, GeneratedMessage

AMOUNT_DECIMALS = 6
RATING_DECIMALS = 2


@dataclass(slots=True)
class ProductTotals:
    """Exact sums of one product: `amount` in millionths, `rating_sum` in hundredths, the others are counts."""

    sales: int = 0
    units: int = 0
    amount: int = 0
    ratings: int = 0
    rating_sum: int = 0


@dataclass(slots=True)
class Totals:
    """Sums over the messages added so far: by product id, and how many were rejected by reason. Their order does not
    matter."""

    products: dict[int, ProductTotals] = field(default_factory=lambda: defaultdict(ProductTotals))
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, expected: Expected) -> None:
        """Add one message by what is expected of it."""
        if isinstance(expected, str):
            self.rejected[expected] += 1
            return
        product = self.products[expected.product]
        if isinstance(expected, ExpectedSale):
            product.sales += 1
            product.units += expected.units
            product.amount += expected.amount
        else:
            product.ratings += 1
            product.rating_sum += expected.rating

    @property
    def accepted(self) -> int:
        """How many of the messages a consumer accepts."""
        return sum(product.sales + product.ratings for product in self.products.values())

    @property
    def amount(self) -> Decimal:
        """Exact sum of the amounts of all accepted sales."""
        return exact(sum(product.amount for product in self.products.values()), AMOUNT_DECIMALS)

    def as_json(self) -> dict[str, Any]:
        """The totals as JSON: decimals as text, products by id in ascending order."""
        return {
            "accepted": self.accepted,
            "rejected": dict(sorted(self.rejected.items())),
            "amount": decimal_text(self.amount),
            "products": {str(number): _product_json(self.products[number]) for number in sorted(self.products)},
        }


def counted(messages: Iterable[GeneratedMessage], totals: Totals) -> Iterator[GeneratedMessage]:
    """Pass the messages on, and add each to `totals` when it is taken. `totals` is complete when they are exhausted."""
    add = totals.add
    for message in messages:
        add(message.expected)
        yield message


def total(messages: Iterable[GeneratedMessage]) -> Totals:
    """Totals of all `messages`."""
    totals = Totals()
    for message in messages:
        totals.add(message.expected)
    return totals


def exact(units: int, decimals: int) -> Decimal:
    """`units` times ten to the minus `decimals`, not rounded however many digits it has: (2500, 6) gives 0.002500."""
    return Decimal((0 if units >= 0 else 1, tuple(map(int, str(abs(units)))), -decimals))


def decimal_text(number: Decimal) -> str:
    """The number without an exponent and without trailing zeros after the point, as the API writes it: 3000.50 gives
    `3000.5`, 1E+3 gives `1000`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _product_json(product: ProductTotals) -> dict[str, Any]:
    return {
        "sales": product.sales,
        "units": product.units,
        "amount": decimal_text(exact(product.amount, AMOUNT_DECIMALS)),
        "ratings": product.ratings,
        "rating_sum": decimal_text(exact(product.rating_sum, RATING_DECIMALS)),
    }
