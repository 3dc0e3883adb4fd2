"""The plain style: each question is an aggregation over raw sales, with the best indexes that can be given to it.

The collection holds only sales, with amounts as doubles. Its two indexes hold all that the questions need, so MongoDB
never looks at a document.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING
from pymongo.database import Database

from bench.contest.contest import EVENTS_PREFIX
from bench.serving.sealed_past import AMOUNT, QUARTERS, SALES_A_QUARTER
from shared.documents import DAY_MS, ROLLUP_DAYS
from shared.events import PRODUCT_SOLD

SALES: Final = "plain_sales"
"""The collection."""

Stages = list[dict[str, Any]]
_SUM: Final = {"amount": {"$sum": "$amount"}, "units": {"$sum": "$units"}, "sales": {"$sum": 1}}


def store_sales(database: "Database[dict[str, Any]]") -> None:
    """Store the sales of a database's raw events and of its sealed days as a plain consumer would. Blocks."""
    fields = {
        "_id": 0,
        "product_id": "$_id.p",
        "created_at": {"$toDate": "$_id.t"},
        "amount": {"$toDouble": "$amount"},
        "units": "$no_of_units",
    }
    merge = {"$merge": {"into": SALES}}
    for name in database.list_collection_names():
        if name.startswith(EVENTS_PREFIX):
            database[name].aggregate([{"$match": {"event": PRODUCT_SOLD}}, {"$project": fields}, merge])
    database[ROLLUP_DAYS].aggregate([*_sealed_sales(), merge])
    for first, second in (("product_id", "created_at"), ("created_at", "product_id")):
        database[SALES].create_index([(name, ASCENDING) for name in (first, second, "amount", "units")])


def _sealed_sales() -> Stages:
    """A row for each sale that a sealed day counts."""
    at = {"$add": [{"$multiply": ["$_id.d", DAY_MS]}, {"$multiply": ["$quarter", 900_000]}]}
    return [
        {"$set": {"quarter": list(QUARTERS)}},
        {"$unwind": "$quarter"},
        {"$set": {"number": {"$range": [0, SALES_A_QUARTER]}}},
        {"$unwind": "$number"},
        {
            "$project": {
                "_id": 0,
                "product_id": "$_id.p",
                "created_at": {"$toDate": {"$add": [at, {"$multiply": ["$number", 1_000]}]}},
                "amount": {"$literal": AMOUNT / 1e6},
                "units": {"$literal": 1},
            }
        },
    ]


def _total(days: float) -> Callable[[Any], Stages]:
    def stages(products: Any) -> Stages:
        return [_since(days, products), {"$group": {"_id": None, **_SUM}}]

    return stages


def _by_product(days: float, top: int | None = None) -> Callable[[Any], Stages]:
    def stages(products: Any) -> Stages:
        ranked: Stages = [{"$sort": {"amount": -1, "_id": 1}}, {"$limit": top}] if top else []
        return [_since(days, products), {"$group": {"_id": "$product_id", **_SUM}}, *ranked]

    return stages


def _by_step(days: float, unit: str, size: int) -> Callable[[Any], Stages]:
    def stages(products: Any) -> Stages:
        begin = {"$dateTrunc": {"date": "$created_at", "unit": unit, "binSize": size}}
        return [_since(days, products), {"$group": {"_id": begin, **_SUM}}, {"$sort": {"_id": 1}}]

    return stages


def _compared(products: Any) -> Stages:
    """The last 30 days are row true, and the 30 days before them row false."""
    is_later = {"$gte": ["$created_at", datetime.now(UTC) - timedelta(days=30)]}
    return [_since(60, products), {"$group": {"_id": is_later, **_SUM}}]


def _since(days: float, products: Any) -> dict[str, Any]:
    """The stage that finds the sales of so many last days, of these products (a filter), or of all (None)."""
    since = {"created_at": {"$gte": datetime.now(UTC) - timedelta(days=days)}}
    return {"$match": since if products is None else {"product_id": products, **since}}


HOUR: Final = 1 / 24
QUESTIONS: Final[Mapping[str, Callable[[Any], Stages]]] = {
    "hour": _total(HOUR),
    "month": _total(30),
    "ids": _by_product(HOUR),
    "top": _by_product(HOUR, top=10),
    "compared": _compared,
    "minutes": _by_step(1, "minute", 10),
    "days": _by_step(30, "day", 1),
}
"""The stages of each question, given the filter of its products."""
