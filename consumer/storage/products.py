"""What MongoDB holds of each product, so that a sale writes to `products` only what would change. Database thread only.

`latest` must name the product as its newest event does, whatever a restart forgot. A sale that bears the known name is
not written, so the stored time may be older than the newest event's, but the stored name never is. Before another name
takes its place the newest event has to be known: from what this process wrote itself, else from the raw events.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from bson.int64 import Int64
from pymongo.client_session import ClientSession

from consumer.batches.increments import Latest, ProductFold
from consumer.partitions.lease import Lease
from consumer.storage import commands
from consumer.storage.plan import Key, Known, Writes, beginning
from consumer.storage.upserts import product_update
from shared.documents import EVENT_COLLECTIONS, PRODUCTS, Document, event_collection, product_id
from shared.mongo import SyncDatabase

MOST_KNOWN = 50_000
"""Over all partitions, some 25 MB. What was not needed for longest is forgotten, and read again when it is."""

_LAST_MS = 2**63 - 1


class Changes(NamedTuple):
    """What a batch changes in `products`, encoded; and what was known `before`: of all products but new ones."""

    inserts: list[bytes]
    updates: list[bytes]
    before: Mapping[Key, Known]


class Products:
    """Makes the changes of `products`; `committed` follows when they were written."""

    def __init__(self, database: SyncDatabase) -> None:
        self._database = database
        self._known: dict[Key, Known] = {}
        self._attempted: dict[Key, Known] = {}

    def known_hour(self, key: Key) -> int | None:
        """An hour (since 1970) of a product that is known to be in `rollups`; None where the product is not known.
        From any thread."""
        known = self._known.get(key)
        return None if known is None else known.hour

    def changes(self, writes: Writes, session: ClientSession) -> Changes:
        """What a batch changes. Reads what is not known, in the session's transaction; raises PyMongoError."""
        before, attempted = self._known_of(writes.products, session), {}
        inserts, updates = [], []
        for key, folded in writes.products.items():
            known = before.get(key)
            if known is None:
                new = writes.unknown.get(key) or beginning(key, folded)
                attempted[key] = new.known
                inserts.append(new.document)
                continue
            after = attempted[key] = self._after(key, known, folded, session)
            if folded.histogram is not None or _changes(known, after):
                updates.append(product_update(*key[:2], folded, after.latest))
        self._attempted = attempted
        return Changes(inserts, updates, before)

    def committed(self) -> None:
        """The last changes were written."""
        for key in self._attempted.keys() & self._known.keys():
            del self._known[key]
        self._known.update(self._attempted)
        self._attempted = {}
        for key in list(islice(self._known, max(0, len(self._known) - MOST_KNOWN))):
            del self._known[key]

    def forget(self, leases: Iterable[Lease]) -> None:
        """It is not known what was written under these leases."""
        epochs = {(lease.partition, lease.epoch) for lease in leases}
        self._known = {key: known for key, known in self._known.items() if key[1:] not in epochs}

    def _known_of(self, keys: Iterable[Key], session: ClientSession) -> dict[Key, Known]:
        """What is known of these products, or stored; those that are new are left out."""
        found: dict[Key, Known] = {}
        epochs: dict[int, int] = {}
        missing = []
        for key in keys:
            known = self._known.get(key)
            if known is not None:
                found[key] = known
                continue
            product, partition, epochs[partition] = key
            missing.append(product_id(product, partition))
        for stored in commands.find(self._database, PRODUCTS, missing, {"latest": 1, "first_seen": 1}, session):
            product, partition = stored["_id"]["p"], stored["_id"]["k"]
            found[product, partition, epochs[partition]] = _known(stored)
        return found

    def _after(self, key: Key, known: Known, folded: ProductFold, session: ClientSession) -> Known:
        """What is known once the batch is written."""
        first_seen = min(known.first_seen_ms, folded.first_seen_ms)
        if folded.latest <= known.latest:
            return known._replace(first_seen_ms=first_seen)
        if known.certain or folded.name == known.latest.name:
            return Known(first_seen, folded.latest, known.certain)
        return Known(first_seen, self._newest_event(key, folded.latest, session), certain=True)

    def _newest_event(self, key: Key, since: Latest, session: ClientSession) -> Latest:
        """The newest event of a product in a partition that is stored, or `since` when that is newer: one look at a
        range of a clustered collection for each day since."""
        product, partition, _ = key
        first_day = event_collection(since.time_ms)
        days = self._database.list_collection_names(filter=EVENT_COLLECTIONS)
        times = {"$gte": {"p": product, "t": Int64(since.time_ms)}, "$lt": {"p": product, "t": Int64(_LAST_MS)}}
        for day in sorted((day for day in days if day >= first_day), reverse=True):
            chosen = {"_id": times, "_id.k": partition}
            events = self._database[day].find(chosen, {"name_of_product": 1}, session=session)
            for event in events.sort("_id", -1).limit(1):
                stored = Latest(event["_id"]["t"], event["_id"]["o"], event["name_of_product"])
                return max(since, stored)
        return since


def _known(stored: Document) -> Known:
    """What a document says. One that lacks a field, by another hand, is written as if it were older than any event."""
    latest = stored.get("latest") or {"t": -1, "o": -1, "name": ""}
    return Known(stored.get("first_seen", _LAST_MS), Latest(latest["t"], latest["o"], latest["name"]), certain=False)


def _changes(before: Known, after: Known) -> bool:
    """Whether a sale has to be written: a new name, or an earlier first time."""
    return after.latest.name != before.latest.name or after.first_seen_ms < before.first_seen_ms
