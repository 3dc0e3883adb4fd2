"""What the API asks MongoDB for sums between cuts, as aggregations. Pure: each function returns `Stages`.

MongoDB adds up a product's partitions here: Decimal128 adds 34 digits exactly, and an answer is a few rows instead of a
row for each of 700 documents. What a row is depends on how many buckets are asked for: `bucket_rows` and `unit_rows`
each say how theirs are asked for, and how they are read.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from api.reads.queries import Stages, events_between, union
from api.reads.spans import bucket_rows, unit_rows
from api.reads.spans.division import DAYS, HOURS, MINUTES, Division, Level, Pieces
from api.reads.sums import Sums
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

_FEW_BUCKETS: Final = 2
"""Questions of so many buckets get rows by bucket: windows have one, comparisons two. MongoDB tries each document for
every bucket, so a month by days would be 30 trials a document: it gets rows by unit. With half of it, a comparison of
30 days gets some 120 rows instead of two. Twice as many would change nothing, since no question has three or four."""
_GROUPS_KEPT: Final = 64
"""Stages that are remembered: they change when a window's first second does, or once a minute for a series. That of a
month by hours has 20 kB, so they take 1 MB at most. It saves 5 ms, which is more than MongoDB takes for one product.
Half as many would serve until 32 questions that differ in time zone or window come in one second."""


class Rows(Protocol):
    """What rows are: `bucket_rows` and `unit_rows` are modules of this form."""

    def identity(self, level: Level) -> Document:
        """What rows are grouped by, the product aside."""

    def counted(self, level: Level, division: Division, fields: Sequence[str]) -> Document:
        """What the stage that groups adds up of a level's documents."""

    def add(self, found: list[Sums], row: Mapping[str, Any], division: Division, fields: Sequence[str]) -> None:
        """Add the sums of a row to those of the buckets."""


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


def rows_of(division: Division) -> Rows:
    """What the rows of this division are."""
    if division.buckets <= _FEW_BUCKETS:
        return bucket_rows
    return unit_rows


def _sums_of_level(level: Level, division: Division, asked: Asked) -> Stages:
    """The stages on one collection: find the documents, and add them up to rows."""
    found = {"$match": _units_of(level, division.units(level), asked.products)}
    return [found, _group(level, division, asked.fields, asked.products is None)]


@lru_cache(_GROUPS_KEPT)
def _group(level: Level, division: Division, fields: tuple[str, ...], of_all: bool) -> Document:
    """The stage that adds up, the same for all products."""
    rows = rows_of(division)
    identity, sums = rows.identity(level), rows.counted(level, division, fields)
    if not of_all:
        identity = {"p": "$_id.p", **identity}
        if level is HOURS:
            sums |= {cut_count(minute): _events_of(minute) for minute in division.minutes}
    return {"$group": {"_id": identity, **sums}}


def _events_of(minute: int) -> Document:
    """How many events a product has in a minute (since 1970), by the documents of its hours."""
    events = {"$sum": [f"${minute_path(minute)}.{name}" for name in ("sales", "ratings")]}
    return {"$sum": {"$cond": [{"$eq": ["$_id.h", minute // 60]}, events, 0]}}


def _units_of(level: Level, units: Pieces, products: Sequence[int] | None) -> Document:
    """The filter of the documents of these units: one range of `_id` for each product."""
    letter, begin, end = level.letter, next(iter(units), 0), next(reversed(units), -1) + 1
    if products is None:
        if level is MINUTES:  # a few single minutes that may be days apart
            return {"$or": [{"_id": {"$gte": {letter: unit}, "$lt": {letter: unit + 1}}} for unit in units]}
        return {"_id": {"$gte": {letter: begin}, "$lt": {letter: end}}}
    ranges = [{"_id": {"$gte": {"p": p, letter: begin}, "$lt": {"p": p, letter: end}}} for p in products]
    return ranges[0] if len(ranges) == 1 else {"$or": ranges}
