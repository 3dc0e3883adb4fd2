"""The plain style: each question is an aggregation over raw events, with the best indexes that can be given to it.

Sales and ratings have a collection each, with amounts and ratings as doubles. The indexes hold all that sums are made
of, so MongoDB looks at no document for them. A question is named in the path of a request, and behind it stands what it
is about: products (`all`, or ids with commas), the beginning of a name, or a measure and a window.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING
from pymongo.database import Database

from api.reads.spans.windows import Window
from bench.contest.contest import EVENTS_PREFIX
from bench.serving.sealed_past import AMOUNT, BUSY, RATING, EachDay
from shared.documents import DAY_MS, HISTOGRAM_BINS, ROLLUP_DAYS
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

SALES: Final = "plain_sales"
RATINGS: Final = "plain_ratings"

Stages = list[dict[str, Any]]
_SUM: Final = {"amount": {"$sum": "$amount"}, "units": {"$sum": "$units"}, "sales": {"$sum": 1}}
_AVERAGE: Final = {"average": {"$avg": "$rating"}, "ratings": {"$sum": 1}}
_INDEXES: Final = {
    SALES: (
        ("product_id", "created_at", "amount", "units"),
        ("created_at", "product_id", "amount", "units"),
        ("key", "product_id", "name"),
    ),
    RATINGS: (("product_id", "created_at", "rating"), ("created_at", "product_id", "rating")),
}
_END: Final = "\U0010ffff"
"""Behind all texts that begin alike."""


def store_plain(database: "Database[dict[str, Any]]", each_day: EachDay = BUSY) -> None:
    """Store the events of a database as a plain consumer would: its raw events, and those of its sealed days. Blocks.

    `each_day` is what the sealed days were made of.
    """
    days = [name for name in database.list_collection_names() if name.startswith(EVENTS_PREFIX)]
    for into, kind, of_event, of_sealed, count in (
        (SALES, PRODUCT_SOLD, _SALE, _SEALED_SALE, each_day.sales),
        (RATINGS, PRODUCT_RATED, _RATED, _SEALED_RATING, each_day.ratings),
    ):
        of_raw = [{"$match": {"event": kind}}, {"$project": _COMMON | of_event}]
        unions = [{"$unionWith": {"coll": day, "pipeline": of_raw}} for day in days]
        sealed = [*_sealed_times(each_day.quarters, count), {"$project": _SEALED | of_sealed}]
        database[ROLLUP_DAYS].aggregate([*sealed, *unions, {"$out": into}])
        for fields in _INDEXES[into]:
            database[into].create_index([(name, ASCENDING) for name in fields])


_COMMON: Final = {
    "_id": 0,
    "product_id": "$_id.p",
    "created_at": {"$toDate": "$_id.t"},
    "name": "$name_of_product",
}
_SALE: Final = {
    "amount": {"$toDouble": "$amount"},
    "units": "$no_of_units",
    "key": {"$toLower": "$name_of_product"},
}
_RATED: Final = {"rating": {"$toDouble": "$rating"}, "category": 1}
_SEALED: Final = {"_id": 0, "product_id": "$_id.p", "created_at": {"$toDate": "$at"}}
_SEALED_SALE: Final = {"amount": {"$literal": AMOUNT / 1e6}, "units": {"$literal": 1}}
_SEALED_RATING: Final = {"rating": {"$literal": RATING / 100}}


def _sealed_times(quarters: tuple[int, ...], count: int) -> Stages:
    """A row `{_id, at}` for each event that a sealed day counts, `count` in each quarter hour."""
    at = {"$add": [{"$multiply": ["$_id.d", DAY_MS]}, {"$multiply": ["$quarter", 900_000]}]}
    return [
        {"$project": {"quarter": {"$literal": list(quarters)}}},
        {"$unwind": "$quarter"},
        {"$set": {"number": {"$range": [0, count]}}},
        {"$unwind": "$number"},
        {"$project": {"at": {"$add": [at, {"$multiply": ["$number", 1_000]}]}}},
    ]


class Question(NamedTuple):
    """A collection, and the stages of a question about something."""

    collection: str
    stages: Callable[[str], Stages]


def asked(question: str, about: str) -> tuple[str, Stages]:
    """The collection to ask, and the stages. Raises KeyError for a question that there is not."""
    collection, stages = QUESTIONS[question]
    return collection, stages(about)


def _grouped(collection: str, days: float | None, identity: Any = None) -> Question:
    """Sums, or averages, of the products together, or by `identity`."""
    sums = _SUM if collection == SALES else _AVERAGE
    return Question(collection, lambda about: [_events_of(about, days), {"$group": {"_id": identity, **sums}}])


def _by_step(collection: str, days: float, unit: str, size: int) -> Question:
    """The same by steps of a calendar in UTC, in order."""
    begin = {"$dateTrunc": {"date": "$created_at", "unit": unit, "binSize": size}}
    question = _grouped(collection, days, begin)
    return question._replace(stages=lambda about: [*question.stages(about), {"$sort": {"_id": 1}}])


def _compared(about: str) -> Stages:
    """The last 30 days are row true, and the 30 days before them row false."""
    is_later = {"$gte": ["$created_at", datetime.now(UTC) - timedelta(days=30)]}
    return [_events_of(about, 60), {"$group": {"_id": is_later, **_SUM}}]


def _distribution(days: float | None) -> Question:
    bin_ = {"$min": [{"$floor": {"$multiply": ["$rating", 2]}}, HISTOGRAM_BINS - 1]}
    return _grouped(RATINGS, days, bin_)


def _details(about: str) -> Stages:
    """A product's last hour, its ratings of all time, its newest and its first sale, its newest rating."""
    newest, oldest = ([{"$sort": {"created_at": order}}, {"$limit": 1}] for order in (-1, 1))
    others = (
        (RATINGS, [{"$group": {"_id": None, **_AVERAGE}}]),
        (RATINGS, [*newest, {"$project": {"_id": 0, "category": 1}}]),
        (SALES, [*newest, {"$project": {"_id": 0, "name": 1}}]),
        (SALES, [*oldest, {"$project": {"_id": 0, "product_id": 1}}]),
    )
    return [
        _events_of(about, HOUR),
        {"$group": {"_id": None, **_SUM}},
        *({"$unionWith": {"coll": name, "pipeline": [_events_of(about, None), *rest]}} for name, rest in others),
    ]


def _found(limit: int) -> Question:
    """The first products whose names begin with a text, in the order of their names."""

    def stages(prefix: str) -> Stages:
        return [
            {"$match": {"key": {"$gte": prefix.lower(), "$lt": prefix.lower() + _END}}},
            {"$group": {"_id": "$product_id", "key": {"$first": "$key"}, "name": {"$first": "$name"}}},
            {"$sort": {"key": 1, "_id": 1}},
            {"$limit": limit},
        ]

    return Question(SALES, stages)


def _ranked(about: str) -> Stages:
    """The first ten products; about `amount,1h`."""
    by, window = about.split(",")
    days = Window(window).seconds * 1_000 / DAY_MS
    value = {"$avg": "$rating"} if by == "rating" else {"$sum": 1 if by == "sales" else f"${by}"}
    return [
        _events_of("all", days),
        {"$group": {"_id": "$product_id", "value": value}},
        {"$sort": {"value": -1, "_id": 1}},
        {"$limit": 10},
    ]


def _events_of(about: str, days: float | None) -> dict[str, Any]:
    """The stage that finds the events of products, of so many last days or of all time."""
    found: dict[str, Any] = {}
    if about != "all":
        products = [int(product) for product in about.split(",")]
        found["product_id"] = products[0] if len(products) == 1 else {"$in": products}
    if days is not None:
        found["created_at"] = {"$gte": datetime.now(UTC) - timedelta(days=days)}
    return {"$match": found}


HOUR: Final = 1 / 24
QUESTIONS: Final[Mapping[str, Question]] = {
    "hour": _grouped(SALES, HOUR),
    "month": _grouped(SALES, 30),
    "ids": _grouped(SALES, HOUR, "$product_id"),
    "compared": Question(SALES, _compared),
    "minutes": _by_step(SALES, 1, "minute", 10),
    "days": _by_step(SALES, 30, "day", 1),
    "product": Question(SALES, _details),
    "rating-hours": _by_step(RATINGS, 7, "hour", 1),
    "distribution": _distribution(None),
    "distribution-hour": _distribution(HOUR),
    "names-20": _found(20),
    "names-100": _found(100),
    "top-sales": Question(SALES, _ranked),
    "top-ratings": Question(RATINGS, _ranked),
}
