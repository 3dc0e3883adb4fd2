"""The `_id`s of all aggregates, read before any aggregate is compared: malformed ones, unknown partitions, days.

MongoDB does the counting, so the answers are small. A document whose `_id` is reported here as malformed is skipped,
without another finding, by whatever compares sums later.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from scripts.audit.findings import Findings, Kind
from scripts.audit.reading.shapes import LIMITS
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import PRODUCTS, REPLAYED_PARTITION, ROLLUP_DAYS, ROLLUPS, TOTAL_DAYS, TOTALS, Document

ID_FIELDS: Final = {
    ROLLUPS: ("phk",),
    TOTALS: ("hk", "mk"),
    ROLLUP_DAYS: ("pdk",),
    TOTAL_DAYS: ("dk",),
    PRODUCTS: ("pk",),
}
"""The fields that an `_id` may have, by collection; a letter a field, so `phk` stands for `{p, h, k}`."""
_A_DAY: Final = {"d": 1, "h": 24, "m": 24 * 60}


class DocumentsByDay(NamedTuple):
    """How many documents there are of each day (since 1970): of an hour, of a minute, and of a whole day."""

    hours: Counter[int]
    minutes: Counter[int]
    sealed: Counter[int]


def report_malformed_ids(snapshot: Snapshot, findings: Findings) -> None:
    """Report the aggregates whose `_id` no version of this program writes."""
    for collection, layouts in ID_FIELDS.items():
        for document in snapshot.find(collection, {"$nor": [_well_formed(names) for names in layouts]}, {"_id": 1}):
            text = f"{collection} holds a document whose _id is not that of an aggregate: {document['_id']!r}"
            findings.add(Kind.MALFORMED_AGGREGATE, text, collection=collection)


def report_unknown_partitions(snapshot: Snapshot, known: Iterable[int], findings: Findings) -> None:
    """Report the partitions that aggregates name, but that are neither in `known` nor that of replayed events."""
    named = {REPLAYED_PARTITION, *known}
    for collection, layouts in ID_FIELDS.items():
        well_formed = {"$match": {"$or": [_well_formed(names) for names in layouts]}}
        by_partition = {"$group": {"_id": "$_id.k", "count": {"$sum": 1}}}
        for counted in snapshot.aggregate(collection, [well_formed, by_partition]):
            partition = counted["_id"]
            if partition not in named:
                text = (
                    f"{collection} has {counted['count']} documents of partition {partition}, but `partitions` has no "
                    "such partition"
                )
                findings.add(Kind.UNKNOWN_PARTITION, text, collection=collection, partition=partition)


def count_by_day(snapshot: Snapshot, *collections: str) -> DocumentsByDay:
    """Count the documents of these collections of sums by their day, or the day of their hour or minute.

    Documents with a malformed `_id` are left out.
    """
    days = DocumentsByDay(Counter(), Counter(), Counter())
    by_unit = {"h": days.hours, "m": days.minutes, "d": days.sealed}
    for collection in collections:
        for names in ID_FIELDS[collection]:
            unit = names[-2]
            day = {"$toLong": {"$floor": {"$divide": [f"$_id.{unit}", _A_DAY[unit]]}}}
            of_unit = {"$match": _well_formed(names)}
            for counted in snapshot.aggregate(collection, [of_unit, {"$group": {"_id": day, "count": {"$sum": 1}}}]):
                by_unit[unit][counted["_id"]] += counted["count"]
    return days


def _well_formed(names: str) -> Document:
    """A filter: `_id`s with exactly these fields, in this order, and numbers inside `LIMITS`."""
    typed = {f"_id.{name}": _in_limits(name) for name in names}
    same: Any = {"$eq": ["$_id", {name: f"$_id.{name}" for name in names}]}
    return typed | {"$expr": same}


def _in_limits(name: str) -> Document:
    """A filter: an integer inside the limits of the field `name`."""
    least, end = LIMITS[name]
    return {"$type": ["int", "long"], "$gte": least, "$lte": end - 1}
