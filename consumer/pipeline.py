"""Messages on their way to MongoDB: one batch is being committed, one is ready behind it, one is being filled.

A batch is as large as the backlog makes it. It holds whatever has come by the time the database thread is free, up to a
limit: a handful of events when the consumer keeps up, `BATCH_MAX_EVENTS` when it is behind.
"""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import accumulate, count, takewhile
from typing import NamedTuple

from consumer.batches.batch import BATCH_BYTES, Batch, Rules
from consumer.events.message import bytes_of
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.process import metrics
from consumer.storage.committer import Committer
from consumer.storage.preparation import Prepared, prepare
from shared.errors import DatabaseUnavailable


class ClosedBatch(NamedTuple):
    """A batch that takes no more messages, prepared for its transaction."""

    number: int
    """Counted from 1 in this process; the log names a batch by it."""
    batch: Batch
    prepared: Prepared


class BatchOutcome(NamedTuple):
    """A batch that the database thread is done with; `error` is None where it was written."""

    closed: ClosedBatch
    error: BaseException | None

    @property
    def leases(self) -> list[Lease]:
        """The leases under which its messages were read."""
        return list(self.closed.batch.ends)


class BatchPipeline:
    """Fills batches and has them committed one after another. Polling thread only; commits run on `database_thread`."""

    def __init__(
        self, committer: Committer, rules: Rules, database_thread: ThreadPoolExecutor, batch_events: int
    ) -> None:
        self._committer = committer
        self._rules = rules
        self._database_thread = database_thread
        self._most_events = self._batch_events = batch_events
        self._numbers = count(1)
        self._waiting: deque[Taken] = deque()
        self._open = Batch(rules)
        self._ready: ClosedBatch | None = None
        self._in_flight: tuple[ClosedBatch, Future[None]] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be written."""
        return self._in_flight is None and self._ready is None and not self._open and not self._waiting

    @property
    def busy(self) -> bool:
        """Whether a batch is being committed."""
        return self._in_flight is not None

    @property
    def blocked(self) -> bool:
        """Whether a batch waits behind the one that is being committed: then no more messages should be added."""
        return self._ready is not None or bool(self._waiting)

    @property
    def room(self) -> int:
        """How many messages the open batch still takes, 1 at least."""
        return max(1, self._batch_events - len(self._open))

    def add(self, taken: Taken) -> None:
        """Add messages, in offset order within each partition. Those beyond the open batch's limits wait."""
        self._waiting.append(taken)
        self._fill()

    def advance(self) -> None:
        """Start what can be started: commit the ready batch, or close the open one where the database is free."""
        self._fill()
        if self._ready is None and self._open and (self._full or self._in_flight is None):
            self._ready = self._close_batch()
            self._fill()
        if self._ready is not None and self._in_flight is None:
            closed, self._ready = self._ready, None
            self._in_flight = closed, self._database_thread.submit(self._commit, closed)

    def wait(self, seconds: float) -> bool:
        """Wait for the commit in flight to end, at most so long. Returns whether it has."""
        return self._in_flight is None or bool(wait([self._in_flight[1]], seconds).done)

    def outcome(self) -> BatchOutcome | None:
        """The batch that was in flight, if its commit has ended since the last call. Never waits."""
        if self._in_flight is None or not self._in_flight[1].done():
            return None
        (closed, future), self._in_flight = self._in_flight, None
        error = future.exception()
        self._adapt(error)
        return BatchOutcome(closed, error)

    def drop_lost(self) -> None:
        """Forget the messages of lost leases. The others are judged again, into a new open batch."""
        ready = self._ready.batch.taken if self._ready is not None else ()
        left = (taken.unwritten() for taken in (*ready, *self._open.taken, *self._waiting))
        self._waiting = deque(taken for taken in left if taken.messages)
        self._open, self._ready = Batch(self._rules), None

    def _adapt(self, error: BaseException | None) -> None:
        """Halve the next batches where MongoDB did not take one in time; double them again while it takes them."""
        if error is None:
            self._batch_events = min(self._most_events, self._batch_events * 2)
        elif isinstance(error, DatabaseUnavailable):
            self._batch_events = max(1, self._batch_events // 2)

    @property
    def _full(self) -> bool:
        return self._open.is_full(self._batch_events)

    def _fill(self) -> None:
        """Add the messages that wait to the open batch, as far as it takes them."""
        while self._waiting and not self._full:
            taken = self._waiting.popleft()
            fits = self._fitting(taken)
            if fits < len(taken.messages):
                taken, rest = taken.split(fits)
                self._waiting.appendleft(rest)
            self._open.add(taken)

    def _fitting(self, taken: Taken) -> int:
        """How many of the messages the open batch takes, 1 at least. A document is about as long as its message, so a
        message counts twice."""
        left = (BATCH_BYTES - self._open.size) // 2
        most = min(self.room, len(taken.messages))
        if taken.size <= left:
            return most
        total = accumulate(map(bytes_of, taken.messages))
        return max(1, min(most, sum(1 for _ in takewhile(lambda size: size <= left, total))))

    def _close_batch(self) -> ClosedBatch | None:
        started = time.perf_counter()
        batch, self._open = self._open.unwritten(), Batch(self._rules)
        if not batch:
            return None
        closed = ClosedBatch(next(self._numbers), batch, prepare(batch, self._committer.recall))
        metrics.STAGE_SECONDS.labels("prepare").observe(time.perf_counter() - started)
        return closed

    def _commit(self, closed: ClosedBatch) -> None:
        """Runs on the database thread."""
        started = time.perf_counter()
        self._committer.commit(closed.batch, closed.prepared)
        metrics.STAGE_SECONDS.labels("commit").observe(time.perf_counter() - started)
