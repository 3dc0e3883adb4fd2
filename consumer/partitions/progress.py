"""Computes how far each partition is stored: its lag, and the moment up to which answers about it are complete.

`StatusReporter` asks for the statuses once a second and has them stored in `partition_status`. The API answers with
the oldest `caught_up_at` of all partitions as `Data-As-Of`.

A partition is caught up when two things hold: its broker has said that no further record is there (librdkafka's
end-of-partition event), and MongoDB holds everything that was read by then. Kafka's high watermark does not decide it,
because it also counts what no reader gets: transaction markers and aborted records. While the broker is silent,
`caught_up_at` stands still, so readers see that answers grow old.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson.int64 import Int64
from pymongo import UpdateOne, WriteConcern
from pymongo.errors import PyMongoError

from consumer.partitions.assigned import Assigned, EndSeen
from consumer.partitions.lease import Lease
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id
from shared.errors import DatabaseUnavailable
from shared.mongo import SyncDatabase, brief

FRESH_SECONDS = 3.0
"""A broker that has sent anything within this time is trusted to have sent every record it has.

An idle broker answers a fetch every half second (`fetch.wait.max.ms`), so 3 s are six answers. At twice this, a broker
that falls silent is trusted for 6 s, and `caught_up_at` is that much too late. At half, a broker that pauses for 1.5 s
makes answers look old although they are not.
"""


@dataclass(slots=True, frozen=True)
class PartitionStatus:
    """How far one leased partition was at the moment `at`."""

    lease: Lease
    next_offset: int
    """The stored offset at that moment; the lease's own may have moved on since."""
    read_to: int
    """Everything that Kafka has to give below this offset is stored. At least `next_offset`."""
    lag: int | None
    """Offsets that are not stored yet, those of aborted records included; None while the partition's end is unknown."""
    caught_up_at: datetime | None
    """Every event that Kafka held at this moment is stored; None when this process has not seen such a moment yet."""
    at: datetime


class Progress:
    """Computes statuses from the assignment and from librdkafka's statistics. Polling thread only; never blocks."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._ends: dict[int, int] = {}
        """By partition: the offset after the last record that readers may get, as librdkafka last reported it."""
        self._answering: set[int] = set()
        """The partitions whose leading broker has sent something within `FRESH_SECONDS`."""
        self._confirmed: dict[int, tuple[EndSeen, datetime]] = {}
        """By partition: an end that was met, and the last moment at which nothing had followed it."""
        self._caught_up: dict[int, datetime] = {}

    def on_statistics(self, text: str) -> None:
        """Take the partitions' ends and the brokers' last answers from librdkafka's statistics (its `stats_cb`).

        `text` is JSON. librdkafka gives `rxidle`, the time since a broker last sent something, in microseconds, and
        -1 before it has sent anything.
        """
        statistics = json.loads(text)
        answering = {
            broker["nodeid"]
            for broker in statistics["brokers"].values()
            if broker["state"] == "UP" and 0 <= broker.get("rxidle", -1) < FRESH_SECONDS * 1e6
        }
        partitions: dict[str, Any] = statistics["topics"].get(self._topic, {}).get("partitions", {})
        # "-1" is librdkafka's own entry for messages without a partition.
        known = {int(number): partition for number, partition in partitions.items() if number != "-1"}
        self._ends = {number: partition["ls_offset"] for number, partition in known.items()}
        self._answering = {number for number, partition in known.items() if partition["leader"] in answering}

    def statuses(self, assignment: Iterable[Assigned], now: datetime) -> list[PartitionStatus]:
        """The status of every leased partition at the moment `now`."""
        return [self._status(assigned, assigned.lease, now) for assigned in assignment if assigned.lease is not None]

    def _status(self, assigned: Assigned, lease: Lease, now: datetime) -> PartitionStatus:
        partition, stored, end = lease.partition, lease.next_offset, assigned.end_seen
        read_to = stored
        if end is not None:
            confirmed_at = self._last_confirmed(assigned, end, now)
            if stored >= end.position:
                self._caught_up[partition] = confirmed_at
                read_to = max(stored, end.offset)
        return PartitionStatus(lease, stored, read_to, self._lag(assigned, stored), self._caught_up.get(partition), now)

    def _last_confirmed(self, assigned: Assigned, end: EndSeen, now: datetime) -> datetime:
        """The last moment at which nothing had followed `end`: `now` if the broker answers and still has nothing."""
        if assigned.at_end and assigned.partition in self._answering:
            self._confirmed[assigned.partition] = end, now
        confirmed, at = self._confirmed.get(assigned.partition, (end, end.at))
        return at if confirmed == end else end.at

    def _lag(self, assigned: Assigned, stored: int) -> int | None:
        """How many offsets are not stored yet. At the end there is no lag, even where markers follow `stored`."""
        if assigned.at_end and stored >= assigned.position:
            return 0
        end = self._ends.get(assigned.partition, -1)
        if end < 0:
            return None
        return max(0, end - stored)


def write_statuses(database: SyncDatabase, group: str, topic: str, statuses: Sequence[PartitionStatus]) -> None:
    """Store the statuses in `partition_status`, and `read_to` in `partitions`. Blocks; for the database thread.

    A status needs the primary's word alone (w: 1): one that is lost with its primary is replaced a second later.
    `read_to` waits for the majority, because claims rely on it. Raises DatabaseUnavailable.
    """
    updates = [
        UpdateOne(
            {"_id": partition_id(group, topic, status.lease.partition)},
            {"$set": {"lag": status.lag, "at": status.at}}
            | ({"$max": {"caught_up_at": status.caught_up_at}} if status.caught_up_at else {}),
            upsert=True,
        )
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
