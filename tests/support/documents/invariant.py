"""The promise, checked: every acknowledged message is one event or one dead letter, and every sum equals the events'.

An independent model: it reads the raw events one by one and adds them up by the definitions of `shared.documents`,
with Decimals and plain loops, sharing no code with the consumer. 100,000 events take about two seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal
from typing import Any, NamedTuple

from bson.decimal128 import Decimal128

from shared.mongo import SyncDatabase

Place = tuple[int, int, int]
"""Where a message stands: generation of the topic, partition, offset."""
Amounts = dict[str, Decimal | int]
Key = tuple[int, ...]

_EXACT = Context(prec=60)
_FIELDS = ("event", "name_of_product", "no_of_units", "amount", "rating", "category")


class Tally(NamedTuple):
    """What became of the acknowledged messages."""

    lost: set[Place]
    repeated: set[Place]
    surplus: set[Place]


def check(database: SyncDatabase, acknowledged: Iterable[tuple[int, int]]) -> None:
    """Assert the whole invariant; `acknowledged` are the (partition, offset) pairs of delivery reports."""
    places = {(1, partition, offset) for partition, offset in acknowledged}
    check_places(database, places, handled_places(database))


def check_places(database: SyncDatabase, acknowledged: set[Place], handled: Mapping[Place, int]) -> None:
    """Assert the whole invariant over every generation of the topic; `handled` is what `handled_places` said."""
    tally = compare(handled, acknowledged)
    assert not tally.repeated, f"{len(tally.repeated)} messages are stored twice, such as {sorted(tally.repeated)[:5]}"
    assert not tally.lost, f"{len(tally.lost)} acknowledged messages are lost, such as {sorted(tally.lost)[:5]}"
    assert not tally.surplus, f"{len(tally.surplus)} messages were never acknowledged: {sorted(tally.surplus)[:5]}"
    _check_offsets(database, handled)
    check_aggregates(database)


def compare(handled: Mapping[Place, int], acknowledged: set[Place]) -> Tally:
    """What is missing, there more than once, and there without having been acknowledged."""
    repeated = {place for place, times in handled.items() if times > 1}
    return Tally(acknowledged - handled.keys(), repeated, set(handled.keys() - acknowledged))


def handled_places(database: SyncDatabase) -> Counter[Place]:
    """How often each message is stored, as an event or as a dead letter."""
    handled: Counter[Place] = Counter()
    for collection in (*event_collections(database), database.rejected_events):
        handled.update((one["_id"]["g"], one["_id"]["k"], one["_id"]["o"]) for one in collection.find({}, {"_id": 1}))
    return handled


def _check_offsets(database: SyncDatabase, handled: Iterable[Place]) -> None:
    """Each stored offset stands behind the last message of the partition's generation."""
    last: dict[tuple[int, int], int] = {}
    for generation, partition, offset in handled:
        last[generation, partition] = max(offset, last.get((generation, partition), -1))
    for document in database.partitions.find():
        newest = last.get((document["generation"], document["_id"]["k"]), document["first_offset"] - 1)
        assert document["next_offset"] == newest + 1, document


def event_collections(database: SyncDatabase) -> Iterator[Any]:
    """The collection of every day."""
    for name in database.list_collection_names(filter={"name": {"$regex": "^events_"}}):
        yield database[name]


def raw_events(database: SyncDatabase) -> Iterator[dict[str, Any]]:
    """Every stored event of every day."""
    for collection in event_collections(database):
        yield from collection.find({}, dict.fromkeys(_FIELDS, 1))


def check_aggregates(database: SyncDatabase) -> None:
    """Every document of every aggregate, at each of its levels, equals the sum over the raw events."""
    minutes: dict[Key, Amounts] = defaultdict(lambda: defaultdict(int))
    seconds: dict[Key, Amounts] = defaultdict(lambda: defaultdict(int))
    products: dict[Key, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    for event in raw_events(database):
        identity, amounts = event["_id"], _amounts(event)
        _add(minutes[identity["p"], identity["t"] // 60_000, identity["k"]], amounts)
        _add(seconds[identity["t"] // 1_000, identity["k"]], amounts)
        _see(products[identity["p"], identity["k"]], event, amounts)
    rollups, totals = _by_hour(minutes, seconds)
    _same("rollups", {_key(one): _flat(one) for one in database.rollups.find()}, rollups)
    _same("totals", {_key(one): _flat(one) for one in database.totals.find()}, totals)
    _check_products({_key(one): one for one in database.products.find()}, products)


def _amounts(event: dict[str, Any]) -> Amounts:
    if event["event"] == "productSold":
        return {"amount": event["amount"].to_decimal(), "units": event["no_of_units"], "sales": 1}
    return {"ratings": 1, "rating_sum": event["rating"].to_decimal()}


def _add(sums: Amounts, amounts: Amounts, prefix: str = "") -> None:
    for name, amount in amounts.items():
        sums[prefix + name] = (
            _EXACT.add(sums[prefix + name], amount) if isinstance(amount, Decimal) else (sums[prefix + name] + amount)
        )


def _see(product: dict[str, Any], event: dict[str, Any], amounts: Amounts) -> None:
    time = event["_id"]["t"]
    product["first_seen"] = min(product.get("first_seen", time), time)
    product["names"] = {*product.get("names", ()), event["name_of_product"]}
    if "rating_sum" in amounts:
        _add(product, amounts)
        product[f"histogram.{min(int(amounts['rating_sum'] * 2), 9)}"] += 1


def _by_hour(minutes: dict[Key, Amounts], seconds: dict[Key, Amounts]) -> tuple[dict[Key, Amounts], dict[Key, Amounts]]:
    """The expected `rollups` and `totals`: hours with their blocks and minutes, and minutes with their seconds."""
    rollups: dict[Key, Amounts] = defaultdict(lambda: defaultdict(int))
    totals: dict[Key, Amounts] = defaultdict(lambda: defaultdict(int))
    for (product, minute, partition), amounts in minutes.items():
        block = f"b.{minute % 60 // 10}."
        for prefix in ("", block, f"{block}m.{minute % 60}."):
            _add(rollups[product, minute // 60, partition], amounts, prefix)
            _add(totals[minute // 60, partition, 0], amounts, prefix)
    for (second, partition), amounts in seconds.items():
        _add(totals[second // 60, partition, 1], amounts, f"s.{second % 60}.")
    return rollups, totals


def _check_products(stored: dict[Key, Any], expected: dict[Key, Any]) -> None:
    assert stored.keys() == expected.keys(), "products: other documents than the events ask for"
    for key, product in expected.items():
        found = _flat({name: value for name, value in stored[key].items() if not name.startswith("latest")})
        names = product.pop("names")
        assert found == dict(product), f"product {key}: {found} is not {dict(product)}"
        assert stored[key]["latest"]["name"] in names
        assert ("latest_rated" in stored[key]) == ("ratings" in product), f"product {key}: {stored[key]}"


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
