"""One batch -> MongoDB, exactly once: the retries around `consumer.storage.transaction`, and what a mismatch means.

The transaction starts by comparing each partition's epoch and offset, so running a batch again is always safe:
whatever became of an earlier attempt, its partitions then stand at the batch's end, and nothing is written twice.
"""

import random
import threading
import time
from collections.abc import Callable
from functools import partial

from pymongo.errors import PyMongoError

from consumer.batches.batch import Batch
from consumer.partitions.brokers import NO_TOPIC_ID
from consumer.partitions.lease import Lease
from consumer.process import failpoints
from consumer.process.clocks import Clocks
from consumer.storage.plan import Writes, writes_of
from consumer.storage.products import Products
from consumer.storage.refusals import refused_places
from consumer.storage.transaction import Mismatch, Refused, Transactions
from shared.documents import PARTITIONS, Document
from shared.errors import InvariantBroken, StoreUnavailable, TopicRecreated
from shared.logs import logger
from shared.mongo import SyncDatabase, brief, ensure_event_collection

ATTEMPT_SECONDS = 10.0
"""A batch that could not be written for this long is given up: its partitions are claimed and read again."""
MOST_BACKOFF_SECONDS = 0.5
HALVE_AFTER_FAILURES = 2

log = logger(__name__)


class Store:
    """Writes batches, on one thread, in one session for its life: its id is what a partition's next owner kills.

    `ask_topic_id` is `Brokers.ask_topic_id`; `committed` is told of every batch, or part, once written.
    """

    def __init__(
        self,
        database: SyncDatabase,
        group: str,
        topic: str,
        clocks: Clocks,
        ask_topic_id: Callable[[], Callable[[], str]],
        committed: Callable[[Batch], None],
    ) -> None:
        self._database = database
        self._session = database.client.start_session()
        self._transactions = Transactions(database, self._session, group, topic)
        self._clocks = clocks
        self._ask_topic_id = ask_topic_id
        self._committed = committed
        self._products = Products(database)
        self._known_days: set[str] = set()
        self._attempted: set[tuple[Lease, int]] = set()
        self._stopping = threading.Event()

    @property
    def session_id(self) -> Document:
        """The `lsid` of this store's transactions."""
        return dict(self._session.session_id)

    def writes_of(self, batch: Batch) -> Writes:
        """What `batch` writes. From any thread."""
        return writes_of(batch, self._products.known_hour)

    def stop_retrying(self) -> None:
        """Make the running attempt the last one; from any thread."""
        self._stopping.set()

    def commit(self, batch: Batch, writes: Writes) -> None:
        """Write `batch`; `writes` is `writes_of(batch)`. Messages of lost leases are dropped, now or on the way.

        Raises StoreUnavailable when MongoDB does not take them in time, SourceUnavailable when Kafka does not confirm
        that the topic is the same, ClockSkewed when they were judged by a wrong clock, TopicRecreated, or another Halt
        when going on would be wrong. Then part of them may be written: claim again.
        """
        self._attempted = set()
        held = batch.to_do()
        self._commit(held, writes if held is batch else None, time.monotonic() + ATTEMPT_SECONDS)

    def _commit(self, batch: Batch, writes: Writes | None, deadline: float) -> None:
        failures, reason, trusting = 0, None, True
        while batch:
            if reason is not None and (self._stopping.is_set() or time.monotonic() >= deadline):
                raise StoreUnavailable(f"MongoDB did not take a batch of {len(batch)} messages in time: {reason}")
            writes = writes or self.writes_of(batch)
            try:
                self._attempt(batch, writes, trusting)
            except InvariantBroken as broken:
                if not trusting:
                    raise
                # Hours of a product whose own document another hand took away: this time they are asked for.
                trusting, reason = False, str(broken)
            except Refused as refused:
                batch, reason = self._without(batch, writes, refused), "it refuses events"
            except (Mismatch, PyMongoError, StoreUnavailable) as error:
                failures += 1
                reason = brief(error) if isinstance(error, PyMongoError) else str(error)
                self._back_off(reason, failures, len(batch))
                if failures >= HALVE_AFTER_FAILURES and len(batch) > 1 and isinstance(error, PyMongoError):
                    # A batch too large for MongoDB's cache fails like a conflict; half of it may fit.
                    self._commit(batch.first_half(), None, deadline)
            batch, writes = batch.to_do(), None

    def _attempt(self, batch: Batch, writes: Writes, trusting: bool) -> None:
        """Run one transaction; after it, the batch's `to_do` tells what is left. Raises Mismatch when that is all."""
        self._clocks.check(*(taken.clock_now() for taken in batch.taken))
        for name in writes.events.keys() - self._known_days:
            ensure_event_collection(self._database, name)
            self._known_days.add(name)
        # Asked once all of the batch was read: a topic that is the same now was the same then.
        same_topic = partial(_confirm, writes, self._ask_topic_id())
        self._attempted |= writes.ends.items()
        try:
            self._transactions.run(writes, self._products, same_topic, trusting)
        except Mismatch:
            self._products.forget(writes.ends)
            if not self._read_offsets(writes):
                raise
            written = batch.written()
        else:
            for lease, end in writes.ends.items():
                lease.next_offset = end
            failpoints.reach("after_leases")
            self._products.committed()
            written = batch
        if written:
            self._committed(written)

    def _read_offsets(self, writes: Writes) -> bool:
        """What a mismatch means: another's epoch, or an attempt succeeded and its reply was lost. Returns whether that
        explains it; else the majority does not have yet what this process wrote."""
        explained = False
        for lease in writes.ends:
            stored = self._database[PARTITIONS].find_one({"_id": self._transactions.identity(lease)})
            if stored is None or stored["epoch"] != lease.epoch:
                lease.lost = explained = True
                log.warning("another consumer claimed a partition, its messages are dropped", partition=lease.partition)
            elif (lease, stored["next_offset"]) in self._attempted:
                explained = True
                lease.next_offset = stored["next_offset"]
            elif stored["next_offset"] != lease.next_offset:
                # A restored backup: adopting its offset here would skip what lies between. The next claim seeks.
                lease.lost = explained = True
                log.error(
                    "a stored offset moved back, or on by another's hand; the partition is read again from it",
                    partition=lease.partition,
                    stored=stored["next_offset"],
                    expected=lease.next_offset,
                )
        return explained

    def _without(self, batch: Batch, writes: Writes, refused: Refused) -> Batch:
        """The batch with dead letters in place of the events that MongoDB refuses as it did `refused`."""
        documents = writes.events[refused.collection]
        places = {refused.place, *refused_places(self._database, refused.collection, documents)}
        log.warning("MongoDB refused events", collection=refused.collection, events=len(places), error=str(refused))
        return batch.refuse(places, str(refused))

    def _back_off(self, reason: str, failures: int, size: int) -> None:
        log.warning("a batch failed and is tried again", messages=size, failures=failures, reason=reason)
        self._stopping.wait(random.uniform(0, min(MOST_BACKOFF_SECONDS, 0.02 * 2**failures)))


def _confirm(writes: Writes, topic_id_now: Callable[[], str]) -> None:
    """Raise TopicRecreated when the topic is no longer the one that a lease was claimed for."""
    now = topic_id_now()
    for lease in writes.ends:
        if NO_TOPIC_ID not in (now, lease.topic_id) and now != lease.topic_id:
            raise TopicRecreated(f"the topic was created again (id {now}, {lease.topic_id} before): nothing is written")
