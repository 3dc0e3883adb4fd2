"""The promise, checked: every acknowledged message is one event or one dead letter, and every sum equals the events'.

An independent model: it reads the raw events one by one and adds them up by the definitions of `shared.documents`,
with Decimals and plain loops, sharing no code with the consumer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from shared.mongo import SyncDatabase

Sums = dict[str, Decimal | int]
Key = tuple[int, ...]


def check(database: SyncDatabase, acknowledged: Iterable[tuple[int, int]]) -> None:
    """Assert the whole invariant; `acknowledged` are the (partition, offset) pairs of delivery reports."""
    check_each_once(database, set(acknowledged))
    check_aggregates(database)


def check_each_once(database: SyncDatabase, acknowledged: set[tuple[int, int]]) -> None:
    """Events and dead letters together are what Kafka acknowledged, each once; offsets stand behind the last."""
    events = [(event["_id"]["k"], event["_id"]["o"]) for event in raw_events(database)]
    rejected = [(letter["_id"]["k"], letter["_id"]["o"]) for letter in database.rejected_events.find({}, {"_id": 1})]
    handled = events + rejected
    assert len(handled) == len(set(handled)), "some messages are stored twice"
    missing, surplus = acknowledged - set(handled), set(handled) - acknowledged
    assert not missing, f"{len(missing)} acknowledged messages are lost, such as {sorted(missing)[:5]}"
    assert not surplus, f"{len(surplus)} stored messages were never acknowledged, such as {sorted(surplus)[:5]}"
    last: dict[int, int] = {}
    for partition, offset in handled:
        last[partition] = max(offset, last.get(partition, -1))
    for document in database.partitions.find():
        partition = document["_id"]["k"]
        assert document["next_offset"] == last.get(partition, document["first_offset"] - 1) + 1, document


def raw_events(database: SyncDatabase) -> Iterator[dict[str, Any]]:
    """Every stored event of every day."""
    for name in database.list_collection_names(filter={"name": {"$regex": "^events_"}}):
        yield from database[name].find()


def check_aggregates(database: SyncDatabase) -> None:
    """Every document of every aggregate, at each of its levels, equals the sum over the raw events."""
    rollups: dict[Key, Sums] = defaultdict(lambda: defaultdict(int))
    totals: dict[Key, Sums] = defaultdict(lambda: defaultdict(int))
    products: dict[Key, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    for event in raw_events(database):
        _add(event, rollups, totals, products)
    _same("rollups", {_key(one): _flat(one) for one in database.rollups.find()}, rollups)
    _same("totals", {_key(one): _flat(one) for one in database.totals.find()}, totals)
    stored = {_key(one): one for one in database.products.find()}
    assert stored.keys() == products.keys()
    for key, expected in products.items():
        found = _flat({name: value for name, value in stored[key].items() if not name.startswith("latest")})
        names = expected.pop("names")
        assert found == dict(expected), f"product {key}: {found} is not {dict(expected)}"
        assert stored[key]["latest"]["name"] in names


def _add(event: dict[str, Any], rollups: Any, totals: Any, products: Any) -> None:
    identity = event["_id"]
    product, time, partition = identity["p"], identity["t"], identity["k"]
    second, minute, hour = time // 1000, time // 60_000, time // 3_600_000
    block = f"b.{minute % 60 // 10}."
    within_hour = ("", block, f"{block}m.{minute % 60}.")
    places = [(rollups[product, hour, partition], prefix) for prefix in within_hour]
    places += [(totals[hour, partition, 0], prefix) for prefix in within_hour]
    places += [(totals[minute, partition, 1], f"s.{second % 60}.")]
    state = products[product, partition]
    state["first_seen"] = min(state.get("first_seen", time), time)
    state["names"] = {*state.get("names", ()), event["name_of_product"]}
    if event["event"] == "productSold":
        parts = {"amount": event["amount"].to_decimal(), "units": event["no_of_units"], "sales": 1}
    else:
        rating = event["rating"].to_decimal()
        parts = {"ratings": 1, "rating_sum": rating}
        state["ratings"] += 1
        state["rating_sum"] += rating
        state[f"histogram.{min(int(rating * 2), 9)}"] += 1
    for sums, prefix in places:
        for name, amount in parts.items():
            sums[prefix + name] += amount


def _key(document: dict[str, Any]) -> Key:
    identity = document["_id"]
    if "p" in identity:
        return tuple(identity[name] for name in ("p", "h", "k") if name in identity)
    return (identity["h"], identity["k"], 0) if "h" in identity else (identity["m"], identity["k"], 1)


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Leaves by their dotted path, decimals as Decimal."""
    leaves: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            leaves |= {} if name == "_id" else _flat(value, f"{prefix}{name}.")
        else:
            leaves[prefix + name] = value.to_decimal() if isinstance(value, Decimal128) else value
    return leaves


def _same(what: str, stored: dict[Key, Any], expected: dict[Key, Any]) -> None:
    assert stored.keys() == expected.keys(), f"{what}: other documents than the events ask for"
    for key, sums in expected.items():
        assert stored[key] == dict(sums), f"{what} {key}: {stored[key]} is not {dict(sums)}"
