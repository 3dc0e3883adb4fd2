"""What the API asks MongoDB for sums between cuts, as aggregations. Pure: each function returns `Stages`.

MongoDB adds up a product's partitions and hours here: Decimal128 adds 34 digits exactly, and an answer is a few rows
instead of a row for each of 700 documents.

A row of `sums` is `{_id: {p, l, n}, amount, c20_60_amount, cut29671940, …}`: the product (if products are asked for),
the letter of the level, the number of a unit of time, and then the sums of the whole unit, those of its cells 20 to 59,
and how many events a cut minute has. Its cells 0 to 19 are the whole less the others. Whole units that lie in one
bucket are one row, under the number of the first.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from api.reads.queries import Stages, events_between, union
from api.reads.spans.division import DAYS, HOURS, MINUTES, Division, Level, Pieces, added_up, stretches
from shared.documents import (
    MINUTE_MS,
    ROLLUP_DAYS,
    ROLLUPS,
    SECOND_MS,
    TOTAL_DAYS,
    TOTALS,
    Document,
    event_collection,
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
        stages.append(union(TOTALS, _sums_of_level(MINUTES, division, asked)))
    if division.days:
        stages.append(union(TOTAL_DAYS if of_all else ROLLUP_DAYS, _sums_of_level(DAYS, division, asked)))
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
        (event_collection(minute * MINUTE_MS), events_between(product, minute * MINUTE_MS, (minute + 1) * MINUTE_MS))
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
    unions = [union(other, [match]) for other, match in others]
    return collection, [first, *unions, {"$group": {"_id": {"p": "$_id.p", "s": second}, **counted}}]


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
