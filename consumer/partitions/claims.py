"""Claims partitions: a claim gives this process a lease, the right to write one partition's events to MongoDB.

Kafka's group alone cannot give that right. A consumer that is frozen for longer than its session loses its partitions
without knowing it, and goes on writing when it wakes. So every partition has a document in `partitions` with an
`epoch`, a counter that each claim raises, and every batch compares it. A claim takes four steps:

1. **Read** the partition's document. The first claim ever creates it, with the offset of Kafka's first record.
2. **End the former owner's session** (`killSessions` of the stored `lsid`). If the owner is frozen inside a
   transaction, MongoDB aborts the transaction and frees the document at once, which could otherwise stay locked for
   a minute. The former owner may be this process: its batches and claims take turns, so no batch of it is running.
3. **Raise the epoch** from the value that step 1 read, and write this process's name and session beside it. If
   another consumer has raised it in between, nothing matches and the claim fails.
4. **Compare** the stored offset and topic id with what Kafka holds. Where they do not fit, the partition halts.

What the frozen former owner meets when it wakes: MongoDB refuses the rest of its transaction, because its session was
ended. It runs the batch again, but a batch's first write looks for `{epoch: <its own>}`, and the document has a higher
one by then. Nothing matches, nothing is written, and the owner drops the partition's messages: it is fenced. A
claimant that was frozen between steps 1 and 3 meets the same in step 3.

A claim waits for MongoDB, so it runs on the database thread and never inside Kafka's rebalance callback. It may fail
and be tried again; the poll loop goes on meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Protocol

import pymongo
from bson.int64 import Int64
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, NetworkTimeout, OperationFailure, PyMongoError

from consumer.partitions.brokers import NO_TOPIC_ID, PartitionQuery, PartitionState
from consumer.partitions.lease import Lease
from consumer.process import failpoints
from shared.documents import PARTITION_STATUS, PARTITIONS, Document, partition_id
from shared.errors import ClaimContended, DatabaseUnavailable, Halt, OffsetsLost, TopicRecreated
from shared.mongo import SyncDatabase, brief

FIRST_GENERATION = 1
LOCKED_SECONDS = 2.0
"""How long step 3 waits for a document that somebody else's open transaction holds, such as an audit's repair.

The partitions of one round are claimed one after another, and this wait delays those that follow. At twice this, two
held documents use up a whole round (`ROUND_SECONDS` in `claim_round.py`). At half, more claims fail because of
transactions that were about to end, and each of them waits for a second before it is tried again.
"""

_HELD = frozenset({24, 50, 112})  # LockTimeout, MaxTimeMSExpired, WriteConflict: they concern one document


class Broker(Protocol):
    """Whoever answers what a claim asks Kafka. `Brokers` in a consumer."""

    def ask(self, partition: int) -> PartitionQuery:
        """Ask for a partition's state, and return without waiting for the answer."""


class PartitionClaims:
    """Claims partitions of one topic for the process `owner`.

    `session_id` is the `lsid` of the session in which this process runs its transactions: it is stored with each
    claim, so that the next owner can end them.
    """

    def __init__(
        self, database: SyncDatabase, broker: Broker, group: str, topic: str, owner: str, session_id: Document
    ) -> None:
        self._partitions = database[PARTITIONS]
        self._statuses = database[PARTITION_STATUS]
        self._admin = database.client.admin
        self._broker = broker
        self._group = group
        self._topic = topic
        self._owner = owner
        self._session_id = session_id

    def ask(self, partition: int) -> PartitionQuery:
        """Ask Kafka for the state that `claim` needs, and return without waiting for the answer."""
        return self._broker.ask(partition)

    def claim(self, partition: int, state: PartitionState) -> Lease:
        """Claim the partition and return its new lease. Blocks; for the database thread.

        Every older lease of this partition, in this process or another, is fenced from then on. `state` is what Kafka
        answered a moment ago.

        Raises ClaimContended or SourceUnavailable when this partition alone has to be tried again, DatabaseUnavailable
        when MongoDB does not answer, TopicRecreated or OffsetsLost when a person has to decide.
        """
        identity = partition_id(self._group, self._topic, partition)
        with _errors_of_mongodb(partition):
            seen = self._partitions.find_one({"_id": identity}) or self._create(identity, state)
            failpoints.reach("claim_read")
            self._admin.command({"killSessions": [seen["lsid"]]})
            failpoints.reach("claim_sessions_killed")
            claimed = self._raise_epoch(identity, seen, state)
        if claimed is None:
            raise _contended(partition)
        failpoints.reach("claim_raised")
        state = self._compared(claimed, state)
        failpoints.reach("claim_checked")
        return Lease(
            partition=partition,
            epoch=claimed["epoch"],
            generation=claimed["generation"],
            next_offset=claimed["next_offset"],
            read_from=max(claimed["next_offset"], state.low),
            topic_id=claimed["topic_id"],
        )

    def note_halt(self, partition: int, halt: Halt, at: datetime) -> None:
        """Note in `partition_status` why this process halted the partition at `at`, for whoever lists the partitions.

        Other halts follow from what Kafka holds, so nobody has to note them. Blocks; for the database thread. Where
        MongoDB does not take the note, the log alone has it.
        """
        noted = {"kind": type(halt).__name__, "reason": str(halt), "at": at}
        with suppress(PyMongoError):
            self._statuses.update_one(
                {"_id": partition_id(self._group, self._topic, partition)}, {"$set": {"halted": noted}}, upsert=True
            )

    def _create(self, identity: Document, state: PartitionState) -> Document:
        """Create and return the document of a partition that was never claimed. Reading begins at Kafka's first record.

        Raises DuplicateKeyError when another consumer has just created it.
        """
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

    def _raise_epoch(self, identity: Document, seen: Document, state: PartitionState) -> Document | None:
        """Raise the epoch from that of `seen`. Returns the changed document; None if another claim was quicker.

        Raises ClaimContended when the document is held for `LOCKED_SECONDS` while MongoDB answers otherwise.
        """
        mine = {"owner": self._owner, "lsid": self._session_id}
        if seen["topic_id"] == NO_TOPIC_ID:
            mine["topic_id"] = state.topic_id
        try:
            with pymongo.timeout(LOCKED_SECONDS):
                return self._partitions.find_one_and_update(
                    {"_id": identity, "epoch": seen["epoch"]},
                    {"$inc": {"epoch": 1}, "$set": mine},
                    return_document=ReturnDocument.AFTER,
                )
        except NetworkTimeout as error:
            # The server has the same deadline, less a round trip, so on a busy machine its answer comes too late.
            self._admin.command("ping")
            raise _held(identity["k"], error) from error

    def _compared(self, claimed: Document, state: PartitionState) -> PartitionState:
        """Return the state of Kafka that fits the claimed document, or raise the halt that it calls for.

        Where `state` does not fit, Kafka is asked again, and this thread waits for the answer: `state` is older than
        the claim, and the former owner may have read and stored records in between that it does not know of.
        """
        if halt_of(claimed, state) is None:
            return state
        state = self._broker.ask(claimed["_id"]["k"]).answer()
        halt = halt_of(claimed, state)
        if halt is not None:
            raise halt
        return state


@contextmanager
def _errors_of_mongodb(partition: int) -> Iterator[None]:
    """Raise MongoDB's errors as what they mean for a claim: ClaimContended or DatabaseUnavailable."""
    try:
        yield
    except DuplicateKeyError as error:
        raise _contended(partition) from error
    except OperationFailure as error:
        if error.code in _HELD:
            raise _held(partition, error) from error
        raise DatabaseUnavailable(f"partition {partition} could not be claimed: {brief(error)}") from error
    except PyMongoError as error:
        raise DatabaseUnavailable(f"partition {partition} could not be claimed: {brief(error)}") from error


def _held(partition: object, error: PyMongoError) -> ClaimContended:
    return ClaimContended(f"somebody else's transaction holds the document of partition {partition}: {brief(error)}")


def _contended(partition: int) -> ClaimContended:
    return ClaimContended(f"another consumer claims partition {partition} at the same time")


def halt_of(stored: Document, state: PartitionState) -> Halt | None:
    """Why the partition whose document is `stored` cannot be read on, given what Kafka holds; None when it can. Pure.

    Example: `next_offset` is 5, without `read_to`. If Kafka's records begin at 7 (`low`), 5 and 6 are gone unread. If
    they end before 4 (`high`), Kafka has lost record 4, which is stored, and will give its offset to another record.
    """
    topic, partition = stored["_id"]["topic"], stored["_id"]["k"]
    next_offset, stored_id = stored["next_offset"], stored["topic_id"]
    resolve = f"`python -m scripts.partitions restart --partition {partition}`"
    if NO_TOPIC_ID not in (state.topic_id, stored_id) and state.topic_id != stored_id:
        return TopicRecreated(
            f"topic {topic} was deleted and created again (its id is {state.topic_id}, offsets were stored for "
            f"{stored_id}): going on would skip or repeat events; to read partition {partition} of the new topic "
            f"from its beginning, run {resolve}"
        )
    # Between `next_offset` and `read_to` Kafka held only transaction markers and aborted records: no event is lost.
    if max(next_offset, stored.get("read_to", 0)) < state.low or next_offset > state.high:
        return OffsetsLost(
            f"the next offset to read of partition {partition} is {next_offset}, but Kafka's records begin at "
            f"{state.low} and end before {state.high}: retention or data loss took unread events; to go on at what "
            f"Kafka holds, run {resolve}"
        )
    return None
