"""What a plan has to know, read from MongoDB inside the batch's transaction. Database thread only.

What this process remembers is not asked for. The transaction's first write compares and changes the partitions'
documents, which everyone who writes their aggregates changes too, so what is read here cannot change before the commit.
"""

from collections.abc import Sequence
from typing import Final

from bson.int64 import Int64
from pymongo.client_session import ClientSession

from consumer.batches.increments import Latest
from consumer.storage import commands
from consumer.storage.memory import KnownProduct, ProductKey, ProductMemory
from consumer.storage.plan import HourKey, Stored, renamed, uncertain_hours
from consumer.storage.preparation import Prepared
from shared.documents import (
    EVENT_COLLECTIONS,
    PRODUCTS,
    ROLLUPS,
    Document,
    event_collection,
    product_id,
    rollup_id,
)
from shared.mongo import SyncDatabase

WORTH_ASKING: Final = 50
"""So many hours of which it is uncertain whether MongoDB holds them are worth asking for: it costs one command, about
as much as what 50 inserts save over 50 upserts. With fewer of them all are upserted unasked."""

_LAST_MS: Final = 2**63 - 1
"""Later than every event, so that a document that lacks a time is written as if it were older than any event."""


class StoredReader:
    """Reads what plans have to know, in the transactions of one session."""

    def __init__(self, database: SyncDatabase, session: ClientSession, memory: ProductMemory) -> None:
        self._database = database
        self._session = session
        self._memory = memory

    def read(self, prepared: Prepared, new_products_have_no_hours: bool) -> Stored:
        """What MongoDB holds of a batch's products. Raises PyMongoError.

        Asks at most once for products, once for hours, and once a day of events for each product that gets a new name.
        """
        products = self._products(prepared)
        newest = {key: self._newest_event(key, latest) for key, latest in renamed(prepared, products)}
        hours = uncertain_hours(prepared, products, new_products_have_no_hours)
        absent = self._absent(hours) if len(hours) >= WORTH_ASKING else frozenset()
        return Stored(products, newest, absent, new_products_have_no_hours)

    def _products(self, prepared: Prepared) -> dict[ProductKey, KnownProduct]:
        """The batch's products that have a document: as remembered, else as read."""
        found, others = self._memory.recall_all(prepared.products)
        epochs = {lease.partition: lease.epoch for lease in prepared.ends}
        wanted = [product_id(product, partition) for product, partition, _ in others]
        fields = {"latest": 1, "first_seen": 1}
        for document in commands.find(self._database, PRODUCTS, wanted, fields, self._session):
            product, partition = document["_id"]["p"], document["_id"]["k"]
            found[product, partition, epochs[partition]] = _known(document)
        return found

    def _absent(self, hours: Sequence[HourKey]) -> frozenset[HourKey]:
        """Which of these hours MongoDB does not hold."""
        identities = [rollup_id(*hour) for hour in hours]
        held = commands.find(self._database, ROLLUPS, identities, {"_id": 1}, self._session)
        return frozenset(hours).difference((one["_id"]["p"], one["_id"]["h"], one["_id"]["k"]) for one in held)

    def _newest_event(self, key: ProductKey, since: Latest) -> Latest:
        """The newest stored event of a product in its partition, or `since` where none is newer.

        One look at a range of a clustered collection for each day from that of `since` on.
        """
        product, partition, _ = key
        first_day = event_collection(since.time_ms)
        days = self._database.list_collection_names(filter=EVENT_COLLECTIONS)
        times = {"$gte": {"p": product, "t": Int64(since.time_ms)}, "$lt": {"p": product, "t": Int64(_LAST_MS)}}
        for day in sorted((day for day in days if day >= first_day), reverse=True):
            chosen = {"_id": times, "_id.k": partition}
            events = self._database[day].find(chosen, {"name_of_product": 1}, session=self._session)
            for event in events.sort("_id", -1).limit(1):
                return max(since, Latest(event["_id"]["t"], event["_id"]["o"], event["name_of_product"]))
        return since


def _known(document: Document) -> KnownProduct:
    """A product as its document describes it. A stored event may be newer than its `latest`, with the same name."""
    latest = document.get("latest") or {"t": -1, "o": -1, "name": ""}
    return KnownProduct(
        document.get("first_seen", _LAST_MS), Latest(latest["t"], latest["o"], latest["name"]), is_newest=False
    )
