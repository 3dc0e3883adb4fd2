"""What MongoDB holds of each product, so that a sale writes to `products` only what would change. Database thread only.

`latest` must name the product as its newest event does, whatever a restart forgot. A sale that bears the known name is
not written, so the stored time may be older than the newest event's, but the stored name never is. Before another name
takes its place the newest event has to be known: from what this process wrote itself, else from the raw events.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from bson.int64 import Int64

from consumer.fold import Fold, Latest, ProductFold
from consumer.inserts import NewProduct
from consumer.lease import Lease
from consumer.updates import product_update
from consumer.writes import Aggregates
from shared.documents import EVENTS_PREFIX, HOUR_MS, PRODUCTS, event_collection, product_id
from shared.mongo import SyncDatabase

MOST_KNOWN = 50_000
"""Over all partitions, some 25 MB. What was not needed for longest is forgotten, and read again when it is."""

_LAST_MS = 2**63 - 1

Key: TypeAlias = tuple[int, int, int]
"""Partition, epoch, product: what another epoch knew is of no use, for another consumer may have written since."""


class Known(NamedTuple):
    """Of one product in one partition: its first time, and the newest event known."""

    first_seen_ms: int
    latest: Latest
    certain: bool
    """Whether no stored event is newer; else one may be, with the same name."""


class Products:
    """Makes the updates of `products`; `committed` follows when they were written."""

    def __init__(self, database: SyncDatabase) -> None:
        self._database = database
        self._known: dict[Key, Known] = {}
        self._attempted: dict[Key, Known] = {}

    def has_hour(self, lease: Lease, product: int, hour: int) -> bool:
        """Whether a product's hour (since 1970) is known to be in `rollups`. From any thread."""
        known = self._known.get((lease.partition, lease.epoch, product))
        return known is not None and known.latest.time_ms // HOUR_MS == hour

    def updates(self, folds: Mapping[Lease, Fold]) -> Aggregates:
        """What a batch changes. Reads from MongoDB what is not known; raises PyMongoError."""
        products = {
            (lease.partition, lease.epoch, product): folded
            for lease, fold in folds.items()
            for product, folded in sorted(fold.products.items())
        }
        before, self._attempted, aggregates = self._known_of(products), {}, Aggregates([], [])
        for key, folded in products.items():
            known, (partition, _, product) = before.get(key), key
            after = self._attempted[key] = self._after(key, known, folded)
            if known is None:
                aggregates.new.append(NewProduct(product, partition, folded))
            elif folded.histogram is not None or _changes(known, after):
                aggregates.updates.append(product_update(product, partition, folded, after.latest))
        return aggregates

    def committed(self) -> None:
        """The last updates were written."""
        for key, known in self._attempted.items():
            self._known.pop(key, None)
            self._known[key] = known
        self._attempted = {}
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def forget(self, leases: Iterable[Lease]) -> None:
        """It is not known what was written under these leases."""
        epochs = {(lease.partition, lease.epoch) for lease in leases}
        self._known = {key: known for key, known in self._known.items() if key[:2] not in epochs}

    def _known_of(self, keys: Iterable[Key]) -> dict[Key, Known]:
        """What is known of these products, or stored; those that are new are left out."""
        found: dict[Key, Known] = {}
        missing: dict[tuple[int, int], Key] = {}
        for key in keys:
            known = self._known.get(key)
            if known is None:
                missing[key[2], key[0]] = key
            else:
                found[key] = known
        if missing:
            chosen = {"_id": {"$in": [product_id(*place) for place in missing]}, "latest": {"$exists": True}}
            for stored in self._database[PRODUCTS].find(chosen, {"latest": 1, "first_seen": 1}):
                latest = Latest(stored["latest"]["t"], stored["latest"]["o"], stored["latest"]["name"])
                key = missing[stored["_id"]["p"], stored["_id"]["k"]]
                found[key] = Known(stored["first_seen"], latest, certain=False)
        return found

    def _after(self, key: Key, known: Known | None, folded: ProductFold) -> Known:
        """What is known once the batch is written."""
        if known is None:
            return Known(folded.first_seen_ms, folded.latest, certain=True)
        first_seen = min(known.first_seen_ms, folded.first_seen_ms)
        if folded.latest <= known.latest:
            return known._replace(first_seen_ms=first_seen)
        if known.certain or folded.name == known.latest.name:
            return Known(first_seen, folded.latest, known.certain)
        return Known(first_seen, self._newest_event(key, folded.latest), certain=True)

    def _newest_event(self, key: Key, since: Latest) -> Latest:
        """The newest event of a product in a partition that is stored, or `since` when that is newer: one look at a
        range of a clustered collection for each day since."""
        partition, _, product = key
        first_day = event_collection(since.time_ms)
        days = self._database.list_collection_names(filter={"name": {"$regex": f"^{EVENTS_PREFIX}"}})
        times = {"$gte": {"p": product, "t": Int64(since.time_ms)}, "$lt": {"p": product, "t": Int64(_LAST_MS)}}
        for day in sorted((day for day in days if day >= first_day), reverse=True):
            events = self._database[day].find({"_id": times, "_id.k": partition}, {"name_of_product": 1})
            for event in events.sort("_id", -1).limit(1):
                stored = Latest(event["_id"]["t"], event["_id"]["o"], event["name_of_product"])
                return max(since, stored)
        return since


def _changes(before: Known, after: Known) -> bool:
    """Whether a sale has to be written: a new name, or an earlier first time."""
    return after.latest.name != before.latest.name or after.first_seen_ms < before.first_seen_ms
