"""What is stored of each message, against what was published: numbers and times of events, reasons of rejections."""

from typing import Any

from scripts.publish.generate import Expected, ExpectedRating, ExpectedSale
from shared.mongo import SyncDatabase
from tests.support.invariant import Place, event_collections

Acknowledged = dict[Place, tuple[Expected, int]]


def check(database: SyncDatabase, acknowledged: Acknowledged) -> None:
    """Assert that each stored event and dead letter is the one published at its place."""
    for collection in event_collections(database):
        for event in collection.find({}, {"extra": 0}):
            expected, recorded_ms = acknowledged[_place(event)]
            assert _told(event) == _as_told(expected, recorded_ms), f"{event} is not {expected}"
    for letter in database.rejected_events.find({}, {"reason": 1, "state": 1}):
        expected, _ = acknowledged[_place(letter)]
        assert letter["reason"] == expected, f"{letter} should be {expected}"


def _place(document: dict[str, Any]) -> Place:
    identity = document["_id"]
    return identity["g"], identity["k"], identity["o"]


def _told(event: dict[str, Any]) -> tuple[object, ...]:
    identity = event["_id"]
    if event["event"] == "productSold":
        amount = event["amount"].to_decimal() * 10**6
        return ExpectedSale, identity["p"], identity["t"], event["no_of_units"], amount
    return ExpectedRating, identity["p"], identity["t"], event["rating"].to_decimal() * 100, event["category"]


def _as_told(expected: Expected, recorded_ms: int) -> tuple[object, ...]:
    if isinstance(expected, str):
        return ("rejected", expected)
    time = recorded_ms if expected.at_ms is None else expected.at_ms
    if isinstance(expected, ExpectedSale):
        return ExpectedSale, expected.product, time, expected.units, expected.amount
    return ExpectedRating, expected.product, time, expected.rating, expected.category
