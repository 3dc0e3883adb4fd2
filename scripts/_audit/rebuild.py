"""A product's document made anew from its events."""

from typing import Any

from bson.int64 import Int64
from bson.max_key import MaxKey
from pymongo.client_session import ClientSession

from scripts._audit.products import PACKED_RATINGS, Newest, Place, ProductSums
from scripts._audit.raw import NO_RATING, numbers_of
from shared.documents import EVENTS_PREFIX, RATING_DECIMALS, Document, decimal128, product_id
from shared.mongo import SyncDatabase


def product(database: SyncDatabase, session: ClientSession, place: Place) -> Document | None:
    """The document of `products` that all stored events give, as the session's transaction sees them; None without
    events."""
    number, partition = place
    of_product = {"_id": {"$gte": {"p": number}, "$lt": {"p": number, "t": MaxKey()}}, "_id.k": partition}
    sums: ProductSums | None = None
    latest: dict[str, Document] = {}
    for name in sorted(database.list_collection_names(filter={"name": {"$regex": f"^{EVENTS_PREFIX}"}})):
        for event in database[name].find(of_product, session=session).sort("_id", 1):
            place_in_time, rating = event["_id"], numbers_of(event)[1]
            newest = Newest(place_in_time["t"], place_in_time["o"], place_in_time["g"])
            rated = None if rating == NO_RATING else newest
            one = ProductSums(PACKED_RATINGS[rating] if rated else 0, newest.time_ms, newest, rated)
            if sums is None:
                sums = one
            else:
                sums.add(one)
            latest["latest"] = _latest(event)
            if rated is not None:
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
