"""The databases of two groups that read the same topic: the same events, but for verdicts that depend on when.

Compared are the offsets that both have read, in each one's present generation, day by day at one moment of each. Sums
need no comparison: each group's own audit holds them to its events.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.reading.raw_events import PROJECTION, Numbers, events_of
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import (
    DAY_MS,
    EVENT_COLLECTIONS,
    HOUR_MS,
    MAINTENANCE,
    PARTITIONS,
    REJECTED_EVENTS,
    REPLAYED_PARTITION,
    RETENTION,
    Document,
    event_collection,
    event_day,
    first_kept_day,
    rejected_id,
)
from shared.events import Reason
from shared.mongo import SyncDatabase

BY_TIME: Final = frozenset({Reason.TOO_OLD.value, Reason.FROM_THE_FUTURE.value})
MOST_LISTED: Final = 1_000


class Side(NamedTuple):
    """One group's database at the moment of comparison."""

    name: str
    snapshot: Snapshot
    partitions: dict[int, Document]
    kept_from: int
    days: frozenset[int]
    topic: str

    def letter(self, partition: int, offset: int) -> Document | None:
        """The dead letter of an offset, in the present generation."""
        generation = self.partitions[partition]["generation"]
        return self.snapshot.find_one(REJECTED_EVENTS, {"_id": rejected_id(self.topic, generation, partition, offset)})

    def events(self, day: int) -> Iterator[Numbers]:
        """The day's events in order of `_id`."""
        if day in self.days:
            for batch in self.snapshot.raw_batches(event_collection(day * DAY_MS), {}, PROJECTION):
                yield from events_of(batch, lambda _, __: None)


class Comparison:
    """Compares two sides. `by_time` lists verdicts that depend on the time of reading; `events` counts equal ones."""

    def __init__(self, one: Side, other: Side) -> None:
        self._one = one
        self._other = other
        self.findings = Findings()
        self.by_time: list[dict[str, Any]] = []
        self.events = 0
        self._common = {
            partition: (
                max(mine["first_offset"], other.partitions[partition]["first_offset"]),
                min(mine["next_offset"], other.partitions[partition]["next_offset"]),
            )
            for partition, mine in one.partitions.items()
            if partition in other.partitions
        }

    def run(self) -> None:
        """Compare everything that both have read."""
        kept_from = max(self._one.kept_from, self._other.kept_from)
        for day in sorted(self._one.days | self._other.days):
            if day < kept_from:
                self.findings.cannot_judge("days that one of the two has dropped")
            else:
                self._compare_day(day)
        for partition, (first, end) in self._common.items():
            self._compare_letters(partition, first, end)

    def _compare_day(self, day: int) -> None:
        ours, theirs = self._one.events(day), self._other.events(day)
        mine, their = next(ours, None), next(theirs, None)
        while mine is not None or their is not None:
            if their is None or (mine is not None and mine[:4] < their[:4]):
                assert mine is not None  # noqa: S101  # one of the two is
                self._alone(mine, self._one, self._other)
                mine = next(ours, None)
            elif mine is None or their[:4] < mine[:4]:
                self._alone(their, self._other, self._one)
                their = next(theirs, None)
            else:
                self.events += 1
                if mine[5] != their[5]:
                    self._differs(mine, f"amount, units or rating differ in {self._one.name} and {self._other.name}")
                mine, their = next(ours, None), next(theirs, None)

    def _alone(self, event: Numbers, side: Side, other: Side) -> None:
        partition, offset = event[2], event[3]
        if partition == REPLAYED_PARTITION:
            self.findings.cannot_judge("events that one group alone replayed")
            return
        first, end = self._common.get(partition, (0, 0))
        if not first <= offset < end or event[4] != side.partitions[partition]["generation"]:
            self.findings.cannot_judge("offsets that only one of the two has read")
            return
        letter = other.letter(partition, offset)
        if letter is not None and letter["reason"] in BY_TIME:
            self._by_time(partition, offset, {side.name: "accepted", other.name: letter["reason"]})
        else:
            verdict = "does not have it" if letter is None else f"rejected it: {letter['reason']}"
            self._differs(event, f"{side.name} stores it, {other.name} {verdict}")

    def _compare_letters(self, partition: int, first: int, end: int) -> None:
        generation = self._one.partitions[partition]["generation"]
        places = {
            order: rejected_id(self._one.topic, generation, partition, offset)
            for order, offset in (("$gte", first), ("$lt", end))
        }
        for letter in self._one.snapshot.find(REJECTED_EVENTS, {"_id": places}, {"reason": 1}):
            offset, reason = letter["_id"]["o"], letter["reason"]
            theirs = self._other.letter(partition, offset)
            if theirs is None or theirs["reason"] == reason:
                continue  # an event in its place is told when events are compared
            if BY_TIME & {reason, theirs["reason"]}:
                self._by_time(partition, offset, {self._one.name: reason, self._other.name: theirs["reason"]})
            else:
                text = f"rejected as {reason} in {self._one.name}, as {theirs['reason']} in {self._other.name}"
                self.findings.add(
                    Kind.GROUPS_DIFFER, f"partition {partition}, offset {offset}: {text}",
                    partition=partition, offset=offset,
                )  # fmt: skip

    def _by_time(self, partition: int, offset: int, verdicts: dict[str, str]) -> None:
        self.findings.cannot_judge("verdicts that depend on the time of reading")
        if len(self.by_time) < MOST_LISTED:
            self.by_time.append({"partition": partition, "offset": offset, "verdicts": verdicts})

    def _differs(self, event: Numbers, text: str) -> None:
        product, time_ms, partition, offset = event[:4]
        hour = time_ms // HOUR_MS
        self.findings.add(
            Kind.GROUPS_DIFFER,
            f"partition {partition}, offset {offset}, product {product}, {iso_hour(hour)}: {text}",
            product=product,
            hour=hour,
            partition=partition,
            offset=offset,
        )


def side(database: SyncDatabase, topic: str) -> Side:
    """A database of one group, whatever its name."""
    snapshot = Snapshot(database)
    stored = snapshot.find(PARTITIONS, {"_id.topic": topic})
    kept_from = first_kept_day(snapshot.find_one(MAINTENANCE, {"_id": RETENTION}))
    names = database.list_collection_names(filter=EVENT_COLLECTIONS)
    days = frozenset(day for day in map(event_day, names) if day is not None)
    partitions = {one["_id"]["k"]: one for one in stored}
    return Side(database.name, snapshot, partitions, kept_from, days, topic)
