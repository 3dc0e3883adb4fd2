"""What is asked of MongoDB. Pure: each function returns a `Query`, or the stages for one `aggregate` command.

Products are found by ranges of `_id`, one a product, which hold every Kafka partition whether known or not. They run
with `hint={"_id": 1}` (`BY_ID`): without a hint the planner plans each branch of `$or` alone, at twice the cost.

What a product has in its partitions and hours is added up by who asks: grouping it would be work of MongoDB, which all
share (ADR 16). Where MongoDB adds, it is exact: amounts are Decimal128, and it adds up to 34 digits of them.
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

BY_ID = {"_id": 1}
_PRODUCT: Document = {"_id": 0, "p": "$_id.p"}


class Query(NamedTuple):
    """What one `find` command asks for."""

    filter: Document
    fields: Document
    """The projection. A field that a document lacks is absent from its row."""


def sales_by_product(products: Iterable[int], window: Window) -> Query:
    """On `rollups`: `{p: product, amount, cut_sales}` of each document in the window's hours.

    `amount` lacks the part of the cut minute that counts; `cut_sales` is how many sales that whole minute has, 0 when
    it needs no reading. Of the cut hour at most 14 amounts are read, of other hours one.
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
    """On `totals`: one row `{amount}`, or none. The cut minute's document holds its seconds, so this is complete."""
    spans: list[Document] = [{"_id": {"$gte": {"h": window.cut_hour}, "$lt": {"h": window.hours.stop}}}]
    seconds: Any = 0
    if window.starts_within_minute:
        spans.append({"_id": {"$gte": {"m": window.cut_minute}, "$lt": {"m": window.cut_minute + 1}}})
        counted = range(window.cut, (window.cut_minute + 1) * 60)
        seconds = {"$sum": [f"${second_path(second)}.amount" for second in counted]}
    # A missing field compares as less than any number, so a minute's document must be told apart first.
    is_minute = {"$ne": [{"$type": "$_id.m"}, "missing"]}
    within_cut_hour = {"$lt": ["$_id.h", window.hours.start]}
    of_hour = {"$cond": [within_cut_hour, _rest_of_cut_hour(window), "$amount"]}
    return [
        {"$match": {"$or": spans}},
        {"$project": {"amount": {"$cond": [is_minute, seconds, of_hour]}}},
        {"$group": {"_id": None, "amount": {"$sum": "$amount"}}},
    ]


def sales_by_second(products: Sequence[int], minute: int) -> tuple[str, Stages]:
    """Collection and pipeline: `{_id: {p, s: second}, amount, sales}` from the raw events of one minute.

    One clustered range a product, joined by `$unionWith`: `$or` would scan the collection.
    """
    collection = event_collection(minute * MINUTE_MS)
    first, *others = (_minute_of_product(product, minute) for product in products)
    unions = [{"$unionWith": {"coll": collection, "pipeline": [match]}} for match in others]
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
    """On `products`: `{p: product, rating_sum, ratings}` of each known product's partitions, over all time."""
    return Query(_partitions_of(products), _PRODUCT | {"rating_sum": 1, "ratings": 1})


def known_products(products: Iterable[int]) -> Query:
    """On `products`: `{p: product}` of each product that ever had an event, once a partition."""
    return Query(_partitions_of(products), _PRODUCT)


def caught_up_times() -> Stages:
    """On `partitions`: `{caught_up_at}` of each, absent where no consumer has said so yet; and `{_id, version}` of the
    schema where it is noted."""
    status = {"from": PARTITION_STATUS, "localField": "_id", "foreignField": "_id", "as": "status"}
    schema = {"coll": MAINTENANCE, "pipeline": [{"$match": {"_id": SCHEMA}}, {"$project": {"version": 1}}]}
    return [
        {"$match": {"_id.k": {"$ne": REPLAYED_PARTITION}}},
        {"$lookup": status},
        {"$project": {"_id": 0, "caught_up_at": {"$first": "$status.caught_up_at"}}},
        {"$unionWith": schema},
    ]


def _hours(product: int, window: Window) -> Document:
    """One product's documents of the window's hours. A shorter `_id` sorts before every longer one it begins."""
    return {"_id": {"$gte": {"p": product, "h": window.cut_hour}, "$lt": {"p": product, "h": window.hours.stop}}}


def _partitions_of(products: Iterable[int]) -> Document:
    first, end = REPLAYED_PARTITION, MaxKey()
    return {"$or": [{"_id": {"$gte": {"p": p, "k": first}, "$lt": {"p": p, "k": end}}} for p in products]}


def _minute_of_product(product: int, minute: int) -> Document:
    start, end = minute * MINUTE_MS, (minute + 1) * MINUTE_MS
    span = {"$gte": {"p": product, "t": start}, "$lt": {"p": product, "t": end}}
    return {"$match": {"_id": span, "event": PRODUCT_SOLD}}


def _rest_of_cut_hour(window: Window) -> Document:
    """The amounts of the whole minutes and blocks that count of the cut hour; absent ones count nothing."""
    minutes = [f"${minute_path(minute)}.amount" for minute in window.minutes]
    blocks = [f"${block_path(block * 10)}.amount" for block in window.blocks]
    return {"$sum": minutes + blocks}
