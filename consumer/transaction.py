"""One attempt at one batch's transaction: its commands, in their order, and the errors that concern a single event."""

from collections.abc import Sequence
from contextlib import suppress

import bson
from pymongo import UpdateOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern

from consumer import commands, failpoints
from consumer.inserts import NewProduct, NewRollup
from consumer.lease import Lease
from consumer.writes import Writes
from shared.documents import PARTITIONS, PRODUCTS, REJECTED_EVENTS, ROLLUPS, TOTALS, Id, partition_id
from shared.errors import InvariantBroken
from shared.mongo import SyncDatabase

_REFUSALS = frozenset({121, 10334})  # DocumentValidationFailure, BSONObjectTooLarge: these concern one document
_DUPLICATE_KEY = 11000


WORTH_ASKING = 50
"""So many aggregates that may be new repay the question which of them are."""


class Mismatch(Exception):
    """A partition's stored epoch or offset is not what its lease says; nothing was written."""


class Refused(Exception):
    """MongoDB refuses one event's document, whatever is tried; nothing was written."""

    def __init__(self, partition: int, offset: int, message: str) -> None:
        super().__init__(message)
        self.partition = partition
        self.offset = offset


class Transactions:
    """Runs transactions in one session, for one consumer group and topic."""

    def __init__(self, database: SyncDatabase, session: ClientSession, group: str, topic: str) -> None:
        self._database = database
        self._session = session
        self._group = group
        self._topic = topic

    def identity(self, lease: Lease) -> Id:
        """`_id` of the lease's document in `partitions`."""
        return partition_id(self._group, self._topic, lease.partition)

    def run(self, writes: Writes) -> None:
        """Write all of `writes` and commit. Raises Mismatch, Refused, InvariantBroken or a PyMongoError.

        After a PyMongoError the outcome is unknown when it came from the commit; running again finds out.
        """
        session = self._session
        session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"))
        try:
            failpoints.reach("before_offsets")
            self._move_offsets(writes)
            failpoints.reach("after_offsets")
            for collection, documents in writes.events.items():
                self._insert(collection, documents)
            failpoints.reach("after_events")
            for collection, aggregates in (
                (ROLLUPS, writes.rollups),
                (TOTALS, writes.totals),
                (PRODUCTS, writes.products),
            ):
                updates = aggregates.updates + self._begin(collection, aggregates.new)
                if updates:
                    commands.update(self._database, collection, updates, session)
                failpoints.reach(f"after_{collection}")
            if writes.rejected:
                self._database[REJECTED_EVENTS].insert_many(writes.rejected, session=session)
            failpoints.reach("before_commit")
        except BaseException:
            with suppress(PyMongoError):
                session.abort_transaction()
            raise
        session.commit_transaction()
        failpoints.reach("after_commit")

    def _move_offsets(self, writes: Writes) -> None:
        moves = [
            UpdateOne(
                {"_id": self.identity(lease), "epoch": lease.epoch, "next_offset": lease.next_offset},
                {"$set": {"next_offset": end}},
            )
            for lease, end in writes.ends.items()
        ]
        result = self._database[PARTITIONS].bulk_write(moves, session=self._session)
        if result.matched_count != len(moves):
            raise Mismatch

    def _begin(self, collection: str, new: Sequence[NewRollup | NewProduct]) -> list[bytes]:
        """Insert the aggregates that are not there, where they are many. Returns the upserts of all others."""
        if len(new) < WORTH_ASKING:
            return [one.update() for one in new]
        identities = [one.identity for one in new]
        held = commands.held(self._database, collection, identities, self._session)
        is_held = [tuple(identity.values()) in held for identity in identities]
        documents = [one.document() for one, there in zip(new, is_held, strict=True) if not there]
        if documents:
            commands.insert(self._database, collection, documents, self._session)
        return [one.update() for one, there in zip(new, is_held, strict=True) if there]

    def _insert(self, collection: str, documents: list[bytes]) -> None:
        try:
            commands.insert(self._database, collection, documents, self._session)
        except BulkWriteError as error:
            first = error.details["writeErrors"][0]
            identity = bson.decode(documents[first["index"]])["_id"]
            partition, offset = identity["k"], identity["o"]
            if first["code"] in _REFUSALS:
                raise Refused(partition, offset, first["errmsg"]) from error
            if first["code"] == _DUPLICATE_KEY:
                raise InvariantBroken(
                    partition,
                    f"{collection} already holds the event at offset {offset} of partition {partition}, which its "
                    "stored offset says was never written: another program writes to this database, or a backup was "
                    "restored in part; partition halted, nothing written",
                ) from error
            raise
