"""Events that a test gives: the documents that they make in MongoDB, and what the API must answer about them.

All is written from the definitions alone, one event at a time, and shares no code with the services. Amounts and
ratings are decimal numbers as text (`"10.25"`), times are UTC milliseconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from bson.decimal128 import Decimal128
from pymongo.database import Database

from shared.mongo import ensure_event_collection

Documents = Database[dict[str, Any]]

_OFFSETS = count()
GROUP, TOPIC = "analytics", "analytics"


@dataclass(frozen=True)
class GivenSale:
    """A sale of `units` units for `amount`, read from the Kafka partition `partition`."""

    product: int
    time_ms: int
    amount: str
    partition: int = 0
    units: int = 1
    name: str | None = None
    """None: a name made of the product's id."""


@dataclass(frozen=True)
class GivenRating:
    """A rating from 0 to 5, read from the Kafka partition `partition`."""

    product: int
    time_ms: int
    rating: str
    partition: int = 0
    name: str | None = None
    category: str = "Software"


GivenEvent = GivenSale | GivenRating


def sales_of_last_hour(events: Iterable[GivenEvent], now_ms: int, product: int | None = None) -> Decimal:
    """The sum of the amounts of the last hour, of one product, or of all when it is None.

    An event of second s counts while floor_second(now) <= s + 3600: a sale at 12:00:00.900 up to 13:00:00.999.
    """
    return sum(
        (
            Decimal(event.amount)
            for event in events
            if isinstance(event, GivenSale)
            and product in (None, event.product)
            and now_ms // 1000 <= event.time_ms // 1000 + 3600
        ),
        Decimal(0),
    )


def average_rating(events: Iterable[GivenEvent], product: int) -> Decimal | None:
    """The mean of the product's ratings, half-even to two decimals (4.545 gives 4.54). None without ratings."""
    ratings = [
        Fraction(event.rating) for event in events if isinstance(event, GivenRating) and event.product == product
    ]
    if not ratings:
        return None
    mean = sum(ratings, Fraction(0)) / len(ratings)
    return (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def store(database: Documents, events: Iterable[GivenEvent], in_bins: bool = True) -> None:
    """Store events as the consumer would: the raw event, and its numbers in every sum that it belongs to.

    Without `in_bins` the hours do not have the ratings by bin, as consumers of versions before 1.2.0 wrote them.
    """
    for event in events:
        offset = next(_OFFSETS)
        _store_raw(database, event, offset)
        sums = _sums(event)
        second = event.time_ms // 1000
        minute, hour = second // 60, second // 3600
        block, minute_of_hour = minute % 60 // 10, minute % 60
        paths = ["", f"b.{block}.", f"b.{block}.m.{minute_of_hour}."]
        of_hour = {path + name: value for path in paths for name, value in sums.items()}
        of_second = {f"s.{second % 60}.{name}": value for name, value in sums.items()}
        k = event.partition
        bins = {path + name: 1 for path in paths for name in _bins(event)} if in_bins else {}
        _add(database, "rollups", {"p": event.product, "h": hour, "k": k}, of_hour | bins)
        _add(database, "totals", {"h": hour, "k": k}, of_hour)
        _add(database, "totals", {"m": minute, "k": k}, of_second)
        _store_product(database, event, offset)


def store_partitions(database: Documents, caught_up: dict[int, datetime | None]) -> None:
    """Store a document of `partitions` for each partition, and the time up to which it is counted, unless None."""
    for partition, at in caught_up.items():
        identity = {"group": GROUP, "topic": TOPIC, "k": partition}
        database["partitions"].replace_one({"_id": identity}, {"next_offset": 0, "epoch": 1}, upsert=True)
        if at is not None:
            database["partition_status"].replace_one({"_id": identity}, {"caught_up_at": at, "lag": 0}, upsert=True)


def ms(text: str) -> int:
    """UTC milliseconds of an ISO 8601 time."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def name_of(event: GivenEvent) -> str:
    """The name that the event gives its product."""
    return event.name or f"Product {event.product}"


def _store_raw(database: Documents, event: GivenEvent, offset: int) -> None:
    """Store the raw event in its day's collection."""
    name = f"events_{datetime.fromtimestamp(event.time_ms / 1000, UTC):%Y%m%d}"
    ensure_event_collection(database, name)
    identity = {"p": event.product, "t": event.time_ms, "k": event.partition, "o": offset, "g": 1}
    fields: dict[str, Any]
    if isinstance(event, GivenSale):
        amount = Decimal128(Decimal(event.amount).quantize(Decimal("0.000001")))
        fields = {"event": "productSold", "no_of_units": event.units, "amount": amount}
    else:
        fields = {"event": "productRated", "rating": Decimal128(Decimal(event.rating)), "category": event.category}
    database[name].insert_one({"_id": identity, **fields, "name_of_product": name_of(event)})


def _store_product(database: Documents, event: GivenEvent, offset: int) -> None:
    """Add to the product's document. As in the consumer, a sale with the known name does not write `latest`."""
    identity = {"p": event.product, "k": event.partition}
    latest = {"t": event.time_ms, "o": offset, "name": name_of(event)}
    known = database["products"].find_one({"_id": identity}) or {}
    newest: dict[str, Any] = {}
    added: dict[str, Any] = {}
    if isinstance(event, GivenRating):
        newest = {"latest": latest, "latest_rated": {**latest, "category": event.category}}
        added = _sums(event) | {f"histogram.{min(int(Decimal(event.rating) * 2), 9)}": 1}
    elif known.get("latest", {}).get("name") != latest["name"]:
        newest = {"latest": latest}
    update: dict[str, Any] = {"$min": {"first_seen": event.time_ms}}
    update |= {operator: fields for operator, fields in (("$max", newest), ("$inc", added)) if fields}
    database["products"].update_one({"_id": identity}, update, upsert=True)


def _sums(event: GivenEvent) -> dict[str, Any]:
    """What the event adds to the sums."""
    if isinstance(event, GivenSale):
        return {"amount": Decimal128(Decimal(event.amount)), "units": event.units, "sales": 1}
    return {"ratings": 1, "rating_sum": Decimal128(Decimal(event.rating))}


def _bins(event: GivenEvent) -> list[str]:
    """The bin that the event is counted in: `r9` of 4.50."""
    return [f"r{min(int(Decimal(event.rating) * 2), 9)}"] if isinstance(event, GivenRating) else []


def _add(database: Documents, collection: str, identity: dict[str, int], sums: dict[str, Any]) -> None:
    """Add to the sums, by path, of one document."""
    database[collection].update_one({"_id": identity}, {"$inc": sums}, upsert=True)


def database_names(prefix: str) -> Iterator[str]:
    """Endless names of databases: `prefix_0`, `prefix_1`, ... No two tests get the same."""
    return (f"{prefix}_{number}" for number in count())
