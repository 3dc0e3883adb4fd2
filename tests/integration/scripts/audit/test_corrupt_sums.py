"""An audit finds and names whatever is wrong with sums of hours, blocks, minutes and seconds."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128

from shared.documents import HOUR_MS
from shared.mongo import SyncDatabase
from tests.integration.scripts.audit.corrupting import Corrupt, a_rollup, an_event, assert_found
from tests.support.kafka.consumer_group import ConsumerGroup


def a_cent(path: str) -> Corrupt:
    """Take a cent from the amount at one level of a product's hour."""

    def corrupt(database: SyncDatabase) -> dict[str, Any]:
        rollup = a_rollup(database)
        block = next(number for number, part in rollup["b"].items() if part.get("sales"))
        minute = next(number for number, part in rollup["b"][block]["m"].items() if part.get("sales"))
        prefix = path.format(block=block, minute=minute)
        database.rollups.update_one({"_id": rollup["_id"]}, {"$inc": {f"{prefix}amount": Decimal128("-0.01")}})
        identity = rollup["_id"]
        return {
            "kind": "sum_differs", "collection": "rollups", "path": prefix.rstrip("."), "product": identity["p"],
            "partition": identity["k"],
        }  # fmt: skip

    return corrupt


def a_cent_in_a_second(database: SyncDatabase) -> dict[str, Any]:
    total = database.totals.find_one({"_id.m": {"$exists": True}})
    assert total is not None
    second = next(iter(total["s"]))
    database.totals.update_one({"_id": total["_id"]}, {"$inc": {f"s.{second}.amount": Decimal128("0.01")}})
    return {"kind": "sum_differs", "collection": "totals", "level": "second", "partition": total["_id"]["k"]}


def a_cent_in_a_total_hour(database: SyncDatabase) -> dict[str, Any]:
    total = database.totals.find_one_and_update({"sales": {"$gt": 1}}, {"$inc": {"amount": Decimal128("0.01")}})
    assert total is not None
    return {"kind": "sum_differs", "collection": "totals", "level": "hour", "partition": total["_id"]["k"]}


def lose_a_rollup(database: SyncDatabase) -> dict[str, Any]:
    rollup = a_rollup(database)
    database.rollups.delete_one({"_id": rollup["_id"]})
    return {"kind": "sum_differs", "collection": "rollups", "level": "minute", "product": rollup["_id"]["p"]}


def invent_a_rollup(database: SyncDatabase) -> dict[str, Any]:
    rollup = a_rollup(database)
    database.rollups.insert_one(rollup | {"_id": rollup["_id"] | {"p": 777_777}})
    return {"kind": "sum_differs", "collection": "rollups", "level": "hour", "product": 777_777}


def set_in(collection: str, identity: str, path: str, value: Any, found: str = "no sum of events") -> Corrupt:
    """Set a value that is not a sum at a path of some document whose `_id` has the field `identity`."""

    def corrupt(database: SyncDatabase) -> dict[str, Any]:
        document = database[collection].find_one(
            {f"_id.{identity}": {"$exists": True}, "b.3.sales": {"$gt": 0}}
            if identity != "m"
            else {"_id.m": {"$exists": True}}
        )
        assert document is not None
        inner = "b.3.m" if "{minute}" in path else "s"
        number = next(iter(document["b"]["3"]["m"] if inner == "b.3.m" else document.get("s", {"": 0})))
        field = path.format(minute=number, second=number)
        database[collection].update_one({"_id": document["_id"]}, {"$set": {field: value}})
        return {"kind": "sum_differs", "collection": collection, "found": found, "partition": document["_id"]["k"]}

    return corrupt


def insert(collection: str, identity: Any, kind: str = "malformed_aggregate") -> Corrupt:
    """Insert a document whose `_id` is malformed, or names a partition that `partitions` does not have."""

    def corrupt(database: SyncDatabase) -> dict[str, Any]:
        database[collection].insert_one({"_id": identity})
        return {"kind": kind, "collection": collection}

    return corrupt


def lose_a_day_but_its_minutes(database: SyncDatabase) -> dict[str, Any]:
    name, event = an_event(database)
    hour = event["_id"]["t"] // HOUR_MS // 24 * 24
    database[name].drop()
    for collection in (database.rollups, database.totals):
        collection.delete_many({"_id.h": {"$gte": hour, "$lt": hour + 24}})
    return {"kind": "day_missing", "collection": name}


NAN, HOUR = Decimal128("NaN"), 490_000
CORRUPTIONS: dict[str, Corrupt] = {
    "a cent in an hour": a_cent(""),
    "a cent in a block": a_cent("b.{block}."),
    "a cent in a minute": a_cent("b.{block}.m.{minute}."),
    "a cent in a second": a_cent_in_a_second,
    "a cent in an hour over all products": a_cent_in_a_total_hour,
    "a rollup lost": lose_a_rollup,
    "a rollup invented": invent_a_rollup,
    "an unknown field in an hour": set_in("rollups", "p", "note", 1),
    "an unknown part in an hour": set_in("rollups", "p", "note", {"1": 2}),
    "an unknown field in a block": set_in("rollups", "p", "b.3.note", "x"),
    "an unknown field in a minute": set_in("rollups", "p", "b.3.m.{minute}.note", None),
    "an unknown field in a second": set_in("totals", "m", "s.{second}.note", True),
    "an unknown field over all products": set_in("totals", "h", "note", []),
    "an amount that is no number": set_in("rollups", "p", "b.3.m.{minute}.amount", NAN),
    "an amount without a bound": set_in("totals", "h", "amount", Decimal128("Infinity")),
    "an amount that is text": set_in("rollups", "p", "amount", "12.50"),
    "an amount that is binary": set_in("totals", "m", "s.{second}.amount", 12.5),
    "an amount that is an integer": set_in("rollups", "p", "b.3.amount", 12),
    "a count that is text": set_in("rollups", "p", "sales", "3"),
    "a count that is decimal": set_in("rollups", "p", "b.3.sales", Decimal128("1")),
    "a count below nothing": set_in("totals", "m", "s.{second}.sales", -1),
    "a block that is a number": set_in("rollups", "p", "b.3", 7),
    "blocks that are text": set_in("rollups", "p", "b", "blocks"),
    "minutes that are none": set_in("totals", "h", "b.3.m", 5),
    "seconds that are none": set_in("totals", "m", "s", 5),
    "a rollup without a partition": insert("rollups", {"p": 1, "h": HOUR}),
    "a rollup without an hour": insert("rollups", {"p": 1, "k": 0}),
    "a rollup with more in its _id": insert("rollups", {"p": 1, "h": HOUR, "k": 0, "x": 0}),
    "a rollup with its _id turned": insert("rollups", {"h": HOUR, "p": 1, "k": 0}),
    "a rollup of half an hour": insert("rollups", {"p": 1, "h": HOUR + 0.5, "k": 0}),
    "a rollup of no calendar's hour": insert("rollups", {"p": 1, "h": 2**60, "k": 0}),
    "a rollup of no product": insert("rollups", {"p": "1", "h": HOUR, "k": 0}),
    "an hour without a partition": insert("totals", {"h": HOUR}),
    "a minute without a partition": insert("totals", {"m": HOUR * 60}),
    "a total of nothing": insert("totals", "total"),
    "a rollup of an unknown partition": insert("rollups", {"p": 1, "h": HOUR, "k": 77}, "unknown_partition"),
    "an hour of an unknown partition": insert("totals", {"h": HOUR, "k": 77}, "unknown_partition"),
    "a minute of an unknown partition": insert("totals", {"m": HOUR * 60, "k": 77}, "unknown_partition"),
    "a day lost but for its minutes": lose_a_day_but_its_minutes,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_what_is_wrong_is_found_and_named(stored: ConsumerGroup, corruption: str) -> None:
    assert_found(stored, CORRUPTIONS[corruption], f"s{list(CORRUPTIONS).index(corruption)}")
