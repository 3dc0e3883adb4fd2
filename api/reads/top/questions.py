"""What boards ask MongoDB, as documents. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from bson.max_key import MaxKey

from api.reads.queries import Query, Stages
from api.reads.top.measures import Measure
from shared.documents import (
    MAINTENANCE,
    REPLAYED_PARTITION,
    REPLAYS,
    REPLAYS_GENERATION,
    ROLLUP_DAYS,
    Document,
    minute_path,
    quarter_path,
    recent_sums_id,
)

_HOUR_MINUTES: Final = 60
_DAY_HOURS: Final = 24


class Mark(NamedTuple):
    """Up to where a partition's batches are in its sums. All three numbers only grow."""

    generation: int
    offset: int
    """`next_offset`; of partition -1, how many letters were replayed."""
    repairs: int
    """How often the audit changed the partition's sums, which leaves nothing in `recent_sums`."""


def ends() -> Stages:
    """On `partitions`: a row `{k, g, o, r}` for each partition, the fields of a `Mark`; of partition -1 too, if any
    letter was ever replayed."""
    none = {"$literal": REPLAYS_GENERATION}
    replays: Stages = [
        {"$match": {"_id": REPLAYS}},
        {"$project": {"_id": 0, "k": {"$literal": REPLAYED_PARTITION}, "g": none, "o": "$count", "r": "$repairs"}},
    ]
    return [
        {"$project": {"_id": 0, "k": "$_id.k", "g": "$generation", "o": "$next_offset", "r": "$repairs"}},
        {"$unionWith": {"coll": MAINTENANCE, "pipeline": replays}},
    ]


def batches(spans: Mapping[int, tuple[Mark, int]]) -> Document:
    """The filter of `recent_sums`: of each partition the batches from a mark on to below an offset."""
    return {
        "$or": [
            {
                "_id": {
                    "$gte": recent_sums_id(partition, mark.generation, mark.offset),
                    "$lt": recent_sums_id(partition, mark.generation, end),
                }
            }
            for partition, (mark, end) in spans.items()
        ]
    }


def products_after(product: int | None) -> Document:
    """The filter of `products`: the documents of the products behind this one, or of all."""
    return {} if product is None else {"_id": {"$gt": {"p": product, "k": MaxKey()}}}


def minutes_of(products: Iterable[int], measure: Measure, first_hour: int) -> Query:
    """On `rollups`: a row `{p, h, <column>: [...]}` for each document from `first_hour` on, with the hour's 60 minutes.

    A minute that has nothing of a column is null.
    """
    fields: Document = {"_id": 0, "p": "$_id.p", "h": "$_id.h"}
    for name in measure.columns:
        fields[name] = [f"${minute_path(minute)}.{name}" for minute in range(_HOUR_MINUTES)]
    return Query({"$or": _ranges(products, "h", first_hour)}, fields)


def hours_of(products: Sequence[int], measure: Measure, first_hour: int) -> Stages:
    """On `rollups`: up to two rows `{_id: product, <column>: sum}` for each product, of all from `first_hour` on.

    One row is of the hours, one of the sealed days. Of the day that holds `first_hour`, its quarter hours from there on
    count.
    """
    first_day, hour = divmod(first_hour, _DAY_HOURS)
    quarters = range(hour * 4, _DAY_HOURS * 4)
    is_first = {"$eq": ["$_id.d", first_day]}
    of_hours = {name: {"$sum": f"${name}"} for name in measure.columns}
    of_days = {
        name: {"$sum": {"$cond": [is_first, {"$sum": [f"${quarter_path(q)}.{name}" for q in quarters]}, f"${name}"]}}
        for name in measure.columns
    }
    sealed = [
        {"$match": {"$or": _ranges(products, "d", first_day)}},
        {"$group": {"_id": "$_id.p", **of_days}},
    ]
    return [
        {"$match": {"$or": _ranges(products, "h", first_hour)}},
        {"$group": {"_id": "$_id.p", **of_hours}},
        {"$unionWith": {"coll": ROLLUP_DAYS, "pipeline": sealed}},
    ]


def _ranges(products: Iterable[int], letter: str, first: int) -> list[Document]:
    """One product's documents from the hour or day `first` on, in every partition, for each product."""
    return [{"_id": {"$gte": {"p": p, letter: first}, "$lt": {"p": p, letter: MaxKey()}}} for p in products]
