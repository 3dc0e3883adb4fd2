"""Checks the promise: every acknowledged message is stored once, and every sum is that of the stored events.

An independent model. It reads the raw events one by one and adds them up by the definitions of `shared.documents`, with
Decimals and plain loops, and shares no code with the consumer, whose mistakes it would share. All checks raise
AssertionError. 100,000 events take about two seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from shared.mongo import SyncDatabase
from shared.name_key import name_key
from tests.support.documents.sums import Key, Sums, add, check_sums, flat

Text = tuple[int | str, ...]
"""Time and offset of an event, and its texts: the name, and after it a rating's category. `latest` and `latest_rated`
keep the greatest in this order: the newest event, at equal times that with the higher offset. Only events of two
generations can be equal in both; then the greater name counts."""

_FIELDS = ("event", "name_of_product", "no_of_units", "amount", "rating", "category")


class Coordinates(NamedTuple):
    """Where Kafka holds a message."""

    generation: int
    """Of the topic, 1 at first; counts how often an operator accepted that the topic was recreated."""
    partition: int
    offset: int


class Tally(NamedTuple):
    """What is wrong with the stored messages, compared with the acknowledged ones."""

    lost: set[Coordinates]
    """Acknowledged and not stored."""
    repeated: set[Coordinates]
    """Stored more than once."""
    surplus: set[Coordinates]
    """Stored and not acknowledged."""


def check(database: SyncDatabase, acknowledged: Iterable[tuple[int, int]]) -> None:
    """Assert the promise where the topic was never recreated.

    `acknowledged` are the (partition, offset) pairs of Kafka's delivery reports.
    """
    coordinates = {Coordinates(1, partition, offset) for partition, offset in acknowledged}
    check_generations(database, coordinates, handled_messages(database))


def check_generations(
    database: SyncDatabase, acknowledged: set[Coordinates], handled: Mapping[Coordinates, int]
) -> None:
    """Assert the promise over every generation of the topic; `handled` is what `handled_messages` returned."""
    tally = compare(handled, acknowledged)
    ends = {one["_id"]["k"]: (one["first_offset"], one["next_offset"]) for one in database.partitions.find()}
    found = {name: sorted(coordinates) for name, coordinates in tally._asdict().items()}
    wrong = {name: (len(some), some[:5], some[-5:]) for name, some in found.items() if some}
    assert not wrong, f"of {len(acknowledged)} acknowledged messages: {wrong}; stored offsets, first and next: {ends}"
    _check_offsets(database, handled)
    check_aggregates(database)


def compare(handled: Mapping[Coordinates, int], acknowledged: set[Coordinates]) -> Tally:
    """The differences between what is stored, and how often, and what was acknowledged."""
    repeated = {coordinates for coordinates, times in handled.items() if times > 1}
    return Tally(acknowledged - handled.keys(), repeated, set(handled.keys() - acknowledged))


def handled_messages(database: SyncDatabase) -> Counter[Coordinates]:
    """How often each message is stored, as an event or as a dead letter."""
    handled: Counter[Coordinates] = Counter()
    for collection in (*event_collections(database), database.rejected_events):
        handled.update(coordinates_of(document) for document in collection.find({}, {"_id": 1}))
    return handled


def coordinates_of(document: Mapping[str, Any]) -> Coordinates:
    """Of the message that an event's document, or a dead letter's, was made of."""
    identity = document["_id"]
    return Coordinates(identity["g"], identity["k"], identity["o"])


def _check_offsets(database: SyncDatabase, handled: Iterable[Coordinates]) -> None:
    """Each partition's `next_offset` is one more than the largest stored offset of its generation."""
    last: dict[tuple[int, int], int] = {}
    for generation, partition, offset in handled:
        last[generation, partition] = max(offset, last.get((generation, partition), -1))
    for document in database.partitions.find():
        newest = last.get((document["generation"], document["_id"]["k"]), document["first_offset"] - 1)
        assert document["next_offset"] == newest + 1, document


def event_collections(database: SyncDatabase) -> Iterator[Any]:
    """The collections of raw events, one a day."""
    for name in database.list_collection_names(filter={"name": {"$regex": "^events_"}}):
        yield database[name]


def raw_events(database: SyncDatabase) -> Iterator[dict[str, Any]]:
    """Every stored event, with the fields that sums are made of."""
    for collection in event_collections(database):
        yield from collection.find({}, dict.fromkeys(_FIELDS, 1))


def check_aggregates(database: SyncDatabase) -> None:
    """Assert that every sum of hours, of sealed days and of `products`, at each level, is that of the raw events."""
    minutes: dict[Key, Sums] = defaultdict(lambda: defaultdict(int))
    seconds: dict[Key, Sums] = defaultdict(lambda: defaultdict(int))
    products: dict[Key, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    named_after = _named_after(database)
    for event in raw_events(database):
        identity, amounts = event["_id"], _amounts(event)
        named_after.discard((identity["p"], identity["k"], _text_of(event)))
        add(minutes[identity["p"], identity["t"] // 60_000, identity["k"]], amounts | _bin(amounts))
        add(seconds[identity["t"] // 1_000, identity["k"]], amounts)
        _add_to_product(products[identity["p"], identity["k"]], event, amounts)
    check_sums(database, minutes, seconds)
    _check_products({tuple(document["_id"].values()): document for document in database.products.find()}, products)
    assert not named_after, f"products keep names of events that are not stored: {sorted(named_after)[:5]}"


def _named_after(database: SyncDatabase) -> set[tuple[int, int, Text]]:
    """Product, partition and what `latest` keeps of an event, for each document of `products`."""
    return {
        (document["_id"]["p"], document["_id"]["k"], tuple(document["latest"].values())[:3])
        for document in database.products.find()
    }


def _amounts(event: dict[str, Any]) -> Sums:
    """What one event adds to the sums."""
    if event["event"] == "productSold":
        return {"amount": event["amount"].to_decimal(), "units": event["no_of_units"], "sales": 1}
    return {"ratings": 1, "rating_sum": event["rating"].to_decimal()}


def _bin(amounts: Sums) -> Sums:
    """What one event adds to the bins of its product."""
    return {f"r{min(int(amounts['rating_sum'] * 2), 9)}": 1} if "rating_sum" in amounts else {}


def _text_of(event: dict[str, Any]) -> Text:
    """What `latest` keeps of this event."""
    return event["_id"]["t"], event["_id"]["o"], event["name_of_product"]


def _add_to_product(product: dict[str, Any], event: dict[str, Any], amounts: Sums) -> None:
    """Add one event to what `products` must say of its product."""
    time, text = event["_id"]["t"], _text_of(event)
    product["first_seen"] = min(product.get("first_seen", time), time)
    product["newest"] = max(product.get("newest", text), text)
    if "rating_sum" in amounts:
        rated = (*text, event["category"])
        product["newest_rated"] = max(product.get("newest_rated", rated), rated)
        add(product, amounts)
        product[f"histogram.{min(int(amounts['rating_sum'] * 2), 9)}"] += 1


def _check_products(stored: dict[Key, Any], expected: dict[Key, Any]) -> None:
    """Compare ratings, times, names and categories.

    A sale with the known name does not write `latest`, so its time may be older than the newest event's. It is never
    older than the newest rating's, and under partition -1, where every replay writes it, it is the newest event's.
    """
    assert stored.keys() == expected.keys(), "products: other documents than the events ask for"
    for key, product in expected.items():
        document = stored[key]
        found = flat({name: value for name, value in document.items() if not name.startswith("latest")})
        newest, rated = product.pop("newest"), product.pop("newest_rated", None)
        assert found == dict(product), f"product {key}: {found} is not {dict(product)}"
        assert _text_in(document, "latest_rated", "t", "o", "name", "category") == rated, f"product {key}: {document}"
        keyed = _text_in(document, "latest", "t", "o", "name", "key")
        oldest = newest if key[1] == -1 else (-1,) if rated is None else rated[:3]
        assert keyed is not None, f"product {key}: {document}"
        latest = keyed[:3]
        assert keyed[3] == name_key(str(latest[2])), f"product {key}: {keyed[3]!r} is not the key of {latest[2]!r}"
        assert latest[2] == newest[2], f"product {key}: its newest event is {newest}, but it has the name of {latest}"
        assert oldest <= latest <= newest, f"product {key}: {latest} is not between {oldest} and {newest}"


def _text_in(document: dict[str, Any], field: str, *names: str) -> Text | None:
    """The values of a field that must hold these names and no others; None where the document lacks the field."""
    if field not in document:
        return None
    assert tuple(document[field]) == names, document
    return tuple(document[field].values())
