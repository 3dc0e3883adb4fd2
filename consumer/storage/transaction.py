"""One attempt at one batch's transaction: it reads what the plan has to know, runs what the plan says, and commits.

It also tells apart MongoDB's refusals: those that concern a single event, which becomes a dead letter, and those that
trying again cannot mend, which halt the partition.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

import bson
from pymongo import UpdateOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from consumer.batches.event_ids import EventKey
from consumer.partitions.lease import Lease
from consumer.process import failpoints
from consumer.storage import commands
from consumer.storage.memory import KnownProduct, ProductKey, ProductMemory
from consumer.storage.plan import Statements, plan
from consumer.storage.preparation import Prepared
from consumer.storage.reading import StoredReader
from shared.documents import (
    EVENT_IDS,
    PARTITIONS,
    PRODUCTS,
    RECENT_SUMS,
    REJECTED_EVENTS,
    ROLLUPS,
    TOTALS,
    Document,
    Id,
    partition_id,
)
from shared.errors import AggregateRefused, InvariantBroken
from shared.mongo import SyncDatabase

_REFUSALS = frozenset({121, 10334})  # DocumentValidationFailure, BSONObjectTooLarge: these concern one document
_DUPLICATE_KEY = 11000
_WRITE_CONFLICT = 112


class Mismatch(Exception):
    """A partition's stored epoch or offset is not what its lease says; nothing was written."""


class IdTaken(Exception):
    """Another consumer has counted an event with an id of this batch since MongoDB was asked; nothing was written."""


class IdHeld(IdTaken):
    """A write conflict at the ids: another consumer's open transaction holds one of them, most likely; nothing was
    written. MongoDB says the same of a batch that is too large for its cache."""


class EventRefused(Exception):
    """MongoDB refuses one event's document, and would refuse it again; nothing was written."""

    def __init__(self, collection: str, partition: int, offset: int, message: str) -> None:
        super().__init__(message)
        self.collection = collection
        """The collection of the event's day."""
        self.coordinates = partition, offset


class Transactions:
    """Runs transactions in one session, for one consumer group and topic. Database thread only."""

    def __init__(
        self, database: SyncDatabase, session: ClientSession, memory: ProductMemory, group: str, topic: str
    ) -> None:
        self._database = database
        self._session = session
        self._reader = StoredReader(database, session, memory)
        self._group = group
        self._topic = topic

    def identity(self, lease: Lease) -> Id:
        """`_id` of the lease's document in `partitions`."""
        return partition_id(self._group, self._topic, lease.partition)

    def run(
        self, prepared: Prepared, confirm: Callable[[], None], new_products_have_no_hours: bool = True
    ) -> Mapping[ProductKey, KnownProduct]:
        """Write a prepared batch and commit it. Returns its products as they are now.

        `confirm` is called last before the commit; where it raises, nothing is written. `new_products_have_no_hours` is
        explained at `Stored`.

        Raises Mismatch, IdTaken, IdHeld, EventRefused, PartitionRefused, a PyMongoError, or what `confirm` raised.
        After a PyMongoError from the commit it is unknown whether the batch was written; running it again finds out, by
        a Mismatch.
        """
        session = self._session
        session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"))
        try:
            failpoints.reach("before_offsets")
            self._move_offsets(prepared.ends)
            failpoints.reach("after_offsets")
            statements = plan(prepared, self._reader.read(prepared, new_products_have_no_hours))
            self._write(statements, prepared.own_ids)
            confirm()
            failpoints.reach("before_commit")
        except BaseException:
            with suppress(PyMongoError):
                session.abort_transaction()
            raise
        session.commit_transaction()
        failpoints.reach("after_commit")
        return statements.known

    def _move_offsets(self, ends: Mapping[Lease, int]) -> None:
        """The compare-and-swap that fences: each partition's document must have the lease's epoch and offset."""
        moves = [
            UpdateOne(
                {"_id": self.identity(lease), "epoch": lease.epoch, "next_offset": lease.next_offset},
                {"$set": {"next_offset": end}},
            )
            for lease, end in ends.items()
        ]
        result = self._database[PARTITIONS].bulk_write(moves, session=self._session)
        if result.matched_count != len(moves):
            raise Mismatch("a partition's epoch or offset is not the expected one")

    def _insert_events(self, collection: str, documents: Sequence[bytes]) -> None:
        try:
            commands.insert(self._database, collection, documents, self._session)
        except BulkWriteError as error:
            first = error.details["writeErrors"][0]
            identity = bson.decode(documents[first["index"]])["_id"]
            if first["code"] in _REFUSALS:
                raise EventRefused(collection, identity["k"], identity["o"], first["errmsg"]) from error
            _raise_halt(collection, identity["k"], first["code"], error)

    def _write(self, statements: Statements, own_ids: Container[EventKey]) -> None:
        # First, since this is where two consumers meet: the one that fails has done the least for nothing.
        self._insert_ids(statements, own_ids)
        failpoints.reach("after_event_ids")
        for collection, documents in statements.events.items():
            self._insert_events(collection, documents)
        failpoints.reach("after_events")
        for collection, inserts, updates in (
            (ROLLUPS, statements.new_rollups, statements.rollup_updates),
            (TOTALS, [], statements.total_updates),
            (PRODUCTS, statements.new_products, statements.product_updates),
        ):
            self._write_aggregate(collection, inserts, updates)
            failpoints.reach(f"after_{collection}")
        self._write_aggregate(RECENT_SUMS, statements.recent_sums, [])
        if statements.rejected:
            self._insert_dead_letters(statements.rejected)

    def _insert_ids(self, statements: Statements, own_ids: Container[EventKey]) -> None:
        """Insert the ids of the batch's events. Raises IdTaken where MongoDB holds one of them by now, and IdHeld where
        a transaction that is open does."""
        inserts, updates = statements.new_event_ids, statements.event_id_updates
        if inserts:
            with _taken(inserts, own_ids):
                commands.insert(self._database, EVENT_IDS, inserts, self._session)
        if updates:
            with _taken(updates, own_ids):
                commands.update(self._database, EVENT_IDS, updates, self._session)

    def _write_aggregate(self, collection: str, inserts: Sequence[bytes], updates: Sequence[bytes]) -> None:
        if inserts:
            with _halts(collection, lambda index: bson.decode(inserts[index])["_id"]["k"]):
                commands.insert(self._database, collection, inserts, self._session)
        if updates:
            with _halts(collection, lambda index: bson.decode(updates[index])["q"]["_id"]["k"]):
                commands.update(self._database, collection, updates, self._session)

    def _insert_dead_letters(self, letters: Sequence[Document]) -> None:
        with _halts(REJECTED_EVENTS, lambda index: int(letters[index]["_id"]["k"])):
            self._database[REJECTED_EVENTS].insert_many(letters, session=self._session)


@contextmanager
def _halts(collection: str, partition_of: Callable[[int], int]) -> Iterator[None]:
    """Turn refused writes into a halt of the partition that `partition_of` finds by a statement's index."""
    try:
        yield
    except BulkWriteError as error:
        first = error.details["writeErrors"][0]
        _raise_halt(collection, partition_of(first["index"]), first["code"], error)


@contextmanager
def _taken(statements: Sequence[bytes], own_ids: Container[EventKey]) -> Iterator[None]:
    """Turn a duplicate among documents or statements of `event_ids` into IdTaken, a write conflict into IdHeld, and
    other refusals into a halt.

    An id that MongoDB holds for the very event that is being stored is a halt too: by its offset the event was never
    stored, and trying again would find the same.
    """
    try:
        yield
    except BulkWriteError as error:
        first = error.details["writeErrors"][0]
        statement = bson.decode(statements[first["index"]])
        document = statement.get("u", statement)
        key = document["_id"]["p"], document["_id"]["i"]
        if first["code"] == _DUPLICATE_KEY and key not in own_ids:
            raise IdTaken("another consumer counted an event with the same id first") from error
        _raise_halt(EVENT_IDS, document["k"], first["code"], error)
    except OperationFailure as error:
        if error.code != _WRITE_CONFLICT:
            raise
        raise IdHeld("another consumer's transaction holds an id of the batch") from error


def _raise_halt(collection: str, partition: int, code: int, error: BulkWriteError) -> NoReturn:
    """Raise a halt of the partition for what trying again cannot mend, and `error` itself for everything else."""
    if code == _DUPLICATE_KEY:
        raise InvariantBroken(
            partition,
            f"{collection} already holds a document of partition {partition} which, by its stored offset, was never "
            "written: another program writes to this database, or a backup was restored in part; "
            "partition halted, nothing written",
        ) from error
    if code in _REFUSALS:
        raise AggregateRefused(
            partition,
            f"MongoDB refuses what partition {partition} adds to {collection} (code {code}): remove the validator that "
            "was set on that collection (collMod), then start this consumer again; partition halted, nothing written",
        ) from error
    raise error
