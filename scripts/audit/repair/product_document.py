"""A product's document made anew from its events."""

from typing import Any

from bson.int64 import Int64
from pymongo.client_session import ClientSession

from scripts.audit.products.product_sums import Newest, Place, ProductSums, events_at
from scripts.audit.reading.raw_events import numbers_of
from shared.documents import EVENT_COLLECTIONS, RATING_DECIMALS, Document, decimal128, product_id
from shared.mongo import SyncDatabase


def product(database: SyncDatabase, session: ClientSession, place: Place) -> Document | None:
    """The document of `products` that all stored events give, as the session's transaction sees them; None without
    events."""
    sums: ProductSums | None = None
    latest: dict[str, Document] = {}
    for name in sorted(database.list_collection_names(filter=EVENT_COLLECTIONS)):
        for event in database[name].find(events_at(place), session=session).sort("_id", 1):
            identity = event["_id"]
            newest = Newest(identity["t"], identity["o"], identity["g"])
            one = ProductSums.of_event(newest, numbers_of(event)[1])
            if sums is None:
                sums = one
            else:
                sums.add(one)
            latest["latest"] = _latest(event)
            if one.latest_rated is not None:
                latest["latest_rated"] = latest["latest"] | {"category": event["category"]}
    return None if sums is None else _document(place, sums, latest)


def _latest(event: Document) -> Document:
    return {"t": Int64(event["_id"]["t"]), "o": Int64(event["_id"]["o"]), "name": event["name_of_product"]}


def _document(place: Place, sums: ProductSums, latest: dict[str, Document]) -> Document:
    document: dict[str, Any] = {"_id": product_id(*place), **latest, "first_seen": Int64(sums.first_seen_ms)}
    fields = sums.fields
    if sums.latest_rated is not None:
        document["ratings"] = fields["ratings"]
        document["rating_sum"] = decimal128(fields.get("rating_sum", 0), RATING_DECIMALS)
        document["histogram"] = {str(bin_): count for bin_, count in enumerate(sums.histogram) if count}
    return document
