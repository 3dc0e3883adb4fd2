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

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bson.int64 import Int64
from pymongo import UpdateOne, WriteConcern
from pymongo.errors import PyMongoError

from consumer.partitions.assigned import Assigned
from consumer.partitions.brokers import QUEUED_MESSAGES
from consumer.partitions.lease import Lease
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id
from shared.errors import DatabaseUnavailable
from shared.mongo import SyncDatabase, brief

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
_FAILURES = ("txerrs", "rxerrs", "req_timeouts", "disconnects")
"""What the statistics count of a broker that leaves a fetch without an answer."""


@dataclass(slots=True, frozen=True)
class PartitionStatus:
    """How far one leased partition was at the moment `at`."""

    lease: Lease
    next_offset: int
    """The stored offset at that moment; the lease's own may have moved on since."""
    read_to: int
    """Everything that Kafka has to give below this offset is stored. At least `next_offset`."""
    lag: int | None
    """Offsets up to the high watermark of which it is not known that they are stored or hold nothing; None while the
    high watermark is unknown."""
    caught_up_at: datetime | None
    """Every event that Kafka held at this moment is stored; None when this process knows no such moment."""
    held_back: "Hold | None"
    """The open transaction that has held the partition back for `HELD_SECONDS` or longer, if one has."""
    at: datetime


class Mark(NamedTuple):
    """At the moment `at` of the monotonic clock, Kafka held no record of the partition at or beyond `end`."""

    at: float
    end: int


class Fetches(NamedTuple):
    """What the client has done at one broker since it started."""

    sent: int
    """Fetches that were sent; each but the last is answered or has failed."""
    failed: int
    """Requests that failed and connections that broke, whatever the request."""


class Snapshot(NamedTuple):
    """What librdkafka's statistics say of one partition. Times are of the monotonic clock."""

    at: float
    """When the statistics were made."""
    leader: int
    fetches: Fetches | None
    """From the leader; None where it is not known."""
    has_room: bool
    """Whether the partition is fetched and the client's queue has room, so that the next fetch asks for it."""
    stable: int
    """The offset up to which the consumer gets records: the last stable offset, or the high watermark under
    `read_uncommitted`. Below 0 while unknown."""
    high: int
    """The high watermark, from the same answer; below 0 while unknown."""

    def is_newer_than(self, earlier: "Snapshot") -> bool:
        """Whether its high watermark was surely named after the moment of earlier statistics."""
        if self.fetches is None or earlier.fetches is None or self.leader != earlier.leader:
            return False
        sent, failed = self.fetches
        return earlier.has_room and sent >= earlier.fetches.sent + 2 and failed == earlier.fetches.failed


class Hold(NamedTuple):
    """An open Kafka transaction, behind whose first record a partition's records are not delivered."""

    begins: int
    """The offset of that record: the last stable offset."""
    seen_at: float
    """When this process saw it first, by the monotonic clock."""
    since: datetime
    """The same moment by this machine's clock."""


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
        """Take what librdkafka's statistics say of the partitions (its `stats_cb`).

        `text` is JSON. `ts` is when it was made, in microseconds of the monotonic clock. The group's coordinator has an
        entry and a connection of its own, which fetches nothing.
        """
        statistics = json.loads(text)
        fetches = {
            broker["nodeid"]: Fetches(broker["req"].get("Fetch", 0), sum(broker[name] for name in _FAILURES))
            for broker in statistics["brokers"].values()
            if broker["source"] != "logical"
        }
        partitions: dict[str, Any] = statistics["topics"].get(self._topic, {}).get("partitions", {})
        self._snapshots.append(
            {
                int(number): Snapshot(
                    statistics["ts"] / 1e6,
                    said["leader"],
                    fetches.get(said["leader"]),
                    self._has_room(said),
                    said["ls_offset"],
                    said["hi_offset"],
                )
                for number, said in partitions.items()
            }
        )

    def _has_room(self, said: Mapping[str, Any]) -> bool:
        """Whether the client fetches a partition, by its part of the statistics. A queue that is half full may be full
        once the answer that is under way has come."""
        is_half_empty = 2 * said["fetchq_cnt"] < QUEUED_MESSAGES and 2 * said["fetchq_size"] < self._queue_bytes
        return bool(said["fetch_state"] == "active" and is_half_empty)

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


def write_statuses(database: SyncDatabase, group: str, topic: str, statuses: Sequence[PartitionStatus]) -> None:
    """Store the statuses in `partition_status`, and `read_to` in `partitions`. Blocks; for the database thread.

    A status needs the primary's word alone (w: 1): one that is lost with its primary is replaced a second later.
    `read_to` waits for the majority, because claims rely on it. Raises DatabaseUnavailable.
    """
    updates = [
        UpdateOne({"_id": partition_id(group, topic, status.lease.partition)}, _status_update(status), upsert=True)
        for status in statuses
    ]
    if not updates:
        return
    try:
        collection = database.get_collection(PARTITION_STATUS, write_concern=WriteConcern(1))
        collection.bulk_write(updates, ordered=False)
        ends = [_read_to_update(group, topic, status) for status in statuses if status.read_to > status.next_offset]
        if ends:
            database[PARTITIONS].bulk_write(ends, ordered=False)
    except PyMongoError as error:
        raise DatabaseUnavailable(f"the partitions' status could not be stored: {brief(error)}") from error


def _status_update(status: PartitionStatus) -> dict[str, dict[str, Any]]:
    """What a status changes in its document of `partition_status`. `caught_up_at` never moves back."""
    update: dict[str, dict[str, Any]] = {"$set": {"lag": status.lag, "at": status.at}}
    if status.caught_up_at is not None:
        update["$max"] = {"caught_up_at": status.caught_up_at}
    if status.held_back is None:
        update["$unset"] = {"held_back_since": ""}
    else:
        update["$set"]["held_back_since"] = status.held_back.since
    return update


def _read_to_update(group: str, topic: str, status: PartitionStatus) -> UpdateOne:
    """Note in `partitions` that Kafka has nothing to give from `next_offset` up to `read_to`.

    Kafka holds only transaction markers and aborted records there. Example: offset 0 is a stored sale, 1 its commit
    marker, 2 an aborted sale, 3 its abort marker: `next_offset` is 1, `read_to` 4. If Kafka's retention then removes
    all four, the next claim finds that Kafka begins at 4, and knows by `read_to` that no event was lost.

    The filter names epoch and offset. If another process has claimed the partition, or a batch was committed since the
    status was made, the update matches nothing, and the next status brings its own.
    """
    identity = partition_id(group, topic, status.lease.partition)
    return UpdateOne(
        {"_id": identity, "epoch": status.lease.epoch, "next_offset": status.next_offset},
        {"$max": {"read_to": Int64(status.read_to)}},
    )
