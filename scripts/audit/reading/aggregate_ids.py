"""What aggregates there are, before any is compared: of which days and partitions, and which have an `_id` like none.

MongoDB counts, so the answers are small. Later steps pass over documents whose `_id` is told here.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from scripts.audit.findings import Findings, Kind
from scripts.audit.reading.shapes import LIMITS
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import PRODUCTS, REPLAYED_PARTITION, ROLLUPS, TOTALS, Document

LAYOUTS: Final = {ROLLUPS: ("phk",), TOTALS: ("hk", "mk"), PRODUCTS: ("pk",)}
"""Names of an `_id`'s fields, by collection."""
_A_DAY: Final = {"h": 24, "m": 24 * 60}


class Days(NamedTuple):
    """How many documents each day (since 1970) has, by what a document is of: an hour or a minute."""

    hours: Counter[int]
    minutes: Counter[int]


def tell_malformed(snapshot: Snapshot, findings: Findings) -> None:
    """Documents whose `_id` no version of this program makes."""
    for collection, layouts in LAYOUTS.items():
        for document in snapshot.find(collection, {"$nor": [_like(names) for names in layouts]}, {"_id": 1}):
            text = f"{collection} holds a document whose _id is like none of its own: {document['_id']!r}"
            findings.add(Kind.MALFORMED_AGGREGATE, text, collection=collection)


def tell_unknown_partitions(snapshot: Snapshot, known: Iterable[int], findings: Findings) -> None:
    """Partitions that aggregates name and `partitions` does not."""
    named = {REPLAYED_PARTITION, *known}
    for collection, layouts in LAYOUTS.items():
        of_ours = {"$match": {"$or": [_like(names) for names in layouts]}}
        counted = snapshot.aggregate(collection, [of_ours, {"$group": {"_id": "$_id.k", "count": {"$sum": 1}}}])
        for one in counted:
            if one["_id"] not in named:
                text = (
                    f"{collection} has {one['count']} documents of partition {one['_id']}, which `partitions` has not"
                )
                findings.add(Kind.UNKNOWN_PARTITION, text, collection=collection, partition=one["_id"])


def days_of(snapshot: Snapshot, *collections: str) -> Days:
    """The days that these collections speak of."""
    days = Days(Counter(), Counter())
    for collection in collections:
        for names in LAYOUTS[collection]:
            unit = names[-2]
            day = {"$toLong": {"$floor": {"$divide": [f"$_id.{unit}", _A_DAY[unit]]}}}
            of_unit = {"$match": {f"_id.{unit}": _range(unit)}}
            for one in snapshot.aggregate(collection, [of_unit, {"$group": {"_id": day, "count": {"$sum": 1}}}]):
                (days.hours if unit == "h" else days.minutes)[one["_id"]] += one["count"]
    return days


def _like(names: str) -> Document:
    """What matches `_id`s with these fields, in this order, and no others."""
    typed = {f"_id.{name}": _range(name) for name in names}
    same: Any = {"$eq": ["$_id", {name: f"$_id.{name}" for name in names}]}
    return typed | {"$expr": same}


def _range(name: str) -> Document:
    least, end = LIMITS[name]
    return {"$type": ["int", "long"], "$gte": least, "$lte": end - 1}
