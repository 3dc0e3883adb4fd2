"""The newest event of products, and by it their present names.

`products` has a document for each partition, whose `latest` is the newest name there; but its time may be older than
the newest event's, since a sale with the known name does not write it. So where the partitions of a product disagree,
only the newest raw event says which name is the present one: it is one step from the end of the product's range in its
day's collection, and the rollups say which day that is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from api.reads.database import MongoReader
from api.reads.products.queries import newest_days, newest_events, product_documents
from shared.documents import DAY_MS, HOUR_MS, PRODUCTS

ProductRows = Mapping[int, Sequence[Mapping[str, Any]]]
"""The documents of `products` of each product, one a partition, with `k`, the partition."""


class Event(NamedTuple):
    """The newest event of a product."""

    time_ms: int
    """UTC milliseconds. Where retention has dropped the event, when its hour, or its sealed day, began."""
    name: str | None
    """The name that it gave the product; None where retention has dropped it."""


class Named(NamedTuple):
    """What a product is called at present."""

    name: str | None
    """By its newest event. None only where another program made the product's documents."""
    category: str | None
    """By its newest rating; None for a product that was never rated."""


async def names(mongo: MongoReader, products: Sequence[int]) -> dict[int, Named]:
    """What these products are called; those that never had an event are left out. Raises DatabaseUnavailable.

    It is of one moment where `mongo` is a reader of one moment. Products whose partitions agree cost one query
    together, the others two more.
    """
    rows, newest = await rows_and_newest(mongo, products)
    return {product: named(documents, newest.get(product)) for product, documents in rows.items()}


async def rows_and_newest(mongo: MongoReader, products: Sequence[int]) -> tuple[ProductRows, dict[int, Event]]:
    """The documents of these products, and the newest event of each whose partitions disagree about its name.

    Raises DatabaseUnavailable.
    """
    rows = await rows_of(mongo, products)
    disputed = [product for product, documents in rows.items() if len(_names(documents)) > 1]
    return rows, await newest_of(mongo, disputed)


async def rows_of(mongo: MongoReader, products: Sequence[int]) -> ProductRows:
    """The documents of these products, without those that never had an event. Raises DatabaseUnavailable."""
    rows: dict[int, list[Mapping[str, Any]]] = {}
    for row in await mongo.find("product documents", PRODUCTS, product_documents(products)):
        rows.setdefault(row["p"], []).append(row)
    return rows


async def newest_of(mongo: MongoReader, products: Sequence[int]) -> dict[int, Event]:
    """The newest event of each product that has one. Raises DatabaseUnavailable."""
    if not products:
        return {}
    hours: dict[int, int] = {}
    for row in await mongo.aggregate("newest days", *newest_days(products)):
        began = row["h"] * HOUR_MS if "h" in row else row["d"] * DAY_MS
        hours[row["p"]] = max(began, hours.get(row["p"], began))
    newest = {product: Event(began, None) for product, began in hours.items()}
    of_days = [(product, began // DAY_MS) for product, began in hours.items()]
    for row in await mongo.aggregate("newest events", *newest_events(of_days)) if of_days else ():
        newest[row["_id"]["p"]] = Event(row["_id"]["t"], row["name"])
    return newest


def named(documents: Iterable[Mapping[str, Any]], newest: Event | None) -> Named:
    """The name by the newest event, where that is known, else by `latest`; the category by `latest_rated`."""
    latest = _newest_text("latest", documents)
    rated = _newest_text("latest_rated", documents)
    name = newest.name if newest is not None and newest.name is not None else latest.get("name")
    return Named(name, rated.get("category"))


def _names(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    return {document["latest"]["name"] for document in documents if "latest" in document}


def _newest_text(field: str, documents: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The newest of the partitions' `latest` or `latest_rated`; of equal times, that of the highest partition."""
    found: list[Mapping[str, Any]] = [
        {"k": document["k"], **document[field]} for document in documents if field in document
    ]
    return max(found, key=lambda text: (text["t"], text["k"], text["o"]), default={})
