"""What the API must answer once every published message has been counted; computed from the messages alone."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from stack.drivers.client import Api
from stack.waiting import POLL_SECONDS

SALES = "/api/product/sale"
RATINGS = "/api/product/rating"
CENT = Decimal("0.01")

# The sums of the four messages of demo.ndjson. Product 3 has two sales, of 2000 and 1000. Product 1 has two ratings, 4
# and 5: their number and their sum.
FOUR_AMOUNTS = {3: Decimal(3000)}
FOUR_RATINGS = {1: (2, Decimal(9))}


@dataclass(frozen=True)
class Expectation:
    """A path of the API, and the value that the answer's `member` must have; None (null) for no ratings yet."""

    path: str
    member: str
    value: Decimal | None

    def __str__(self) -> str:
        return f"{self.path} {self.member} = {self.value}"


def of_four() -> list[Expectation]:
    """Return what the API must answer after the four messages of demo.ndjson."""
    return [Expectation(f"{SALES}/3", "total", Decimal(3000)), _rating(1, 2, Decimal(9))]


def of_generated(totals_file: Path, products: tuple[int, ...]) -> list[Expectation]:
    """Return what the API must answer after the four messages and generated ones: on all sales, and on each product.

    `totals_file` is what `scripts.publish generate --totals` wrote about the generated messages.
    """
    totals = json.loads(totals_file.read_text(), parse_float=Decimal)
    everything = Decimal(totals["amount"]) + sum(FOUR_AMOUNTS.values())
    expected = [Expectation(SALES, "total", everything)]
    for product in products:
        expected += _of_product(product, totals["products"][str(product)])
    return expected


def unmet(api: Api, expected: list[Expectation], seconds: float) -> Mapping[Expectation, Decimal | None]:
    """Ask until every expectation is met, for at most so many seconds; return those that are not, with their answers.

    The result is empty when all are met.
    """
    deadline = time.monotonic() + seconds
    while True:
        answers = {expectation: api.value(expectation.path, expectation.member) for expectation in expected}
        wrong = {expectation: answer for expectation, answer in answers.items() if answer != expectation.value}
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(POLL_SECONDS)


def _of_product(product: int, totals: dict[str, Any]) -> list[Expectation]:
    amount = Decimal(totals["amount"]) + FOUR_AMOUNTS.get(product, 0)
    count, rating_sum = FOUR_RATINGS.get(product, (0, Decimal(0)))
    rating = _rating(product, totals["ratings"] + count, Decimal(totals["rating_sum"]) + rating_sum)
    return [Expectation(f"{SALES}/{product}", "total", amount), rating]


def _rating(product: int, count: int, rating_sum: Decimal) -> Expectation:
    average = (rating_sum / count).quantize(CENT, ROUND_HALF_EVEN) if count else None
    return Expectation(f"{RATINGS}/{product}", "average_rating", average)
