"""What is stored of each message, compared with what was published.

Of an event: the kind, the product, the time and the numbers. Of a dead letter: the reason.
"""

from collections.abc import Container
from typing import Any

from scripts.publish.generated.generate import Expected, ExpectedRating, ExpectedSale
from shared.mongo import SyncDatabase
from tests.support.documents.invariant import Coordinates, coordinates_of, event_collections

Acknowledged = dict[Coordinates, tuple[Expected, int]]
"""By coordinates: what a correct consumer makes of the message, and its timestamp in Kafka (UTC milliseconds)."""


def check(database: SyncDatabase, acknowledged: Acknowledged, repeats: Container[Coordinates] = ()) -> None:
    """Assert that each stored event and dead letter is that of the message published at its coordinates.

    `repeats` are the messages that were rejected because their id had counted; `event_ids` has checked them.
    """
    for collection in event_collections(database):
        for event in collection.find({}, {"extra": 0, "extra_json": 0}):
            expected, recorded_ms = acknowledged[coordinates_of(event)]
            assert _stored(event) == _published(expected, recorded_ms), f"{event} is not {expected}"
    for letter in database.rejected_events.find({}, {"reason": 1, "state": 1}):
        expected, _ = acknowledged[coordinates_of(letter)]
        assert coordinates_of(letter) in repeats or letter["reason"] == expected, f"{letter} should be {expected}"


def _stored(event: dict[str, Any]) -> tuple[object, ...]:
    """A stored event in the form of `_published`."""
    identity = event["_id"]
    if event["event"] == "productSold":
        amount = event["amount"].to_decimal() * 10**6
        return ExpectedSale, identity["p"], identity["t"], event["no_of_units"], amount
    return ExpectedRating, identity["p"], identity["t"], event["rating"].to_decimal() * 100, event["category"]


def _published(expected: Expected, recorded_ms: int) -> tuple[object, ...]:
    """What was published: amounts in millionths, ratings in hundredths, and Kafka's time where the event has none."""
    if isinstance(expected, str):
        return ("rejected", expected)
    time = recorded_ms if expected.at_ms is None else expected.at_ms
    if isinstance(expected, ExpectedSale):
        return ExpectedSale, expected.product, time, expected.units, expected.amount
    return ExpectedRating, expected.product, time, expected.rating, expected.category
