"""Claiming a partition: read its document, end the former owner's transactions, raise the epoch, check the offsets.

Only a claim makes a `Lease`. It needs MongoDB and what Kafka said, so it runs outside the rebalance callback and may
fail and be tried again, while the loop keeps polling.
"""

from typing import Protocol

import pymongo
from bson.int64 import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from consumer.partitions.brokers import NO_TOPIC_ID, PartitionQuery, PartitionState
from consumer.partitions.lease import Lease
from consumer.process import failpoints
from shared.documents import PARTITIONS, Document, partition_id
from shared.errors import ClaimContended, Halt, OffsetsLost, StoreUnavailable, TopicRecreated
from shared.mongo import SyncDatabase, brief

FIRST_GENERATION = 1
LOCKED_SECONDS = 2.0
"""How long a claim waits for a document that another's open transaction holds."""

_HELD = frozenset({24, 50, 112})  # LockTimeout, MaxTimeMSExpired, WriteConflict: they concern one document


class Broker(Protocol):
    """What a claim asks Kafka."""

    def ask(self, partition: int) -> PartitionQuery:
        """Ask for a partition's state, without waiting for it."""


class PartitionClaims:
    """Claims partitions of one topic for one process, known as `owner`, whose transactions run in `session_id`."""

    def __init__(
        self, database: SyncDatabase, broker: Broker, group: str, topic: str, owner: str, session_id: Document
    ) -> None:
        self._partitions = database[PARTITIONS]
        self._admin = database.client.admin
        self._broker = broker
        self._group = group
        self._topic = topic
        self._owner = owner
        self._session_id = session_id

    def ask(self, partition: int) -> PartitionQuery:
        """Ask Kafka for what `claim` has to know, without waiting for it."""
        return self._broker.ask(partition)

    def claim(self, partition: int, state: PartitionState) -> Lease:
        """A new lease; every older one of this partition, here or elsewhere, is fenced from then on.

        `state` is what Kafka said a moment ago. Raises ClaimContended or SourceUnavailable when this partition alone
        has to be tried again, StoreUnavailable when MongoDB does not answer, TopicRecreated or OffsetsLost when a
        person has to decide.
        """
        try:
            claimed = self._raise_epoch(partition_id(self._group, self._topic, partition), state)
        except DuplicateKeyError:
            claimed = None
        except OperationFailure as error:
            if error.code not in _HELD:
                raise StoreUnavailable(f"partition {partition} could not be claimed: {brief(error)}") from error
            raise ClaimContended(f"the document of partition {partition} is held: {brief(error)}") from error
        except PyMongoError as error:
            raise StoreUnavailable(f"partition {partition} could not be claimed: {brief(error)}") from error
        if claimed is None:
            raise ClaimContended(f"another consumer claims partition {partition} at the same time")
        failpoints.reach("claim_raised")
        state = self._checked(claimed, state)
        failpoints.reach("claim_checked")
        return Lease(
            partition=partition,
            epoch=claimed["epoch"],
            generation=claimed["generation"],
            next_offset=claimed["next_offset"],
            read_from=max(claimed["next_offset"], state.low),
            topic_id=claimed["topic_id"],
        )

    def _raise_epoch(self, identity: Document, state: PartitionState) -> Document | None:
        """The document as it is now this process's; None when another consumer was quicker."""
        seen = self._partitions.find_one({"_id": identity}) or self._create(identity, state)
        failpoints.reach("claim_read")
        # A frozen owner may hold the document in an open transaction; killing its session lets go of it at once.
        self._admin.command({"killSessions": [seen["lsid"]]})
        failpoints.reach("claim_sessions_killed")
        mine = {"owner": self._owner, "lsid": self._session_id}
        if seen["topic_id"] == NO_TOPIC_ID:
            mine["topic_id"] = state.topic_id
        with pymongo.timeout(LOCKED_SECONDS):
            return self._partitions.find_one_and_update(
                {"_id": identity, "epoch": seen["epoch"]},
                {"$inc": {"epoch": 1}, "$set": mine},
                return_document=ReturnDocument.AFTER,
            )

    def _create(self, identity: Document, state: PartitionState) -> Document:
        """The first claim ever begins at the low watermark, and says so."""
        document: Document = {
            "_id": identity,
            "next_offset": Int64(state.low),
            "first_offset": Int64(state.low),
            "epoch": Int64(0),
            "owner": self._owner,
            "lsid": self._session_id,
            "topic_id": state.topic_id,
            "generation": FIRST_GENERATION,
        }
        self._partitions.insert_one(document)
        return document

    def _checked(self, claimed: Document, state: PartitionState) -> PartitionState:
        """What Kafka holds, asked again where it does not fit: the former owner may have gone on since."""
        if halt_of(claimed, state) is None:
            return state
        state = self._broker.ask(claimed["_id"]["k"]).answer()
        halt = halt_of(claimed, state)
        if halt is not None:
            raise halt
        return state


def halt_of(stored: Document, state: PartitionState) -> Halt | None:
    """Why a partition whose document is `stored` cannot be read on from what Kafka holds; None when it can. Pure."""
    topic, partition = stored["_id"]["topic"], stored["_id"]["k"]
    next_offset, stored_id = stored["next_offset"], stored["topic_id"]
    resolve = f"`python -m scripts.partitions restart --partition {partition}`"
    if NO_TOPIC_ID not in (state.topic_id, stored_id) and state.topic_id != stored_id:
        return TopicRecreated(
            f"topic {topic} was deleted and created again (id {state.topic_id}, offsets were stored for "
            f"{stored_id}): going on would skip or repeat events; to read partition {partition} of the new topic "
            f"from its beginning, run {resolve}"
        )
    # Up to `read_to` Kafka had nothing left to give, such as the marks that transactions leave in the log.
    if max(next_offset, stored.get("read_to", 0)) < state.low or next_offset > state.high:
        return OffsetsLost(
            f"partition {partition} should be read on at offset {next_offset}, but Kafka holds "
            f"{state.low} to {state.high}: retention or data loss took unread events; to go on at what Kafka holds, "
            f"run {resolve}"
        )
    return None
