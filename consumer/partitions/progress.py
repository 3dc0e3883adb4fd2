"""Computes how far each partition is stored: its lag, and the moment up to which answers about it are complete.

`StatusReporter` asks for the statuses once a second and has them stored in `partition_status`. The API answers with
the oldest `caught_up_at` of all partitions as `Data-As-Of`.

What Kafka held at a moment is known from librdkafka's statistics: each answer to a fetch brings the partition's high
watermark, and the statistics count the fetches. A client has one fetch under way at each broker. Where two more fetches
were sent since earlier statistics, the first of the two was sent after these and is answered. So the high watermark is
one that the broker named after the moment of the earlier statistics, however long the answer was on its way. A `Mark`
says this: at its moment Kafka held nothing beyond its end. Once everything below that end is stored, the partition is
caught up with the mark's moment. While the broker is silent no new marks come, `caught_up_at` stands still, and readers
see that answers grow old.

The high watermark also counts what no reader gets: transaction markers and aborted records. That nothing else is left
below it is known by the end of the partition that the broker names (librdkafka's end-of-partition event).

Under `read_committed` a broker gives nothing from the last stable offset on, which is where the oldest open Kafka
transaction begins. It names that offset as the end, although acknowledged events of other producers may follow. Marks
are therefore made of the high watermark: while a transaction is open, `caught_up_at` stands still and the lag grows.
Where the same transaction stays open for `HELD_SECONDS`, the partition is *held back*, and its status says since when.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from consumer.partitions.assigned import Assigned
from consumer.partitions.lease import Lease
from consumer.partitions.statistics import Snapshot, snapshots_of
from consumer.partitions.status import Hold, PartitionStatus

HELD_SECONDS = 2.0
"""A partition is called held back when the same transaction has been open for this long.

At twice this, an operator learns of a forgotten transaction 2 s later. At half, each usual transaction of more than a
second writes two lines of the log. `caught_up_at` and the lag wait for no such time.
"""
MOST_MARKS = 60
"""Marks of one partition that are kept; when one more comes, every other one between the first and the last goes.

A consumer that is behind then steps `caught_up_at` in up to 30 larger steps, of which each is still true. At twice
this, the steps are half as large while each partition keeps twice as many marks; at half, twice as large.
"""
MOST_SNAPSHOTS = 8
"""Statistics that are kept, of four seconds. Where a fetch takes longer than a few of them, as on a machine that is
overloaded, marks are made from older ones. At half of it a fetch of more than a second leaves no mark; at twice a mark
may be of eight seconds ago."""


class Mark(NamedTuple):
    """At the moment `at` of the monotonic clock, Kafka held no record of the partition at or beyond `end`."""

    at: float
    end: int


class Progress:
    """Computes statuses from the assignment and from librdkafka's statistics. Polling thread only; never blocks."""

    def __init__(self, topic: str, queue_bytes: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._topic = topic
        self._queue_bytes = queue_bytes
        """How many bytes of records the client's queue takes."""
        self._monotonic = monotonic
        self._snapshots: deque[dict[int, Snapshot]] = deque([{}], maxlen=MOST_SNAPSHOTS)
        """By partition: what the last statistics said, the latest ones last."""
        self._marks: dict[int, list[Mark]] = {}
        """By partition, oldest first: the last mark that was reached, and those that have not been reached since."""
        self._holds: dict[int, Hold] = {}

    def on_statistics(self, text: str) -> None:
        """Take librdkafka's statistics (its `stats_cb`), which are JSON."""
        self._snapshots.append(snapshots_of(text, self._topic, self._queue_bytes))

    def statuses(self, assignment: Iterable[Assigned], now: datetime) -> list[PartitionStatus]:
        """The status of every leased partition at the moment `now`."""
        monotonic = self._monotonic()

        def moment(at: float) -> datetime:
            return now - timedelta(seconds=monotonic - at)

        statuses = [
            self._status(assigned, assigned.lease, now, moment) for assigned in assignment if assigned.lease is not None
        ]
        leased = {status.lease.partition for status in statuses}
        self._holds = {partition: hold for partition, hold in self._holds.items() if partition in leased}
        return statuses

    def _status(
        self, assigned: Assigned, lease: Lease, now: datetime, moment: Callable[[float], datetime]
    ) -> PartitionStatus:
        partition, stored, end = lease.partition, lease.next_offset, assigned.end_seen
        read_to = stored if end is None or stored < end.position else max(stored, end.offset)
        latest = self._snapshots[-1].get(partition)
        if latest is not None and latest.high >= 0 and latest.at >= assigned.fetched_since:
            # The client was fetching when the statistics were made, so the high watermark in them is of now.
            self._mark(partition, latest, assigned.fetched_since)
            self._hold(partition, latest, moment)
        caught_up = self._caught_up(partition, read_to)
        hold = self._holds.get(partition)
        return PartitionStatus(
            lease,
            stored,
            read_to,
            lag=None if latest is None or latest.high < 0 else max(0, latest.high - read_to),
            caught_up_at=None if caught_up is None else moment(caught_up.at),
            held_back=None if hold is None or self._monotonic() < hold.seen_at + HELD_SECONDS else hold,
            at=now,
        )

    def _mark(self, partition: int, latest: Snapshot, fetched_since: float) -> None:
        """Make a mark of the moment of the latest statistics after which `latest.high` was surely named, if any."""
        earlier = (snapshots[partition] for snapshots in reversed(self._snapshots) if partition in snapshots)
        before = next((one for one in earlier if one.at >= fetched_since and latest.is_newer_than(one)), None)
        if before is None:
            return
        marks = self._marks.setdefault(partition, [])
        if marks and marks[-1].at >= before.at:
            return
        if marks and marks[-1].end == latest.high:
            marks.pop()
        marks.append(Mark(before.at, latest.high))
        if len(marks) > MOST_MARKS:
            del marks[1:-1:2]

    def _caught_up(self, partition: int, read_to: int) -> Mark | None:
        """The last mark whose end is reached. Those before it are forgotten.

        A mark that was reached before is none where the stored offset has moved back, by a restored backup.
        """
        marks = self._marks.get(partition, [])
        reached = [number for number, mark in enumerate(marks) if mark.end <= read_to]
        if not reached:
            return None
        del marks[: reached[-1]]
        return marks[0]

    def _hold(self, partition: int, latest: Snapshot, moment: Callable[[float], datetime]) -> None:
        """Note the open transaction that the partition ends in, or that there is none."""
        if latest.stable >= latest.high:
            self._holds.pop(partition, None)
        elif partition not in self._holds or self._holds[partition].begins != latest.stable:
            self._holds[partition] = Hold(latest.stable, latest.at, moment(latest.at))
