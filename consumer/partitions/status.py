"""The status of a partition, and how it is stored: in `partition_status`, from where the API and operators read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bson.int64 import Int64
from pymongo import UpdateOne, WriteConcern
from pymongo.errors import PyMongoError

from consumer.partitions.lease import Lease
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id
from shared.errors import DatabaseUnavailable
from shared.mongo import SyncDatabase, brief


class Hold(NamedTuple):
    """An open Kafka transaction, behind whose first record a partition's records are not delivered."""

    begins: int
    """The offset of that record: the last stable offset."""
    seen_at: float
    """When this process saw it first, by the monotonic clock."""
    since: datetime
    """The same moment by this machine's clock."""


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
    held_back: Hold | None
    """The open transaction that has held the partition back for `HELD_SECONDS` or longer, if one has."""
    at: datetime


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
