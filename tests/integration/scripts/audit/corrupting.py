"""Copies a stored database, so that a test can damage it, and finds documents in it that are worth damaging."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from scripts.audit.findings import iso_hour
from shared.documents import (
    EVENT_COLLECTIONS,
    HOUR_MS,
    SUMS,
    Document,
    block_path,
    event_collection,
    minute_path,
    second_path,
)
from shared.mongo import SyncDatabase
from tests.support.commands.audit import findings_of
from tests.support.kafka.consumer_group import ConsumerGroup

Wanted = dict[str, Any]
"""Some fields of a finding, as JSON has them."""
Corrupt = Callable[[SyncDatabase], list[Wanted]]
"""Damages a database, and returns what the audit must find: of each finding the fields that matter, and no other."""


def assert_found(stored: ConsumerGroup, corruption: Corrupt, name: str) -> None:
    """Damage a copy of the database, named after `name`, and assert that the findings are those that the damage makes.

    The audit must not end with an exception, whatever the damage is.
    """
    database = copied(stored.database, f"{stored.topic}-{name}")
    wanted = corruption(database)
    assert_exactly(wanted, [finding.as_json() for finding in findings_of(stored, database)])


def assert_exactly(wanted: list[Wanted], found: list[dict[str, Any]]) -> None:
    """Assert that each of `wanted` is found, each by a finding of its own, and that there is no other finding."""
    rest = list(found)
    # What says most is looked for first, so that it finds its finding before what says less takes it.
    for one in sorted(wanted, key=len, reverse=True):
        fitting = [finding for finding in rest if one.items() <= finding.items()]
        assert fitting, f"none of {rest[:10]} is {one}"
        rest.remove(fitting[0])
    assert not rest, f"{len(rest)} findings more than wanted, such as {rest[:5]}"


def sums_of(name: str, event: Document) -> list[Wanted]:
    """The findings about sums where this event, of the collection `name`, is missing, or is there too often: its hour,
    block and minute, of its product and over all products, and its second."""
    identity = event["_id"]
    minute, second = identity["t"] // 60_000, identity["t"] // 1_000
    paths = ("", block_path(minute), minute_path(minute))
    hour = iso_hour(identity["t"] // HOUR_MS)
    common = {"kind": "sum_differs", "partition": identity["k"], "hour": hour}
    of_product = [{"collection": "rollups", "product": identity["p"], "path": path} for path in paths]
    of_all = [{"collection": "totals", "path": path} for path in (*paths, second_path(second))]
    assert event_collection(identity["t"]) == name
    return [common | one for one in (*of_product, *of_all)]


def levels_in(collection: str, document: Document, *below: str) -> list[Wanted]:
    """A finding for each level of a document of `rollups` or `totals`, or of what it holds at the path `below`."""
    identity = document["_id"]
    fields = {"kind": "sum_differs", "collection": collection, "partition": identity["k"]}
    if "p" in identity:
        fields["product"] = identity["p"]
    part = document
    for step in below:
        part = part[step]
    return [fields | {"path": path} for path in _levels(part, ".".join(below))]


def _levels(part: Document, path: str) -> Iterator[str]:
    """The paths of all sums in a part of a document that is found at `path`."""
    if part.keys() & set(SUMS):
        yield path
    for name, inner in part.items():
        if isinstance(inner, dict) and name != "_id":
            yield from _levels(inner, f"{path}.{name}" if path else name)


def product_fields(document: Document) -> list[Wanted]:
    """A finding for each sum that a document of `products` holds."""
    paths = [f"histogram.{bin_}" for bin_ in document["histogram"]]
    identity = document["_id"]
    common = {"kind": "sum_differs", "collection": "products", "product": identity["p"], "partition": identity["k"]}
    return [common | {"path": path} for path in ("ratings", "rating_sum", *paths)]


def a_day_lost(database: SyncDatabase, name: str) -> list[Wanted]:
    """Drop the first day. Returns the findings about it: each of its messages, what products had from it, and the
    partitions of which it held the last message.
    """
    last = last_offsets(database)
    events = list(database[name].find())
    lost = [
        {"kind": "lost", "partition": event["_id"]["k"], "offset": event["_id"]["o"], "product": event["_id"]["p"]}
        for event in events
    ]
    of_products: dict[tuple[int, int], set[str]] = {}
    for event in events:
        paths = of_products.setdefault((event["_id"]["p"], event["_id"]["k"]), {"first_seen"})
        if event["event"] == "productRated":
            rating = event["rating"].to_decimal()
            paths |= {"ratings", "rating_sum", f"histogram.{min(int(rating * 2), 9)}"}
    database[name].drop()
    return [
        {"kind": "day_missing", "collection": name},
        *lost,
        *(
            {"kind": "wrong_next_offset", "partition": event["_id"]["k"], "offset": event["_id"]["o"] + 1}
            for event in events
            if event["_id"]["o"] == last[event["_id"]["k"]]
        ),
        *(
            {"kind": "sum_differs", "collection": "products", "product": product, "partition": partition, "path": path}
            for (product, partition), paths in of_products.items()
            for path in paths
        ),
    ]


def copied(source: SyncDatabase, name: str) -> SyncDatabase:
    """A copy of the database under another name, with all documents; clustered collections stay clustered."""
    target = source.client.get_database(name, codec_options=source.codec_options)
    for entry in source.list_collections():
        options = {key: value for key, value in entry["options"].items() if key == "clusteredIndex"}
        target.create_collection(entry["name"], **options)
        documents = list(source[entry["name"]].find())
        if documents:
            target[entry["name"]].insert_many(documents)
    return target


def an_event(database: SyncDatabase, **query: Any) -> tuple[str, Document]:
    """The collection and the document of an event that matches `query`: the middle one of the first day that has any.

    It lies between two others of its product and partition on that day, so that its loss changes neither when the
    product was first seen nor which event is its newest. It is not the last message of its partition, by which the
    audit checks the next offset.
    """
    last = last_offsets(database)
    for name in sorted(database.list_collection_names(filter=EVENT_COLLECTIONS)):
        others: dict[tuple[int, int], list[int]] = defaultdict(list)
        for event in database[name].find({}, {"_id": 1}):
            others[event["_id"]["p"], event["_id"]["k"]].append(event["_id"]["t"])
        found = [
            event
            for event in database[name].find(query)
            for times in [others[event["_id"]["p"], event["_id"]["k"]]]
            if min(times) < event["_id"]["t"] - 1
            and event["_id"]["t"] + 1 < max(times)
            and event["_id"]["o"] != last[event["_id"]["k"]]
        ]
        if found:
            return name, found[len(found) // 2]
    raise AssertionError("no such event")


def last_offsets(database: SyncDatabase) -> dict[int, int]:
    """The offset of each partition's last message that is stored, as an event or as a dead letter."""
    last: dict[int, int] = {}
    for name in (*database.list_collection_names(filter=EVENT_COLLECTIONS), "rejected_events"):
        for message in database[name].find({}, {"_id": 1}):
            partition, offset = message["_id"]["k"], message["_id"]["o"]
            last[partition] = max(last.get(partition, offset), offset)
    return last


def a_rollup(database: SyncDatabase) -> Document:
    """A document of `rollups` with sales and ratings."""
    found = list(database.rollups.find({"sales": {"$gt": 0}, "ratings": {"$gt": 0}}))
    return found[len(found) // 2]


def a_product(database: SyncDatabase) -> Document:
    """A document of `products` with at least two ratings."""
    found = database.products.find_one({"ratings": {"$gt": 1}})
    assert found is not None
    return found
