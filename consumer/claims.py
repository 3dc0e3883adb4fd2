"""Claiming a partition: read its document, end the former owner's transactions, raise the epoch, check the offsets.

Only a claim makes a `Lease`. It needs MongoDB and Kafka, so it runs outside the rebalance callback and may fail and
be tried again, while the loop keeps polling.
"""

from typing import Protocol

from bson.int64 import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from consumer import failpoints
from consumer.lease import Lease
from shared.documents import PARTITIONS, Document, partition_id
from shared.errors import OffsetsLost, StoreUnavailable, TopicRecreated
from shared.mongo import SyncDatabase

FIRST_GENERATION = 1
NO_TOPIC_ID = ""


class Log(Protocol):
    """What a claim asks Kafka. Both raise StoreUnavailable while Kafka does not answer."""

    def topic_id(self) -> str:
        """Kafka's id of the topic, which changes when it is created again; empty where that is not known."""

    def watermarks(self, partition: int) -> tuple[int, int]:
        """The first offset that Kafka still holds, and the one after the last."""


class Claims:
    """Claims partitions of one topic for one process, known as `owner`, whose transactions run in `session_id`."""

    def __init__(
        self, database: SyncDatabase, log: Log, group: str, topic: str, owner: str, session_id: Document
    ) -> None:
        self._partitions = database[PARTITIONS]
        self._admin = database.client.admin
        self._log = log
        self._group = group
        self._topic = topic
        self._owner = owner
        self._session_id = session_id

    def claim(self, partition: int) -> Lease:
        """A new lease; every older one of this partition, here or elsewhere, is fenced from then on.

        Raises StoreUnavailable to be tried again, TopicRecreated or OffsetsLost when a person has to decide.
        """
        identity = partition_id(self._group, self._topic, partition)
        try:
            seen = self._partitions.find_one({"_id": identity}) or self._create(identity, partition)
            failpoints.reach("claim_read")
            # A frozen owner may hold the document in an open transaction; killing its session lets go of it at once.
            self._admin.command({"killSessions": [seen["lsid"]]})
            failpoints.reach("claim_sessions_killed")
            claimed = self._partitions.find_one_and_update(
                {"_id": identity, "epoch": seen["epoch"]},
                {"$inc": {"epoch": 1}, "$set": {"owner": self._owner, "lsid": self._session_id}},
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError as error:
            raise StoreUnavailable(f"another consumer claims partition {partition} at the same time") from error
        except PyMongoError as error:
            raise StoreUnavailable(f"partition {partition} could not be claimed: {error}") from error
        if claimed is None:
            raise StoreUnavailable(f"another consumer claimed partition {partition} at the same time")
        failpoints.reach("claim_raised")
        self._check(partition, claimed)
        failpoints.reach("claim_checked")
        return Lease(partition, claimed["epoch"], claimed["generation"], claimed["next_offset"])

    def _create(self, identity: Document, partition: int) -> Document:
        """The first claim ever begins at the low watermark, and says so."""
        first, _ = self._log.watermarks(partition)
        document: Document = {
            "_id": identity,
            "next_offset": Int64(first),
            "first_offset": Int64(first),
            "epoch": Int64(0),
            "owner": self._owner,
            "lsid": self._session_id,
            "topic_id": self._log.topic_id(),
            "generation": FIRST_GENERATION,
        }
        self._partitions.insert_one(document)
        return document

    def _check(self, partition: int, claimed: Document) -> None:
        """After the epoch was raised, so that nobody moves the offset while it is compared."""
        resolve = f"`python -m scripts.partitions restart --partition {partition}`"
        topic_id, stored_id = self._log.topic_id(), claimed["topic_id"]
        if NO_TOPIC_ID not in (topic_id, stored_id) and topic_id != stored_id:
            raise TopicRecreated(
                f"topic {self._topic} was deleted and created again (id {topic_id}, offsets were stored for "
                f"{stored_id}): going on would skip or repeat events; to read partition {partition} of the new topic "
                f"from its beginning, run {resolve}"
            )
        low, high = self._log.watermarks(partition)
        if not low <= claimed["next_offset"] <= high:
            raise OffsetsLost(
                f"partition {partition} should be read on at offset {claimed['next_offset']}, but Kafka holds "
                f"{low} to {high}: retention or data loss took unread events; to go on at what Kafka holds, "
                f"run {resolve}"
            )
