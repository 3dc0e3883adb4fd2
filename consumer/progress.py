"""How far reading has come: lag, and the time up to which answers are complete, as `partition_status` holds them.

"Caught up" is what a broker said (end of partition) and MongoDB has stored, never a comparison with the high
watermark, which counts records that no reader gets. While the broker is silent, it goes stale, as it should.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import UpdateOne, WriteConcern
from pymongo.errors import PyMongoError

from consumer.assignment import Assigned
from shared.documents import PARTITION_STATUS, partition_id
from shared.errors import StoreUnavailable
from shared.mongo import SyncDatabase

FRESH_SECONDS = 3.0
"""A broker that has answered a fetch this recently would have sent a record if it had one."""


@dataclass(slots=True, frozen=True)
class Status:
    """One partition at one moment. `lag` counts offsets, so records of aborted transactions are in it."""

    partition: int
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

    def statuses(self, assignment: Iterable[Assigned], now: datetime) -> list[Status]:
        """The status of every leased partition."""
        return [self._status(assigned, now) for assigned in assignment if assigned.lease is not None]

    def _status(self, assigned: Assigned, now: datetime) -> Status:
        partition = assigned.partition
        stored = assigned.lease.next_offset if assigned.lease is not None else 0
        if assigned.at_end and partition in self._fresh:
            assigned.end_seen = (assigned.position, now)
        if assigned.end_seen is not None and stored >= assigned.end_seen[0]:
            self._caught_up[partition] = assigned.end_seen[1]
        end = self._ends.get(partition, -1)
        lag = 0 if assigned.at_end and stored >= assigned.position else max(0, end - stored) if end >= 0 else None
        return Status(partition, lag, self._caught_up.get(partition), now)


def write_statuses(database: SyncDatabase, group: str, topic: str, statuses: Iterable[Status]) -> None:
    """Store the statuses; a lost one is replaced a second later, so one member's word is enough. Raises
    StoreUnavailable."""
    updates = [
        UpdateOne(
            {"_id": partition_id(group, topic, status.partition)},
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
    except PyMongoError as error:
        raise StoreUnavailable(f"the partitions' status could not be stored: {error}") from error
