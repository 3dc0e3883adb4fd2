"""Compares the databases of two groups that read the same topic: both must store the same for every message.

Only verdicts that depend on when a group read a message may differ: `too_old`, `from_the_future`, and which one counts
of the events with one id. Compared are the offsets that both groups have read, in the present generation of each, day
by day, each database at one moment. Sums are not compared, because each group's own audit compares them with that
group's events.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.reading.raw_events import PROJECTION, EventNumbers, events_of
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
from shared.events import OF_REPEATED_IDS, Reason
from shared.mongo import SyncDatabase

DEPEND_ON_TIME: Final = OF_REPEATED_IDS | {Reason.TOO_OLD.value, Reason.FROM_THE_FUTURE.value}
"""Which of two events with one id counts depends on the order in which a group met their partitions."""
MOST_LISTED: Final = 1_000
"""How many verdicts that depend on time are listed; all are counted. A group that reads a topic a year later rejects a
year's worth as too old: twice as many entries make the report twice as long, and half as many show half as much."""


class GroupData(NamedTuple):
    """One group's database at the moment of the comparison. Days are counted since 1970."""

    name: str
    """The database's name."""
    snapshot: Snapshot
    partitions: dict[int, Document]
    kept_from: int
    """The first day that retention has not dropped."""
    days: frozenset[int]
    """The days that have a collection of events."""
    topic: str

    def letter(self, partition: int, offset: int) -> Document | None:
        """The dead letter of an offset in the present generation; None where there is none."""
        generation = self.partitions[partition]["generation"]
        return self.snapshot.find_one(REJECTED_EVENTS, {"_id": rejected_id(self.topic, generation, partition, offset)})

    def events(self, day: int) -> Iterator[EventNumbers]:
        """The day's events in order of `_id`."""
        if day in self.days:
            for batch in self.snapshot.raw_batches(event_collection(day * DAY_MS), {}, PROJECTION):
                yield from events_of(batch, lambda _, __: None)


class GroupComparison:
    """Compares two groups.

    After `run`, `findings` has what differs, `equal_events` counts the events that are equal in both, and
    `verdicts_by_time` lists the messages whose verdicts differ only because the groups read them at different times.
    """

    def __init__(self, first: GroupData, second: GroupData) -> None:
        self._first = first
        self._second = second
        self.findings = Findings()
        self.verdicts_by_time: list[dict[str, Any]] = []
        self.equal_events = 0
        self._read_by_both = {
            partition: (
                max(document["first_offset"], second.partitions[partition]["first_offset"]),
                min(document["next_offset"], second.partitions[partition]["next_offset"]),
            )
            for partition, document in first.partitions.items()
            if partition in second.partitions
        }

    def run(self) -> None:
        """Compare everything that both groups have read."""
        kept_from = max(self._first.kept_from, self._second.kept_from)
        for day in sorted(self._first.days | self._second.days):
            if day < kept_from:
                self.findings.cannot_judge("days that one of the two has dropped")
            else:
                self._compare_day(day)
        for partition, (first, end) in self._read_by_both.items():
            self._compare_letters(partition, first, end)

    def _compare_day(self, day: int) -> None:
        """Walk through both groups' events in order of `_id` and compare those with the same coordinates.

        The first four numbers of an event, product, time, partition and offset, are its place in that order.
        """
        firsts, seconds = self._first.events(day), self._second.events(day)
        first, second = next(firsts, None), next(seconds, None)
        while first is not None or second is not None:
            if second is None or (first is not None and first[:4] < second[:4]):
                assert first is not None  # noqa: S101  # the loop ends when both are None
                self._judge_unpaired(first, self._first, self._second)
                first = next(firsts, None)
            elif first is None or second[:4] < first[:4]:
                self._judge_unpaired(second, self._second, self._first)
                second = next(seconds, None)
            else:
                self.equal_events += 1
                if first[5] != second[5]:
                    text = f"amount, units or rating differ in {self._first.name} and {self._second.name}"
                    self._report(first, text)
                first, second = next(firsts, None), next(seconds, None)

    def _judge_unpaired(self, event: EventNumbers, owner: GroupData, other: GroupData) -> None:
        """Judge an event that `owner` stores and `other` does not."""
        partition, offset = event[2], event[3]
        if partition == REPLAYED_PARTITION:
            self.findings.cannot_judge("events that one group alone replayed")
            return
        first, end = self._read_by_both.get(partition, (0, 0))
        if not first <= offset < end or event[4] != owner.partitions[partition]["generation"]:
            self.findings.cannot_judge("offsets that only one of the two has read")
            return
        letter = other.letter(partition, offset)
        if letter is not None and letter["reason"] in DEPEND_ON_TIME:
            self._list_by_time(partition, offset, {owner.name: "accepted", other.name: letter["reason"]})
        else:
            verdict = "does not have it" if letter is None else f"rejected it: {letter['reason']}"
            self._report(event, f"{owner.name} stores it, {other.name} {verdict}")

    def _compare_letters(self, partition: int, first: int, end: int) -> None:
        """Compare the reasons of the dead letters that both groups have from offset `first` up to before `end`."""
        generation = self._first.partitions[partition]["generation"]
        bounds = {
            order: rejected_id(self._first.topic, generation, partition, offset)
            for order, offset in (("$gte", first), ("$lt", end))
        }
        for letter in self._first.snapshot.find(REJECTED_EVENTS, {"_id": bounds}, {"reason": 1}):
            offset, reason = letter["_id"]["o"], letter["reason"]
            other = self._second.letter(partition, offset)
            # Where the other group stores an event instead, the comparison of events has judged it.
            if other is None or other["reason"] == reason:
                continue
            if DEPEND_ON_TIME & {reason, other["reason"]}:
                self._list_by_time(partition, offset, {self._first.name: reason, self._second.name: other["reason"]})
            else:
                text = f"rejected as {reason} in {self._first.name}, as {other['reason']} in {self._second.name}"
                self.findings.add(
                    Kind.GROUPS_DIFFER, f"partition {partition}, offset {offset}: {text}",
                    partition=partition, offset=offset,
                )  # fmt: skip

    def _list_by_time(self, partition: int, offset: int, verdicts: dict[str, str]) -> None:
        """Count, and list while there is room, a message whose verdict depends on the time of reading."""
        self.findings.cannot_judge("verdicts that depend on the time of reading")
        if len(self.verdicts_by_time) < MOST_LISTED:
            self.verdicts_by_time.append({"partition": partition, "offset": offset, "verdicts": verdicts})

    def _report(self, event: EventNumbers, text: str) -> None:
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


def read_group(database: SyncDatabase, topic: str) -> GroupData:
    """Open a snapshot of a group's database and read what the comparison needs first. `database` holds one group."""
    snapshot = Snapshot(database)
    stored = snapshot.find(PARTITIONS, {"_id.topic": topic})
    kept_from = first_kept_day(snapshot.find_one(MAINTENANCE, {"_id": RETENTION}))
    names = database.list_collection_names(filter=EVENT_COLLECTIONS)
    days = frozenset(day for day in map(event_day, names) if day is not None)
    partitions = {document["_id"]["k"]: document for document in stored}
    return GroupData(database.name, snapshot, partitions, kept_from, days, topic)
