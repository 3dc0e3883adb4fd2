"""A document of `products` made anew from all events of its product in its partition.

`latest` and `latest_rated` keep the newest event: the one with the latest time, and of these the one with the highest
offset. Events of two generations of the topic can be equal in both; of these the one with the greater name counts, as
MongoDB's `$max` compares what the consumer writes.
"""

from typing import Any

from bson.int64 import Int64
from pymongo.client_session import ClientSession

from scripts.audit.products.product_sums import EventPosition, ProductInPartition, ProductSums, events_of_product
from scripts.audit.reading.raw_events import sums_and_rating
from shared.decimals import decimal128
from shared.documents import EVENT_COLLECTIONS, RATING_DECIMALS, Document, product_id
from shared.mongo import SyncDatabase
from shared.name_key import name_key


def product_document(database: SyncDatabase, session: ClientSession, key: ProductInPartition) -> Document | None:
    """The document that all stored events give, as the session's transaction sees them; None where there are no events.

    Raises one of `raw_events.MALFORMED` where one of the events is malformed.
    """
    sums: ProductSums | None = None
    newest: tuple[int, int, str] | None = None
    newest_rated: tuple[int, int, str, str] | None = None
    for name in sorted(database.list_collection_names(filter=EVENT_COLLECTIONS)):
        for event in database[name].find(events_of_product(key), session=session):
            identity = event["_id"]
            position = EventPosition(identity["t"], identity["o"], identity["g"])
            of_event = ProductSums.of_event(position, sums_and_rating(event)[1])
            if sums is None:
                sums = of_event
            else:
                sums.add(of_event)
            text = identity["t"], identity["o"], event["name_of_product"]
            newest = max(newest or text, text)
            if of_event.latest_rated is not None:
                rated = (*text, event["category"])
                newest_rated = max(newest_rated or rated, rated)
    if sums is None or newest is None:
        return None
    latest = {"latest": _latest(*newest) | {"key": name_key(newest[2])}}
    if newest_rated is not None:
        latest["latest_rated"] = _latest(*newest_rated[:3]) | {"category": newest_rated[3]}
    return _document(key, sums, latest)


def _latest(time_ms: int, offset: int, name: str) -> Document:
    return {"t": Int64(time_ms), "o": Int64(offset), "name": name}


def _document(key: ProductInPartition, sums: ProductSums, latest: dict[str, Document]) -> Document:
    document: dict[str, Any] = {"_id": product_id(*key), **latest, "first_seen": Int64(sums.first_seen_ms)}
    by_path = sums.by_path
    if sums.latest_rated is not None:
        document["ratings"] = by_path["ratings"]
        document["rating_sum"] = decimal128(by_path.get("rating_sum", 0), RATING_DECIMALS)
        document["histogram"] = {str(bin_): count for bin_, count in enumerate(sums.histogram) if count}
    return document
