"""Which days there are: collections of events, and the days that aggregates speak of."""

from typing import NamedTuple

from scripts.audit.findings import Findings, Kind, day_of
from scripts.audit.reading.aggregate_ids import days_of
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import (
    DAY_MS,
    EVENT_COLLECTIONS,
    MAINTENANCE,
    RETENTION,
    ROLLUPS,
    TOTALS,
    event_day,
    first_kept_day,
)
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
    for entry in database.list_collections(filter=EVENT_COLLECTIONS):
        name, day = entry["name"], event_day(entry["name"])
        if "clusteredIndex" not in entry.get("options", {}):
            findings.add(Kind.NOT_CLUSTERED, f"collection {name} is not clustered on _id", collection=name)
        if day is not None:
            stored.add(day)
    kept = kept_from(database)
    findings.cannot_judge(
        "days that retention has noted as dropped and that are there", sum(day < kept for day in stored)
    )
    spoken_of = days_of(snapshot, ROLLUPS, TOTALS)
    for day in sorted(spoken_of.hours.keys() | spoken_of.minutes.keys()):
        if day < kept:
            findings.cannot_judge("hours of days that retention dropped", spoken_of.hours[day])
            findings.cannot_judge("minutes of days that retention dropped", spoken_of.minutes[day])
            continue
        if day in stored:
            continue
        name = day_of(day * DAY_MS)
        findings.add(
            Kind.DAY_MISSING,
            f"collection {name} is gone: sums of {spoken_of.hours[day]} hours and {spoken_of.minutes[day]} minutes "
            "have no events",
            collection=name,
        )
    return Calendar(sorted(stored), kept)


def kept_from(database: SyncDatabase) -> int:
    """The first day that retention has not dropped by now; 0 when it dropped none."""
    return first_kept_day(database[MAINTENANCE].find_one({"_id": RETENTION}))
