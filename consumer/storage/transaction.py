"""One attempt at one batch's transaction: its commands, in their order, and the errors that concern a single event."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

import bson
from pymongo import UpdateOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern

from consumer.partitions.lease import Lease
from consumer.process import failpoints
from consumer.storage import commands
from consumer.storage.inserts import rollup_document
from consumer.storage.plan import Key, Known, ProductHour, Writes, add_hours
from consumer.storage.products import Products
from consumer.storage.upserts import rollup_update
from shared.documents import (
    PARTITIONS,
    PRODUCTS,
    REJECTED_EVENTS,
    ROLLUPS,
    TOTALS,
    Document,
    Id,
    partition_id,
    rollup_id,
)
from shared.errors import AggregateRefused, InvariantBroken
from shared.mongo import SyncDatabase

_REFUSALS = frozenset({121, 10334})  # DocumentValidationFailure, BSONObjectTooLarge: these concern one document
_DUPLICATE_KEY = 11000

WORTH_ASKING = 50
"""So many hours that may be new repay the question which of them are."""


class Mismatch(Exception):
    """A partition's stored epoch or offset is not what its lease says; nothing was written."""


class Refused(Exception):
    """MongoDB refuses one event's document, whatever is tried; nothing was written. `collection` is its day's."""

    def __init__(self, collection: str, partition: int, offset: int, message: str) -> None:
        super().__init__(message)
        self.collection = collection
        self.place = partition, offset


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

    def run(self, writes: Writes, products: Products, confirm: Callable[[], None], trusting: bool = True) -> None:
        """Write all of `writes` and what `products` makes of it, and commit if `confirm`, called last, raises nothing.

        The first write is the partitions', which all who write their aggregates touch, so what is read here cannot
        change before the commit. `trusting`: a product that is not stored has no hours either, and nobody asks.

        Raises Mismatch, Refused, PartitionRefused, a PyMongoError or what `confirm` raised. After a PyMongoError the
        outcome is unknown when it came from the commit; running again finds out.
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
            changes = products.changes(writes, session)
            new_rollups, added_to = self._rollups(writes, changes.before, trusting)
            for collection, inserts, updates in (
                (ROLLUPS, new_rollups, added_to),
                (TOTALS, [], writes.totals),
                (PRODUCTS, changes.inserts, changes.updates),
            ):
                self._aggregate(collection, inserts, updates)
                failpoints.reach(f"after_{collection}")
            if writes.rejected:
                self._reject(writes.rejected)
            confirm()
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
            raise Mismatch("a partition's epoch or offset is not the expected one")

    def _insert(self, collection: str, documents: Sequence[bytes]) -> None:
        try:
            commands.insert(self._database, collection, documents, self._session)
        except BulkWriteError as error:
            first = error.details["writeErrors"][0]
            identity = bson.decode(documents[first["index"]])["_id"]
            if first["code"] in _REFUSALS:
                raise Refused(collection, identity["k"], identity["o"], first["errmsg"]) from error
            _raise_halt(collection, identity["k"], first["code"], error)

    def _aggregate(self, collection: str, inserts: Sequence[bytes], updates: Sequence[bytes]) -> None:
        if inserts:
            with _halts(collection, lambda index: bson.decode(inserts[index])["_id"]["k"]):
                commands.insert(self._database, collection, inserts, self._session)
        if updates:
            with _halts(collection, lambda index: bson.decode(updates[index])["q"]["_id"]["k"]):
                commands.update(self._database, collection, updates, self._session)

    def _rollups(self, writes: Writes, before: Mapping[Key, Known], trusting: bool) -> tuple[list[bytes], list[bytes]]:
        """The documents of hours that are not there, as those of new products are not, and the upserts of others."""
        inserts, updates, hours = [], list(writes.rollups), list(writes.new_hours)
        for key, unknown in writes.unknown.items():
            known = before.get(key)
            if known is None and trusting:
                inserts += unknown.rollups
            else:
                add_hours(key, writes.products[key], None if known is None else known.hour, updates, hours)
        held = None if len(hours) < WORTH_ASKING else self._held(hours)
        for product, partition, hour in hours:
            if held is None or (product, hour.hour, partition) in held:
                updates.append(rollup_update(product, partition, hour))
            else:
                inserts.append(rollup_document(product, partition, hour))
        return inserts, updates

    def _held(self, hours: Sequence[ProductHour]) -> set[tuple[int | str, ...]]:
        """Which of these hours are there: product, hour and partition."""
        identities = [rollup_id(product, hour.hour, partition) for product, partition, hour in hours]
        stored = commands.find(self._database, ROLLUPS, identities, {"_id": 1}, self._session)
        return {tuple(one["_id"].values()) for one in stored}

    def _reject(self, letters: Sequence[Document]) -> None:
        with _halts(REJECTED_EVENTS, lambda index: int(letters[index]["_id"]["k"])):
            self._database[REJECTED_EVENTS].insert_many(letters, session=self._session)


@contextmanager
def _halts(collection: str, partition_of: Callable[[int], int]) -> Iterator[None]:
    """Refused writes become halts of the partition that `partition_of` finds by a statement's index."""
    try:
        yield
    except BulkWriteError as error:
        first = error.details["writeErrors"][0]
        _raise_halt(collection, partition_of(first["index"]), first["code"], error)


def _raise_halt(collection: str, partition: int, code: int, error: BulkWriteError) -> NoReturn:
    """Turn what trying again cannot mend into a halt of the partition; anything else is raised as it is."""
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
