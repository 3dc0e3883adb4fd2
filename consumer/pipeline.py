"""Messages on their way to MongoDB: one batch being committed, one made ready behind it, one being filled.

A batch is as large as the backlog makes it: whatever has come when the database is free, up to a limit.
"""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import accumulate, count, takewhile
from typing import NamedTuple

from consumer.batches.batch import BATCH_BYTES, Batch, to_do
from consumer.batches.judging import Intake, Taken, bytes_of
from consumer.partitions.lease import Lease
from consumer.process import metrics
from consumer.storage.committer import Store
from consumer.storage.plan import Writes
from shared.errors import StoreUnavailable


class Closed(NamedTuple):
    """A batch that takes no more, and what it writes."""

    number: int
    batch: Batch
    writes: Writes


class Outcome(NamedTuple):
    """A batch that is no longer in flight; `error` is None when its held leases stand at its end."""

    closed: Closed
    error: BaseException | None

    @property
    def leases(self) -> list[Lease]:
        """The leases under which its messages were read."""
        return list(self.closed.batch.ends)


class Pipeline:
    """Used by the polling thread; `executor` is the one database thread."""

    def __init__(self, store: Store, intake: Intake, executor: ThreadPoolExecutor, batch_events: int) -> None:
        self._store = store
        self._intake = intake
        self._executor = executor
        self._most_events = self._batch_events = batch_events
        self._numbers = count(1)
        self._waiting: deque[Taken] = deque()
        self._open = Batch(intake)
        self._ready: Closed | None = None
        self._in_flight: tuple[Closed, Future[None]] | None = None

    @property
    def idle(self) -> bool:
        """Nothing waits to be written."""
        return self._in_flight is None and self._ready is None and not self._open and not self._waiting

    @property
    def busy(self) -> bool:
        """A batch is in flight."""
        return self._in_flight is not None

    @property
    def blocked(self) -> bool:
        """A full batch waits behind the one in flight: take no more."""
        return self._ready is not None or bool(self._waiting)

    @property
    def room(self) -> int:
        """How many messages the open batch still takes."""
        return max(1, self._batch_events - len(self._open))

    def add(self, taken: Taken) -> None:
        """Judge messages and take them, in offset order within each partition; what is beyond the limits waits."""
        self._waiting.append(taken)
        self._fill()

    def advance(self) -> None:
        """Start what can be started: a ready batch, or whatever is there when the database is free."""
        self._fill()
        if self._ready is None and self._open and (self._full or self._in_flight is None):
            self._ready = self._close_batch()
            self._fill()
        if self._ready is not None and self._in_flight is None:
            closed, self._ready = self._ready, None
            self._in_flight = closed, self._executor.submit(self._commit, closed)

    def wait(self, seconds: float) -> bool:
        """Wait for the batch in flight to end. Returns whether it has."""
        return self._in_flight is None or bool(wait([self._in_flight[1]], seconds).done)

    def outcome(self) -> Outcome | None:
        """The batch in flight, if it has ended since the last call."""
        if self._in_flight is None or not self._in_flight[1].done():
            return None
        (closed, future), self._in_flight = self._in_flight, None
        error = future.exception()
        self._adapt(error)
        return Outcome(closed, error)

    def drop_lost(self) -> None:
        """Forget messages of lost leases."""
        ready = self._ready.batch.taken if self._ready is not None else ()
        left = map(to_do, (*ready, *self._open.taken, *self._waiting))
        self._waiting = deque(taken for taken in left if taken.messages)
        self._open, self._ready = Batch(self._intake), None

    def _adapt(self, error: BaseException | None) -> None:
        """A database too slow for a batch before its deadline gets half as many events next, until it takes them."""
        if error is None:
            self._batch_events = min(self._most_events, self._batch_events * 2)
        elif isinstance(error, StoreUnavailable):
            self._batch_events = max(1, self._batch_events // 2)

    @property
    def _full(self) -> bool:
        return self._open.is_full(self._batch_events)

    def _fill(self) -> None:
        """Judge what waits, as far as the open batch takes it."""
        while self._waiting and not self._full:
            taken = self._waiting.popleft()
            fits = self._fitting(taken)
            if fits < len(taken.messages):
                self._waiting.appendleft(replace(taken, messages=taken.messages[fits:]))
                taken = replace(taken, messages=taken.messages[:fits])
            self._open.add(taken)

    def _fitting(self, taken: Taken) -> int:
        """How many of the messages the open batch takes, at least one. A document is about as long as its message."""
        left = (BATCH_BYTES - self._open.size) // 2
        most = min(self.room, len(taken.messages))
        if taken.size <= left:
            return most
        total = accumulate(map(bytes_of, taken.messages))
        return max(1, min(most, sum(1 for _ in takewhile(lambda size: size <= left, total))))

    def _close_batch(self) -> Closed | None:
        started = time.perf_counter()
        batch, self._open = self._open.to_do(), Batch(self._intake)
        if not batch:
            return None
        closed = Closed(next(self._numbers), batch, self._store.writes_of(batch))
        metrics.STAGE_SECONDS.labels("fold").observe(time.perf_counter() - started)
        return closed

    def _commit(self, closed: Closed) -> None:
        """On the database thread."""
        started = time.perf_counter()
        self._store.commit(closed.batch, closed.writes)
        metrics.STAGE_SECONDS.labels("commit").observe(time.perf_counter() - started)
