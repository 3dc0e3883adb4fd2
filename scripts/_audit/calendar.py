"""Which days there are: collections of events, and the days that aggregates speak of."""

from collections import Counter
from typing import NamedTuple

from scripts._audit.findings import Findings, Kind
from scripts._audit.snapshot import Snapshot
from shared.documents import DAY_MS, EVENTS_PREFIX, MAINTENANCE, RETENTION, ROLLUPS, TOTALS, event_collection, event_day
from shared.mongo import SyncDatabase


class Calendar(NamedTuple):
    """Days since 1970."""

    stored: list[int]
    """Days that have a collection of events, in order."""
    kept_from: int
    """The first day that retention has not dropped; 0 when it dropped none."""


def calendar(database: SyncDatabase, snapshot: Snapshot, findings: Findings) -> Calendar:
    """The days, each with its collection checked; days whose aggregates have no events any more are told."""
    stored: set[int] = set()
    for entry in database.list_collections(filter={"name": {"$regex": f"^{EVENTS_PREFIX}"}}):
        name, day = entry["name"], event_day(entry["name"])
        if "clusteredIndex" not in entry.get("options", {}):
            findings.add(Kind.NOT_CLUSTERED, f"collection {name} is not clustered on _id", collection=name)
        if day is not None:
            stored.add(day)
    kept = kept_from(database)
    spoken_of = documents_by_day(snapshot, ROLLUPS) + documents_by_day(snapshot, TOTALS)
    for day in sorted(spoken_of):
        if day < kept:
            findings.cannot_judge("hours of days that retention dropped", spoken_of[day])
            continue
        if day in stored:
            continue
        name = event_collection(day * DAY_MS)
        findings.add(
            Kind.DAY_MISSING, f"collection {name} is gone: {spoken_of[day]} hours' sums have no events", collection=name
        )
    return Calendar(sorted(stored), kept)


def kept_from(database: SyncDatabase) -> int:
    """The first day that retention has not dropped by now; 0 when it dropped none. A drop is noted before it is done,
    so whoever asks after reading knows whether what was read may have been gone."""
    retention = database[MAINTENANCE].find_one({"_id": RETENTION}) or {}
    return int(retention.get("dropped_before", 0))


def documents_by_day(snapshot: Snapshot, collection: str) -> Counter[int]:
    """How many hours' documents each day has."""
    day = {"$toLong": {"$floor": {"$divide": ["$_id.h", 24]}}}
    hours = {"$match": {"_id.h": {"$type": "number"}}}
    grouped = snapshot.aggregate(collection, [hours, {"$group": {"_id": day, "count": {"$sum": 1}}}])
    return Counter({int(one["_id"]): one["count"] for one in grouped})
