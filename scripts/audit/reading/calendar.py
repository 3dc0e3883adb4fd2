"""Which days have a collection of events, which days retention has dropped, and which days are missing."""

from typing import NamedTuple

from scripts.audit.findings import Findings, Kind, day_collection
from scripts.audit.reading.aggregate_ids import count_by_day
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import (
    DAY_MS,
    EVENT_COLLECTIONS,
    MAINTENANCE,
    RETENTION,
    ROLLUP_DAYS,
    ROLLUPS,
    TOTAL_DAYS,
    TOTALS,
    event_day,
    first_kept_day,
)
from shared.mongo import SyncDatabase


class Calendar(NamedTuple):
    """The days of a database, counted since 1970."""

    stored: list[int]
    """Days that have a collection of events, in order."""
    kept_from: int
    """The first day that retention has not dropped; 0 when it has dropped none."""


def read_calendar(database: SyncDatabase, snapshot: Snapshot, findings: Findings) -> Calendar:
    """List the days that have events.

    Reports collections of events that are not clustered, and days that have sums but no collection of events although
    retention has not dropped them. The list of collections is that of the present, not of the snapshot's moment.
    """
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
    with_sums = count_by_day(snapshot, ROLLUPS, TOTALS, ROLLUP_DAYS, TOTAL_DAYS)
    for day in sorted(with_sums.hours.keys() | with_sums.minutes.keys() | with_sums.sealed.keys()):
        if day < kept:
            findings.cannot_judge("hours of days that retention dropped", with_sums.hours[day])
            findings.cannot_judge("minutes of days that retention dropped", with_sums.minutes[day])
            findings.cannot_judge("sealed documents of days that retention dropped", with_sums.sealed[day])
            continue
        if day in stored:
            continue
        name = day_collection(day * DAY_MS)
        findings.add(
            Kind.DAY_MISSING,
            f"collection {name} is gone, but there are {with_sums.hours[day]} documents with sums of its hours, "
            f"{with_sums.minutes[day]} with sums of its minutes and {with_sums.sealed[day]} with sums of the whole day",
            collection=name,
        )
    return Calendar(sorted(stored), kept)


def kept_from(database: SyncDatabase) -> int:
    """The first day (since 1970) that retention has not dropped by now; 0 when it has dropped none."""
    return first_kept_day(database[MAINTENANCE].find_one({"_id": RETENTION}))
