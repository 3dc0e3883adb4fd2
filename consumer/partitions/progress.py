"""How far reading has come: lag, and the time up to which answers are complete, as `partition_status` holds them.

"Caught up" is what a broker said (end of partition) and MongoDB has stored, never a comparison with the high
watermark, which counts records that no reader gets. While the broker is silent, it goes stale, as it should.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson.int64 import Int64
from pymongo import UpdateOne, WriteConcern
from pymongo.errors import PyMongoError

from consumer.partitions.assigned import Assigned
from consumer.partitions.lease import Lease
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id
from shared.errors import StoreUnavailable
from shared.mongo import SyncDatabase, brief

FRESH_SECONDS = 3.0
"""A broker that has answered a fetch this recently would have sent a record if it had one."""


@dataclass(slots=True, frozen=True)
class PartitionStatus:
    """One partition at one moment. `lag` counts offsets, so records of aborted transactions are in it."""

    lease: Lease
    next_offset: int
    """What was stored then."""
    read_to: int
    """Everything that Kafka has to give below this offset is stored."""
    lag: int | None
    caught_up_at: datetime | None
    at: datetime


class Progress:
    """Follows the polling thread's partitions; fed with librdkafka's statistics once a second."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._ends: dict[int, int] = {}
        self._fresh: set[int] = set()
        self._caught_up: dict[int, datetime] = {}

    def on_statistics(self, text: str) -> None:
        """Take the ends of partitions and the brokers' last answers from librdkafka's statistics."""
        statistics = json.loads(text)
        heard = {
            broker["nodeid"]
            for broker in statistics["brokers"].values()
            if broker["state"] == "UP" and 0 <= broker.get("rxidle", -1) < FRESH_SECONDS * 1e6
        }
        partitions: dict[str, Any] = statistics["topics"].get(self._topic, {}).get("partitions", {})
        known = {int(number): partition for number, partition in partitions.items() if number != "-1"}
        self._ends = {number: partition["ls_offset"] for number, partition in known.items()}
        self._fresh = {number for number, partition in known.items() if partition["leader"] in heard}

    def statuses(self, assignment: Iterable[Assigned], now: datetime) -> list[PartitionStatus]:
        """The status of every leased partition."""
        return [self._status(assigned, assigned.lease, now) for assigned in assignment if assigned.lease is not None]

    def _status(self, assigned: Assigned, lease: Lease, now: datetime) -> PartitionStatus:
        partition, stored = lease.partition, lease.next_offset
        if assigned.at_end and assigned.end_seen is not None and partition in self._fresh:
            assigned.end_seen = assigned.end_seen._replace(at=now)
        read_to = stored
        if assigned.end_seen is not None and stored >= assigned.end_seen.position:
            self._caught_up[partition] = assigned.end_seen.at
            read_to = max(stored, assigned.end_seen.offset)
        end = self._ends.get(partition, -1)
        lag = 0 if assigned.at_end and stored >= assigned.position else max(0, end - stored) if end >= 0 else None
        return PartitionStatus(lease, stored, read_to, lag, self._caught_up.get(partition), now)


def write_statuses(database: SyncDatabase, group: str, topic: str, statuses: Sequence[PartitionStatus]) -> None:
    """Store the statuses; a lost one is replaced a second later, so one member's word is enough. Raises
    StoreUnavailable."""
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
        ends = [_end(group, topic, status) for status in statuses if status.read_to > status.next_offset]
        if ends:
            database[PARTITIONS].bulk_write(ends, ordered=False)
    except PyMongoError as error:
        raise StoreUnavailable(f"the partitions' status could not be stored: {brief(error)}") from error


def _end(group: str, topic: str, status: PartitionStatus) -> UpdateOne:
    """Marks of transactions and aborted records alone follow the offset: retention may take them, nothing is lost."""
    identity = partition_id(group, topic, status.lease.partition)
    return UpdateOne(
        {"_id": identity, "epoch": status.lease.epoch, "next_offset": status.next_offset},
        {"$max": {"read_to": Int64(status.read_to)}},
    )
