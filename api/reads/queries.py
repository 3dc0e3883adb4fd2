"""What the API asks MongoDB, as documents. Pure: each function returns a `Query`, or the `Stages` of an aggregation.

Products are found by ranges of `_id`, one range a product. A range holds every Kafka partition of the product, so the
API need not know the partitions. These queries run with `hint={"_id": 1}` (`BY_ID`): without a hint MongoDB's planner
plans each branch of `$or` separately, at twice the cost from 50 products on (ADR 5).

The API adds up a product's partitions and hours itself, because all instances share MongoDB's processor (ADR 16). Where
MongoDB adds, the sum is exact: amounts are Decimal128, of which it adds up to 34 digits.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bson.max_key import MaxKey

from api.reads.window import Window
from shared.documents import (
    MAINTENANCE,
    MINUTE_MS,
    PARTITION_STATUS,
    REPLAYED_PARTITION,
    SCHEMA,
    SECOND_MS,
    Document,
    block_path,
    event_collection,
    minute_path,
    second_path,
)
from shared.events import PRODUCT_SOLD

Stages = list[Document]
"""The stages of an aggregation pipeline, in order."""

BY_ID = {"_id": 1}
_PRODUCT: Document = {"_id": 0, "p": "$_id.p"}


class Query(NamedTuple):
    """What one `find` command asks for."""

    filter: Document
    fields: Document
    """The projection. A field that a document lacks is absent from its row."""


def sales_by_product(products: Iterable[int], window: Window) -> Query:
    """On `rollups`: a row `{p: product, amount, cut_sales}` for each document in the window's three hours.

    `amount` is what the document adds to the window, except for the seconds of the cut minute, which a rollup cannot
    split. `cut_sales` is how many sales the whole cut minute has: 0 means that no raw event needs to be read.

    At 12:34:56 the row of hour 11 has the amounts of the minutes 35 … 39 and of the blocks 40 … 49 and 50 … 59, and
    `cut_sales` counts the sales of minute 34. The row of hour 12 has that hour's `amount` and `cut_sales` 0.
    """
    cut_sales = f"${minute_path(window.cut_minute)}.sales" if window.starts_within_minute else 0
    within_cut_hour = {"$lt": ["$_id.h", window.hours.start]}
    return Query(
        {"$or": [_hours(product, window) for product in products]},
        _PRODUCT
        | {
            "amount": {"$cond": [within_cut_hour, _rest_of_cut_hour(window), "$amount"]},
            "cut_sales": {"$cond": [{"$eq": ["$_id.h", window.cut_hour]}, cut_sales, 0]},
        },
    )


def sales_of_all(window: Window) -> Stages:
    """On `totals`: one row `{amount}`, or none when nothing was sold.

    The sum is complete: a minute's document in `totals` holds its seconds, so the part of the cut minute that counts is
    in it. At 12:34:56 those are the seconds 56 … 59 of 11:34.
    """
    spans: list[Document] = [{"_id": {"$gte": {"h": window.cut_hour}, "$lt": {"h": window.hours.stop}}}]
    seconds: Any = 0
    if window.starts_within_minute:
        spans.append({"_id": {"$gte": {"m": window.cut_minute}, "$lt": {"m": window.cut_minute + 1}}})
        counted = range(window.cut, (window.cut_minute + 1) * 60)
        seconds = {"$sum": [f"${second_path(second)}.amount" for second in counted]}
    # A minute's document has no `_id.h`, and MongoDB sorts a missing field below every number: `within_cut_hour` alone
    # would take it for the document of the cut hour.
    is_minute = {"$ne": [{"$type": "$_id.m"}, "missing"]}
    within_cut_hour = {"$lt": ["$_id.h", window.hours.start]}
    of_hour = {"$cond": [within_cut_hour, _rest_of_cut_hour(window), "$amount"]}
    return [
        {"$match": {"$or": spans}},
        {"$project": {"amount": {"$cond": [is_minute, seconds, of_hour]}}},
        {"$group": {"_id": None, "amount": {"$sum": "$amount"}}},
    ]


def sales_by_second(products: Sequence[int], minute: int) -> tuple[str, Stages]:
    """The collection to ask, and the stages: a row `{_id: {p, s}, amount, sales}` for each product and second.

    The rows are made of the raw sales of one minute (since 1970); `s` is the second since 1970. `products` holds at
    least one. Each product is one range of the clustered collection, joined by `$unionWith`: with `$or`, MongoDB would
    scan the whole day (ADR 2).
    """
    collection = event_collection(minute * MINUTE_MS)
    first, *others = (_minute_of_product(product, minute) for product in products)
    unions = [union(collection, [match]) for match in others]
    second = {"$floor": {"$divide": ["$_id.t", SECOND_MS]}}
    return collection, [
        first,
        *unions,
        {
            "$group": {
                "_id": {"p": "$_id.p", "s": {"$toLong": second}},
                "amount": {"$sum": "$amount"},
                "sales": {"$sum": 1},
            }
        },
    ]


def ratings_by_product(products: Iterable[int]) -> Query:
    """On `products`: a row `{p: product, rating_sum, ratings}` for each partition of each known product, over all time.

    A product that was only sold has rows without the two sums.
    """
    return Query(partitions_of(products), _PRODUCT | {"rating_sum": 1, "ratings": 1})


def known_products(products: Iterable[int]) -> Query:
    """On `products`: a row `{p: product}` for each partition in which the product ever had an event."""
    return Query(partitions_of(products), _PRODUCT)


def caught_up_times() -> Stages:
    """On `partitions`: a row `{caught_up_at}` for each partition, and one `{_id, version}` if the schema is noted.

    `caught_up_at` is absent until a consumer has first caught up with the partition.
    """
    status = {"from": PARTITION_STATUS, "localField": "_id", "foreignField": "_id", "as": "status"}
    schema = {"coll": MAINTENANCE, "pipeline": [{"$match": {"_id": SCHEMA}}, {"$project": {"version": 1}}]}
    return [
        {"$match": {"_id.k": {"$ne": REPLAYED_PARTITION}}},
        {"$lookup": status},
        {"$project": {"_id": 0, "caught_up_at": {"$first": "$status.caught_up_at"}}},
        {"$unionWith": schema},
    ]


def _hours(product: int, window: Window) -> Document:
    """One product's documents of the window's hours, in every partition.

    The range goes from `{p: 7, h: 494531}` to below `{p: 7, h: 494534}`. MongoDB sorts a document before every longer
    one that begins with the same fields, so `{p: 7, h: 494531, k: 0}` lies inside.
    """
    return {"_id": {"$gte": {"p": product, "h": window.cut_hour}, "$lt": {"p": product, "h": window.hours.stop}}}


def partitions_of(products: Iterable[int]) -> Document:
    """The documents of these products in every partition, from the pseudo-partition -1 of replayed events on."""
    first, end = REPLAYED_PARTITION, MaxKey()
    return {"$or": [{"_id": {"$gte": {"p": p, "k": first}, "$lt": {"p": p, "k": end}}} for p in products]}


def events_between(product: int, begin_ms: int, end_ms: int) -> Document:
    """The stage that finds one product's raw events of a time span in a day's collection."""
    return {"$match": {"_id": {"$gte": {"p": product, "t": begin_ms}, "$lt": {"p": product, "t": end_ms}}}}


def union(collection: str, stages: Stages) -> Document:
    """The stage that adds the rows of another collection."""
    return {"$unionWith": {"coll": collection, "pipeline": stages}}


def _minute_of_product(product: int, minute: int) -> Document:
    """The stage that finds one product's sales of a minute in the raw events."""
    start, end = minute * MINUTE_MS, (minute + 1) * MINUTE_MS
    span = {"$gte": {"p": product, "t": start}, "$lt": {"p": product, "t": end}}
    return {"$match": {"_id": span, "event": PRODUCT_SOLD}}


def _rest_of_cut_hour(window: Window) -> Document:
    """The amount of the whole minutes and blocks of the cut hour that count. A field that is absent adds nothing.

    At 12:34:56: `$b.3.m.35.amount` … `$b.3.m.39.amount`, `$b.4.amount` and `$b.5.amount`.
    """
    minutes = [f"${minute_path(minute)}.amount" for minute in window.minutes]
    blocks = [f"${block_path(block * 10)}.amount" for block in window.blocks]
    return {"$sum": minutes + blocks}
