"""Records on their way to MongoDB: one batch being committed, one made ready behind it, one being filled.

A batch is as large as the backlog makes it: whatever has come when the database is free, up to a limit.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from typing import NamedTuple

from consumer import metrics
from consumer.batch import Record, Writes, writes_of
from consumer.lease import Lease
from consumer.store import Store

BATCH_BYTES = 16 * 1024 * 1024


class Batch(NamedTuple):
    """Records of one transaction, and what they write."""

    number: int
    records: list[Record]
    writes: Writes


class Outcome(NamedTuple):
    """A batch that is no longer in flight; `error` is None when its held leases stand at its end."""

    batch: Batch
    error: BaseException | None

    @property
    def leases(self) -> list[Lease]:
        """The leases under which its records were read."""
        return list(self.batch.writes.ends)


class Pipeline:
    """Used by the polling thread; `executor` is the one database thread."""

    def __init__(self, store: Store, executor: ThreadPoolExecutor, batch_events: int) -> None:
        self._store = store
        self._executor = executor
        self._batch_events = batch_events
        self._numbers = count(1)
        self._open: list[Record] = []
        self._open_bytes = 0
        self._ready: Batch | None = None
        self._in_flight: tuple[Batch, Future[None]] | None = None

    @property
    def idle(self) -> bool:
        """Nothing waits to be written."""
        return self._in_flight is None and self._ready is None and not self._open

    @property
    def busy(self) -> bool:
        """A batch is in flight."""
        return self._in_flight is not None

    @property
    def blocked(self) -> bool:
        """A full batch waits behind the one in flight: take no more records."""
        return self._ready is not None

    @property
    def room(self) -> int:
        """How many records the open batch still takes."""
        return max(1, self._batch_events - len(self._open))

    def add(self, records: list[Record], size: int) -> None:
        """Take judged records, in offset order within each partition, whose documents have `size` bytes."""
        self._open += records
        self._open_bytes += size

    def advance(self) -> None:
        """Start what can be started: a ready batch, or whatever is there when the database is free."""
        full = len(self._open) >= self._batch_events or self._open_bytes >= BATCH_BYTES
        if self._ready is None and self._open and (full or self._in_flight is None):
            self._ready = self._close_batch()
        if self._ready is not None and self._in_flight is None:
            batch, self._ready = self._ready, None
            self._in_flight = batch, self._executor.submit(self._commit, batch)

    def wait(self, seconds: float) -> bool:
        """Wait for the batch in flight to end. Returns whether it has."""
        return self._in_flight is None or bool(wait([self._in_flight[1]], seconds).done)

    def outcome(self) -> Outcome | None:
        """The batch in flight, if it has ended since the last call."""
        if self._in_flight is None or not self._in_flight[1].done():
            return None
        (batch, future), self._in_flight = self._in_flight, None
        return Outcome(batch, future.exception())

    def drop_lost(self) -> None:
        """Forget records of lost leases."""
        if self._ready is not None:
            self._open = self._ready.records + self._open
            self._ready = None
        self._open = [record for record in self._open if not record.lease.lost]
        if not self._open:
            self._open_bytes = 0

    def _close_batch(self) -> Batch | None:
        started = time.perf_counter()
        records = [record for record in self._open if not record.lease.lost]
        self._open, self._open_bytes = [], 0
        if not records:
            return None
        batch = Batch(next(self._numbers), records, writes_of(records))
        metrics.STAGE_SECONDS.labels("fold").observe(time.perf_counter() - started)
        return batch

    def _commit(self, batch: Batch) -> None:
        """On the database thread."""
        started = time.perf_counter()
        self._store.commit(batch.records, batch.writes)
        metrics.STAGE_SECONDS.labels("commit").observe(time.perf_counter() - started)
