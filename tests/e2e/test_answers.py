"""From published events to answers, through Kafka, consumers, MongoDB, API instances and nginx."""

import json
from pathlib import Path

import httpx
import pytest

from stack.drivers import expectations
from stack.drivers.client import Api
from tests.support.process import ROOT
from tests.support.product.interface import Product

MESSAGES = ROOT / "stack/demo.ndjson"


@pytest.fixture(scope="module", autouse=True)
def _four_messages(started_product: Product) -> None:
    """Every test here, whichever runs, finds the four messages of the demonstration published once."""
    started_product.publish("file", "-", given=MESSAGES.read_bytes())


def test_the_four_messages_become_the_two_answers(product: Product, token: str, client: httpx.Client) -> None:
    with Api(product.url, token, product.authority) as api:
        assert expectations.unmet(api, expectations.of_four(), 30) == {}
    assert client.get("/api/product/sale/3").text == '{"total": 3000}'
    assert client.get("/api/product/rating/1").text == '{"average_rating": 4.5}'


def test_generated_messages_are_all_counted(product: Product, token: str, tmp_path: Path) -> None:
    """Their sums come on top of those of the four messages."""
    totals = tmp_path / "totals.json"
    arguments = ("--count", "5000", "--products", "50", "--invalid", "0.05", "--seed", "3", "--totals", "/dev/stdout")
    totals.write_text(product.publish("generate", *arguments))
    expected = expectations.of_generated(totals, tuple(range(1, 51)))
    with Api(product.url, token, product.authority) as api:
        assert expectations.unmet(api, expected, 30) == {}
    assert sum(json.loads(totals.read_text())["rejected"].values()) > 100
