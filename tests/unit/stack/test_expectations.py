"""What the demonstration expects of the API, compared with sums made by hand."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from stack.drivers import expectations
from stack.drivers.expectations import Expectation


@pytest.fixture
def totals(tmp_path: Path) -> Path:
    """Totals of products 1, 3 and 9 in a file, as `scripts.publish generate --totals` writes it; 9 has no ratings."""
    product = {"sales": 1, "units": 1, "amount": "0.000001", "ratings": 1, "rating_sum": "2.25"}
    unrated = {"sales": 1, "units": 1, "amount": "7", "ratings": 0, "rating_sum": "0"}
    file = tmp_path / "totals.json"
    file.write_text(json.dumps({"amount": "7.000003", "products": {"1": product, "3": product, "9": unrated}}))
    return file


def test_the_four_messages() -> None:
    assert expectations.of_four() == [
        Expectation("/api/product/sale/3", "total", Decimal(3000)),
        Expectation("/api/product/rating/1", "average_rating", Decimal("4.5")),
    ]


def test_generated_messages_come_on_top_of_the_four(totals: Path) -> None:
    assert expectations.of_generated(totals, (1, 3, 9)) == [
        Expectation("/api/product/sale", "total", Decimal("3007.000003")),
        Expectation("/api/product/sale/1", "total", Decimal("0.000001")),
        # (4 + 5 + 2.25) / 3
        Expectation("/api/product/rating/1", "average_rating", Decimal("3.75")),
        Expectation("/api/product/sale/3", "total", Decimal("3000.000001")),
        Expectation("/api/product/rating/3", "average_rating", Decimal("2.25")),
        Expectation("/api/product/sale/9", "total", Decimal(7)),
        Expectation("/api/product/rating/9", "average_rating", None),
    ]
