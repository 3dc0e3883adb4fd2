"""What the API asks MongoDB for the answers of a dashboard, as aggregations. Pure: each function returns `Stages`.

`queries` has the questions about the last hour and about ratings over all time. The sums that these pipelines return
are made in MongoDB, over a product's partitions and hours: Decimal128 adds 34 digits exactly, and an answer is a few
rows instead of a row for each of 700 documents.

A row of `sums` is `{_id: {p, l, n}, amount, c20_60_amount, cut29671940, …}`: the product (if products are asked for),
the letter of the level, the number of a unit of time, and then the sums of the whole unit, those of its cells 20 to 59,
and how many events a cut minute has. Its cells 0 to 19 are the whole less the others. Whole units that lie in one
bucket are one row, under the number of the first.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from bson.max_key import MaxKey
from bson.min_key import MinKey

from api.reads.queries import Query, Stages, partitions_of
from api.reads.spans import DAYS, HOURS, MINUTES, Division, Level, Pieces, added_up, stretches
from shared.documents import (
    HISTOGRAM_BINS,
    MINUTE_MS,
    ROLLUP_DAYS,
    ROLLUPS,
    SECOND_MS,
    TOTAL_DAYS,
    TOTALS,
    Document,
    event_collection,
    events_of,
    minute_path,
)
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

_MERGED_RUNS: Final = 4
"""So many stretches of whole units become one row each. A window has one, a comparison two to four; the days of a month
would be 30 comparisons for each document, so there each document is a row."""
_FEW_UNITS: Final = 4
"""Cells that are added up in only so many units, or hours of the day, are so in these alone. For more the comparison
costs as much as the sums that it saves."""
_DAY_HOURS: Final = 24
_GROUPS_KEPT: Final = 64
"""Stages that are remembered: they change when a window's first second does, or once a minute for a series. That of a
month by hours has 20 kB, so they take 1 MB at most. It saves 5 ms, which is more than MongoDB takes for one product.
Half as many would serve until 32 questions that differ in time zone or window come in one second."""


class Asked(NamedTuple):
    """Of which products, and which of the five sums."""

    products: Sequence[int] | None
    """None asks for the sums over all products."""
    fields: tuple[str, ...]


def sums(asked: Asked, division: Division) -> tuple[str, Stages]:
    """The collection to ask, and the stages: the sums of the division's pieces.

    One aggregation reads hours and sealed days, because sealing moves sums from one to the other: under read concern
    `snapshot` all of it is read as it was at one moment.
    """
    of_all = asked.products is None
    stages = _sums_of_level(HOURS, division, asked)
    if of_all and division.minutes:
        stages.append(_union(TOTALS, _sums_of_level(MINUTES, division, asked)))
    if division.days:
        stages.append(_union(TOTAL_DAYS if of_all else ROLLUP_DAYS, _sums_of_level(DAYS, division, asked)))
    return TOTALS if of_all else ROLLUPS, stages


def cell_sum(first: int, stop: int, name: str) -> str:
    """The field of a row that has one sum of the cells `first` to below `stop`."""
    return f"c{first}_{stop}_{name}"


def cut_count(minute: int) -> str:
    """The field of a row that counts the events of a cut minute (since 1970)."""
    return f"cut{minute}"


def seconds_of(needed: Sequence[tuple[int, int]]) -> tuple[str, Stages]:
    """The collection to ask, and the stages: a row `{_id: {p, s}, amount, units, …}` for each product and second.

    `needed` are products with a minute since 1970 each, at least one. Each is one range of a clustered collection,
    joined by `$unionWith`: with `$or`, MongoDB would scan the whole day (ADR 2).
    """
    ranges = [
        (event_collection(minute * MINUTE_MS), _events(product, minute * MINUTE_MS, (minute + 1) * MINUTE_MS))
        for product, minute in needed
    ]
    second = {"$toLong": {"$floor": {"$divide": ["$_id.t", SECOND_MS]}}}
    counted = {
        "amount": {"$sum": "$amount"},
        "units": {"$sum": "$no_of_units"},
        "sales": {"$sum": {"$cond": [{"$eq": ["$event", PRODUCT_SOLD]}, 1, 0]}},
        "ratings": {"$sum": {"$cond": [{"$eq": ["$event", PRODUCT_RATED]}, 1, 0]}},
        "rating_sum": {"$sum": "$rating"},
    }
    (collection, first), *others = ranges
    unions = [_union(other, [match]) for other, match in others]
    return collection, [first, *unions, {"$group": {"_id": {"p": "$_id.p", "s": second}, **counted}}]


def rating_bins(product: int, begin_ms: int, end_ms: int) -> tuple[str, Stages]:
    """The collection to ask, and the stages: a row `{_id: bin, ratings, rating_sum}` for each bin that has ratings.

    Made of the product's raw events of a time span that touches a few days.
    """
    days = range(begin_ms - begin_ms % (DAYS.unit * 1000), end_ms, DAYS.unit * 1000)
    match = _events(product, begin_ms, end_ms)
    rated = [match, {"$match": {"event": PRODUCT_RATED}}]
    bin_ = {"$toInt": {"$min": [{"$floor": {"$multiply": ["$rating", 2]}}, HISTOGRAM_BINS - 1]}}
    group = {"$group": {"_id": bin_, "ratings": {"$sum": 1}, "rating_sum": {"$sum": "$rating"}}}
    first, *others = [event_collection(day) for day in days]
    return first, [*rated, *(_union(other, rated) for other in others), group]


def product_documents(products: Iterable[int]) -> Query:
    """On `products`: a row for each partition of each known product, with `p`, `k` and the document's fields."""
    fields = ("latest", "latest_rated", "first_seen", "ratings", "rating_sum", "histogram")
    return Query(partitions_of(products), {"_id": 0, "p": "$_id.p", "k": "$_id.k", **dict.fromkeys(fields, 1)})


def newest_days(products: Sequence[int]) -> tuple[str, Stages]:
    """The collection to ask, and the stages: up to two rows `{p, h}` and `{p, d}` for each of the products.

    `h` is the newest hour that has an event of the product in `rollups`, `d` its newest sealed day: each is one step
    from the end of the product's range of `_id`.
    """

    def last(letter: str, product: int) -> Stages:
        return [
            {"$match": {"_id": _every({"p": product}, letter)}},
            {"$sort": {"_id": -1}},
            {"$limit": 1},
            {"$project": {"_id": 0, "p": "$_id.p", letter: f"$_id.{letter}"}},
        ]

    unions = [_union(ROLLUP_DAYS, last("d", product)) for product in products]
    unions += [_union(ROLLUPS, last("h", product)) for product in products[1:]]
    return ROLLUPS, [*last("h", products[0]), *unions]


def newest_events(of_days: Sequence[tuple[int, int]]) -> tuple[str, Stages]:
    """The collection to ask, and the stages: a row `{_id, name}` with the newest event of each product on a day.

    `of_days` are products with a day since 1970 each, at least one. Of events of one millisecond it is the one with the
    highest partition, then the highest offset.
    """

    def last(product: int) -> Stages:
        fields = {"name": "$name_of_product"}
        return [{"$match": events_of(product)}, {"$sort": {"_id": -1}}, {"$limit": 1}, {"$project": fields}]

    collections = [event_collection(day * DAYS.unit * 1000) for _, day in of_days]
    unions = [
        _union(collection, last(product)) for collection, (product, _) in zip(collections[1:], of_days[1:], strict=True)
    ]
    return collections[0], [*last(of_days[0][0]), *unions]


def _sums_of_level(level: Level, division: Division, asked: Asked) -> Stages:
    """The stages on one collection: a row for each unit, or for each stretch of whole units of one bucket."""
    found = {"$match": _units_of(level, division.units(level), asked.products)}
    return [found, _group(level, division, asked.fields, asked.products is None)]


@lru_cache(_GROUPS_KEPT)
def _group(level: Level, division: Division, fields: tuple[str, ...], of_all: bool) -> Document:
    """The stage that adds up, the same for all products."""
    units, number = division.units(level), f"$_id.{level.letter}"
    identity: Document = {"l": level.letter, "n": _row_number(level, units, number)}
    if not of_all:
        identity["p"] = "$_id.p"
    counted: Document = {name: {"$sum": f"${name}"} for name in fields} if level is not MINUTES else {}
    for (first, stop), having in added_up(level, units).items():
        where = _where(level, units, having, number)
        for name in fields:
            paths = [f"${path}.{name}" for path in level.paths(first, stop)]
            amount: Any = paths[0] if len(paths) == 1 else {"$sum": paths}
            if where is not None:
                amount = {"$cond": [where, amount, 0]}
            counted[cell_sum(first, stop, name)] = {"$sum": amount}
    for minute in division.minutes if level is HOURS and not of_all else ():
        events: Any = {"$sum": [f"${minute_path(minute)}.{name}" for name in ("sales", "ratings")]}
        counted[cut_count(minute)] = {"$sum": {"$cond": [{"$eq": [number, minute // 60]}, events, 0]}}
    return {"$group": {"_id": identity, **counted}}


def _where(level: Level, units: Pieces, having: Sequence[int], number: str) -> Document | None:
    """The condition of the units whose cells are added up, where that is worth it; None adds them up everywhere."""
    if len(having) <= _FEW_UNITS < len(units):
        return {"$in": [number, having]}
    hours = sorted({unit % _DAY_HOURS for unit in having})
    if level is HOURS and len(hours) <= _FEW_UNITS and len(units) > _DAY_HOURS:
        return {"$in": [{"$mod": [number, _DAY_HOURS]}, hours]}
    return None


def _row_number(level: Level, units: Pieces, number: str) -> Any:
    """The expression that gives a document's row: the number of its unit, or of the first of its stretch."""
    runs = stretches(level, units)
    if not 0 < len(runs) <= _MERGED_RUNS:
        return number
    inside = [{"$and": [{"$gte": [number, run.start]}, {"$lt": [number, run.stop]}]} for run in runs]
    branches = [{"case": case, "then": run.start} for case, run in zip(inside, runs, strict=True)]
    return {"$switch": {"branches": branches, "default": number}}


def _units_of(level: Level, units: Pieces, products: Sequence[int] | None) -> Document:
    """The filter of the documents of these units: one range of `_id` for each product."""
    letter, begin, end = level.letter, next(iter(units), 0), next(reversed(units), -1) + 1
    if products is None:
        if level is MINUTES:  # a few single minutes that may be days apart
            return {"$or": [{"_id": {"$gte": {letter: unit}, "$lt": {letter: unit + 1}}} for unit in units]}
        return {"_id": {"$gte": {letter: begin}, "$lt": {letter: end}}}
    ranges = [{"_id": {"$gte": {"p": p, letter: begin}, "$lt": {"p": p, letter: end}}} for p in products]
    return ranges[0] if len(ranges) == 1 else {"$or": ranges}


def _events(product: int, begin_ms: int, end_ms: int) -> Document:
    """The stage that finds one product's raw events of a time span in a day's collection."""
    return {"$match": {"_id": {"$gte": {"p": product, "t": begin_ms}, "$lt": {"p": product, "t": end_ms}}}}


def _every(begin: Document, letter: str) -> Document:
    """The range of every `_id` that begins so, whatever its `letter` and what follows."""
    return {"$gte": begin | {letter: MinKey()}, "$lt": begin | {letter: MaxKey()}}


def _union(collection: str, stages: Stages) -> Document:
    return {"$unionWith": {"coll": collection, "pipeline": stages}}
