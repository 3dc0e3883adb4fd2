"""One batch -> MongoDB, exactly once: the retries around `consumer.transaction`, and what a mismatch means.

The transaction starts by comparing each partition's epoch and offset, so running a batch again is always safe:
whatever became of an earlier attempt, its partitions then stand at the batch's end, and nothing is written twice.
"""

import random
import threading
import time

from pymongo.errors import PyMongoError

from consumer import failpoints
from consumer.batch import Batch
from consumer.clocks import Clocks
from consumer.transaction import Mismatch, Refused, Transactions
from consumer.writes import Writes, remember_products, writes_of
from shared.documents import PARTITIONS, Document
from shared.errors import StoreUnavailable
from shared.events import Reason
from shared.logs import logger
from shared.mongo import SyncDatabase, ensure_event_collection

ATTEMPT_SECONDS = 10.0
"""A batch that could not be written for this long is given up: its partitions are claimed and read again."""
MOST_BACKOFF_SECONDS = 0.5
HALVE_AFTER_FAILURES = 2

_TIME_REASONS = frozenset({Reason.FROM_THE_FUTURE.value, Reason.TOO_OLD.value})

log = logger(__name__)


class Store:
    """Writes batches, on one thread, in one session for its life: its id is what a partition's next owner kills."""

    def __init__(self, database: SyncDatabase, group: str, topic: str, clocks: Clocks) -> None:
        self._database = database
        self._session = database.client.start_session()
        self._transactions = Transactions(database, self._session, group, topic)
        self._clocks = clocks
        self._known_days: set[str] = set()
        self._stopping = threading.Event()

    @property
    def session_id(self) -> Document:
        """The `lsid` of this store's transactions."""
        return dict(self._session.session_id)

    def stop_retrying(self) -> None:
        """Make the running attempt the last one; from any thread."""
        self._stopping.set()

    def commit(self, batch: Batch, writes: Writes) -> None:
        """Write `batch`; `writes` is `writes_of(batch)`. Messages of lost leases are dropped, now or on the way.

        Raises StoreUnavailable when MongoDB does not take them in time, ClockSkewed when some were rejected for their
        time by a wrong clock, Halt when going on would be wrong. Then part of them may be written: claim again.
        """
        # By the readings that they were judged with: the clock may have been set right since.
        judged = [document["rejected_at"] for document in writes.rejected if document["reason"] in _TIME_REASONS]
        for reading in {min(judged), max(judged)} if judged else ():
            self._clocks.check(reading)
        held = batch.to_do()
        self._commit(held, writes if held is batch else None, time.monotonic() + ATTEMPT_SECONDS)

    def _commit(self, batch: Batch, writes: Writes | None, deadline: float) -> None:
        failures = 0
        while batch:
            try:
                self._attempt(writes or writes_of(batch))
            except Refused as refused:
                batch = _without(batch, refused)
            except PyMongoError as error:
                failures += 1
                self._back_off(error, failures, len(batch), deadline)
                if failures >= HALVE_AFTER_FAILURES and len(batch) > 1:
                    # A batch too large for MongoDB's cache fails like a conflict; half of it may fit.
                    self._commit(batch.first_half(), None, deadline)
            batch, writes = batch.to_do(), None

    def _attempt(self, writes: Writes) -> None:
        """Run one transaction; after it, the batch's `to_do` tells what is left."""
        for name in writes.events.keys() - self._known_days:
            ensure_event_collection(self._database, name)
            self._known_days.add(name)
        try:
            self._transactions.run(writes)
        except Mismatch:
            self._read_offsets(writes)
            return
        for lease, end in writes.ends.items():
            lease.next_offset = end
        failpoints.reach("after_leases")
        remember_products(writes.folds)

    def _read_offsets(self, writes: Writes) -> None:
        """What a mismatch means: another's epoch, or an attempt succeeded and its reply was lost."""
        for lease in writes.ends:
            stored = self._database[PARTITIONS].find_one({"_id": self._transactions.identity(lease)})
            if stored is None or stored["epoch"] != lease.epoch:
                lease.lost = True
                log.warning("another consumer claimed a partition, its records are dropped", partition=lease.partition)
            elif stored["next_offset"] < lease.next_offset:
                # A restored backup: adopting its offset here would skip what lies between. The next claim seeks.
                lease.lost = True
                log.error("a stored offset moved back, the partition is read again from it", partition=lease.partition)
            else:
                lease.next_offset = stored["next_offset"]

    def _back_off(self, error: PyMongoError, failures: int, size: int, deadline: float) -> None:
        if self._stopping.is_set() or time.monotonic() >= deadline:
            raise StoreUnavailable(f"MongoDB did not take a batch of {size} records: {error}") from error
        log.warning("a batch failed and is tried again", records=size, failures=failures, error=str(error))
        self._stopping.wait(random.uniform(0, min(MOST_BACKOFF_SECONDS, 0.02 * 2**failures)))


def _without(batch: Batch, refused: Refused) -> Batch:
    log.warning("MongoDB refused an event", partition=refused.partition, offset=refused.offset, error=str(refused))
    return batch.refuse(refused.partition, refused.offset, str(refused))
