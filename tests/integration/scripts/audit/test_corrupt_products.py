"""An audit finds and names whatever is wrong with a product's ratings, times and names."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128

from shared.mongo import SyncDatabase
from tests.integration.scripts.audit.corrupting import Corrupt, Wanted, a_product, assert_found, product_fields
from tests.support.kafka.consumer_group import ConsumerGroup


def move_a_bin(database: SyncDatabase) -> list[Wanted]:
    product = a_product(database)
    bins = product["histogram"]
    empty = next(str(number) for number in range(10) if not bins.get(str(number)) or number == 9)
    full = next(number for number in bins if number != empty)
    database.products.update_one({"_id": product["_id"]}, {"$inc": {f"histogram.{full}": -1, f"histogram.{empty}": 1}})
    common = {"kind": "sum_differs", "level": "histogram", "product": product["_id"]["p"]}
    return [common | {"path": f"histogram.{bin_}"} for bin_ in (full, empty)]


def a_hundredth_of_a_rating(database: SyncDatabase) -> list[Wanted]:
    product = a_product(database)
    database.products.update_one({"_id": product["_id"]}, {"$inc": {"rating_sum": Decimal128("0.01")}})
    return [{"kind": "sum_differs", "level": "product", "product": product["_id"]["p"], "path": "rating_sum"}]


def change(path: str, value: Any, found_at: str | None = None) -> Corrupt:
    """Set a field of a rated product's document; the value None removes it. `found_at` is the path of the finding."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
        product = a_product(database)["_id"]
        update = {"$unset": {path: ""}} if value is None else {"$set": {path: value}}
        database.products.update_one({"_id": product}, update)
        return [{"kind": "sum_differs", "collection": "products", "product": product["p"], "path": found_at or path}]

    return corrupt


def move(path: str, by: int, found_at: str) -> Corrupt:
    """Move a time by milliseconds. `found_at` is the path of the finding."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
        product = a_product(database)["_id"]
        database.products.update_one({"_id": product}, {"$inc": {path: by}})
        return [{"kind": "sum_differs", "collection": "products", "product": product["p"], "path": found_at}]

    return corrupt


def insert(identity: Any) -> Corrupt:
    def corrupt(database: SyncDatabase) -> list[Wanted]:
        database.products.insert_one({"_id": identity})
        return [{"kind": "malformed_aggregate", "collection": "products"}]

    return corrupt


def spoil_the_bins(database: SyncDatabase) -> list[Wanted]:
    product = a_product(database)
    database.products.update_one({"_id": product["_id"]}, {"$set": {"histogram": "bins"}})
    common = {"kind": "sum_differs", "level": "histogram", "product": product["_id"]["p"]}
    paths = ("histogram", *(f"histogram.{bin_}" for bin_ in product["histogram"]))
    return [common | {"path": path} for path in paths]


def lose_a_product(database: SyncDatabase) -> list[Wanted]:
    product = a_product(database)
    database.products.delete_one({"_id": product["_id"]})
    identity = product["_id"]
    gone = {"kind": "sum_differs", "level": "product", "product": identity["p"], "partition": identity["k"], "path": ""}
    return [gone, *product_fields(product)]


def insert_a_product_of_an_unknown_partition(database: SyncDatabase) -> list[Wanted]:
    """Of a product that nobody sold, so that it should not be there at all."""
    database.products.insert_one({"_id": {"p": 1, "k": 77}})
    return [
        {"kind": "unknown_partition", "collection": "products", "partition": 77},
        {"kind": "sum_differs", "collection": "products", "partition": 77, "path": "", "expected": "no document"},
    ]


CORRUPTIONS: dict[str, Corrupt] = {
    "a bin moved": move_a_bin,
    "a hundredth of a rating": a_hundredth_of_a_rating,
    "a count that is text": change("ratings", "3"),
    "a sum that is no number": change("rating_sum", Decimal128("NaN")),
    "a bin that is text": change("histogram.4", "3"),
    "a bin below nothing": change("histogram.4", -1),
    "a bin that there is not": change("histogram.10", 1),
    "bins that are none": spoil_the_bins,
    "an unknown field": change("note", {}),
    "seen a millisecond later": move("first_seen", 1, "first_seen"),
    "seen a millisecond earlier": move("first_seen", -1, "first_seen"),
    "never seen first": change("first_seen", None),
    "the newest event another's": change("latest.name", "another", "latest.name"),
    "the newest event later": move("latest.t", 86_400_000, "latest"),
    "the newest event gone": change("latest", None),
    "the newest event text": change("latest", "event"),
    "the newest event with more": change("latest.note", 1, "latest"),
    "the key of another name": change("latest.key", "another", "latest.key"),
    "the key not without case": change("latest.key", "Product", "latest.key"),
    "the key gone": change("latest.key", None, "latest.key"),
    "the key that is no text": change("latest.key", 3, "latest"),
    "the newest rating another's": change("latest_rated.name", "another", "latest_rated.name"),
    "the newest rating of another category": change("latest_rated.category", "another", "latest_rated.category"),
    "the newest rating earlier": move("latest_rated.t", -1, "latest_rated"),
    "the newest rating gone": change("latest_rated", None),
    "the newest rating without a time": change("latest_rated.t", None, "latest_rated"),
    "a product lost": lose_a_product,
    "a product without a partition": insert({"p": 1}),
    "a product of no number": insert({"p": "1", "k": 0}),
    "a product of an unknown partition": insert_a_product_of_an_unknown_partition,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_what_is_wrong_is_found_and_named(stored: ConsumerGroup, corruption: str) -> None:
    assert_found(stored, CORRUPTIONS[corruption], f"p{list(CORRUPTIONS).index(corruption)}")
