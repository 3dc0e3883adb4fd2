"""An audit finds and names whatever is wrong with sums of hours, blocks, minutes and seconds."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128

from shared.documents import BIN_FIELDS, HOUR_MS, SUMS, Document, event_collection
from shared.mongo import SyncDatabase
from tests.integration.scripts.audit.corrupting import (
    Corrupt,
    Wanted,
    a_day_lost,
    a_rollup,
    an_event,
    assert_found,
    levels_in,
)
from tests.support.documents.sums import flat
from tests.support.kafka.consumer_group import ConsumerGroup


def a_cent(path: str) -> Corrupt:
    """Take a cent from the amount at one level of a product's hour."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
        rollup = a_rollup(database)
        block = next(number for number, part in rollup["b"].items() if part.get("sales"))
        minute = next(number for number, part in rollup["b"][block]["m"].items() if part.get("sales"))
        prefix = path.format(block=block, minute=minute)
        database.rollups.update_one({"_id": rollup["_id"]}, {"$inc": {f"{prefix}amount": Decimal128("-0.01")}})
        identity = rollup["_id"]
        return [
            {
                "kind": "sum_differs", "collection": "rollups", "path": prefix.rstrip("."), "product": identity["p"],
                "partition": identity["k"],
            }
        ]  # fmt: skip

    return corrupt


def a_cent_in_a_second(database: SyncDatabase) -> list[Wanted]:
    total = database.totals.find_one({"_id.m": {"$exists": True}})
    assert total is not None
    second = next(iter(total["s"]))
    database.totals.update_one({"_id": total["_id"]}, {"$inc": {f"s.{second}.amount": Decimal128("0.01")}})
    return [{"kind": "sum_differs", "collection": "totals", "level": "second", "partition": total["_id"]["k"]}]


def a_cent_in_a_total_hour(database: SyncDatabase) -> list[Wanted]:
    total = database.totals.find_one_and_update({"sales": {"$gt": 1}}, {"$inc": {"amount": Decimal128("0.01")}})
    assert total is not None
    return [{"kind": "sum_differs", "collection": "totals", "level": "hour", "partition": total["_id"]["k"]}]


def forget_bins(database: SyncDatabase) -> list[Wanted]:
    """Make a product's hour one that an older consumer has written: none of its ratings is in a bin."""
    rollup = a_rollup(database)
    paths = [path for path in flat(rollup) if path.rpartition(".")[2] in BIN_FIELDS]
    database.rollups.update_one({"_id": rollup["_id"]}, {"$unset": dict.fromkeys(paths, "")})
    common = {"kind": "sum_differs", "collection": "rollups", "product": rollup["_id"]["p"]}
    return [common | {"path": path} for path in {path.rpartition(".")[0] for path in paths}]


def move_a_bin(database: SyncDatabase) -> list[Wanted]:
    """Count a rating of a product's hour in the next bin."""
    rollup = a_rollup(database)
    bin_ = next(place for place, name in enumerate(BIN_FIELDS) if rollup.get(name))
    change = {BIN_FIELDS[bin_]: -1, BIN_FIELDS[(bin_ + 1) % len(BIN_FIELDS)]: 1}
    database.rollups.update_one({"_id": rollup["_id"]}, {"$inc": change})
    return [{"kind": "sum_differs", "collection": "rollups", "path": "", "product": rollup["_id"]["p"]}]


def lose_a_rollup(database: SyncDatabase) -> list[Wanted]:
    rollup = a_rollup(database)
    database.rollups.delete_one({"_id": rollup["_id"]})
    return levels_in("rollups", rollup)


def invent_a_rollup(database: SyncDatabase) -> list[Wanted]:
    rollup = a_rollup(database)
    invented = rollup | {"_id": rollup["_id"] | {"p": 777_777}}
    database.rollups.insert_one(invented)
    return levels_in("rollups", invented)


def set_in(collection: str, identity: str, path: str, value: Any, found: str = "no sum of events") -> Corrupt:
    """Set a value that is not a sum at a path of some document whose `_id` has the field `identity`."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
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
        steps = field.split(".")
        below = [] if _part(document, steps) is None else levels_in(collection, document, *steps)
        at = ".".join(steps[:-1] if steps[-1] in SUMS else steps)
        common = {"kind": "sum_differs", "collection": collection, "partition": document["_id"]["k"]}
        return [common | {"path": at, "found": found}, *(one for one in below if one["path"] != at)]

    return corrupt


def _part(document: Document, steps: list[str]) -> Document | None:
    """The document that is found at these steps; None where there is none, or a number."""
    part: Any = document
    for step in steps:
        part = part.get(step, {})
    return part if isinstance(part, dict) and part else None


def insert(collection: str, identity: Any) -> Corrupt:
    """Insert a document whose `_id` is malformed."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
        database[collection].insert_one({"_id": identity})
        return [{"kind": "malformed_aggregate", "collection": collection}]

    return corrupt


def insert_unknown(collection: str, **identity: int) -> Corrupt:
    """Insert a document of partition 77, which `partitions` does not have, on a day that has no events."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
        database[collection].insert_one({"_id": identity | {"k": 77}})
        return [
            {"kind": "unknown_partition", "collection": collection, "partition": 77},
            {"kind": "day_missing", "collection": event_collection(HOUR * HOUR_MS)},
        ]

    return corrupt


def lose_a_day_but_its_minutes(database: SyncDatabase) -> list[Wanted]:
    name, event = an_event(database)
    hour = event["_id"]["t"] // HOUR_MS // 24 * 24
    for collection in (database.rollups, database.totals):
        collection.delete_many({"_id.h": {"$gte": hour, "$lt": hour + 24}})
    return a_day_lost(database, name)


NAN, HOUR = Decimal128("NaN"), 490_000
CORRUPTIONS: dict[str, Corrupt] = {
    "a cent in an hour": a_cent(""),
    "a cent in a block": a_cent("b.{block}."),
    "a cent in a minute": a_cent("b.{block}.m.{minute}."),
    "a cent in a second": a_cent_in_a_second,
    "a cent in an hour over all products": a_cent_in_a_total_hour,
    "ratings in no bin": forget_bins,
    "a rating in another bin": move_a_bin,
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
    "a rollup of an unknown partition": insert_unknown("rollups", p=1, h=HOUR),
    "an hour of an unknown partition": insert_unknown("totals", h=HOUR),
    "a minute of an unknown partition": insert_unknown("totals", m=HOUR * 60),
    "a day lost but for its minutes": lose_a_day_but_its_minutes,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_what_is_wrong_is_found_and_named(stored: ConsumerGroup, corruption: str) -> None:
    assert_found(stored, CORRUPTIONS[corruption], f"s{list(CORRUPTIONS).index(corruption)}")
