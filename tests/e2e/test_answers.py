"""From events to answers: publisher, Kafka, consumers, MongoDB, API instances, nginx."""

import json
from pathlib import Path

import httpx

from stack import expectations
from stack.client import Api
from tests.support.system import System

MESSAGES = "stack/demo.ndjson"


def test_the_four_messages_become_the_two_answers(system: System, token: str, client: httpx.Client) -> None:
    system.script("scripts.publish", "file", MESSAGES)
    with Api(system.url, token, system.authority) as api:
        assert expectations.unmet(api, expectations.of_four(), 30) == {}
    assert client.get("/api/product/sale/3").text == '{"total": 3000}'
    assert client.get("/api/product/rating/1").text == '{"average_rating": 4.5}'


def test_generated_messages_are_all_counted(system: System, token: str, tmp_path: Path) -> None:
    """On top of the four: this test needs the one above."""
    totals = tmp_path / "totals.json"
    arguments = ("--count", "5000", "--products", "50", "--invalid", "0.05", "--seed", "3", "--totals", str(totals))
    system.script("scripts.publish", "generate", *arguments)
    expected = expectations.of_generated(totals, tuple(range(1, 51)))
    with Api(system.url, token, system.authority) as api:
        assert expectations.unmet(api, expected, 30) == {}
    assert sum(json.loads(totals.read_text())["rejected"].values()) > 100
