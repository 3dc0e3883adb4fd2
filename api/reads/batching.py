"""Answers concurrent reads together: what arrives while a query is in flight is answered by the next query (ADR 3)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from shared.errors import DatabaseUnavailable

K = TypeVar("K")
V = TypeVar("V")

MAX_IN_FLIGHT: Final = 2
"""Queries that a reader has in flight at the most. With a single query the event loop has no work while MongoDB
computes, and MongoDB has none while answers are written. The second query gave 1.14 and 1.28 times as many answers a
second, a third no more than the second (ADR 3)."""

WORTH_A_QUERY: Final = 24
"""Keys that must wait before the second query is sent: a query costs about as much by itself as 24 keys in it. Against
one query at a time, 24 gave 1.14 and 1.28 times as many answers a second, 16 gave 1.08 and 1.15, and 1 gave 1.03 and
1.08 (ADR 3). A larger number, which was not measured, would leave the gain to heavier load."""


class BatchingReader(Generic[K, V]):
    """Reads values by key, many keys a query: one query at a time, or two while `WORTH_A_QUERY` keys wait.

    `query` takes up to `limit` distinct keys and returns a value for each of them. A query starts after the reads that
    it answers, so an answer is never older than its question. A query that fails fails the reads of its own batch, with
    its exception, and no others. A read that is cancelled disturbs no other read. `observe` is called with the number
    of keys of each query.

    All of it runs on one event loop; nothing here is safe for threads.
    """

    def __init__(
        self,
        query: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        limit: int,
        deadline: float,
        observe: Callable[[float], None] = lambda size: None,
    ) -> None:
        self._query = query
        self._limit = limit
        self._deadline = deadline
        self._observe = observe
        self._waiting: dict[K, list[asyncio.Future[V]]] = {}
        """The readers that wait for each key, in the order in which the keys were first asked for."""
        self._working: set[asyncio.Task[None] | None] = set()
        """The tasks that run queries; each has one query in flight."""

    async def read(self, key: K) -> V:
        """The value of `key`. Raises what the query raised, or DatabaseUnavailable after `deadline` seconds."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V] = loop.create_future()
        self._waiting.setdefault(key, []).append(answer)
        if self._may_query_beside(len(self._working)):
            # In an empty context: a query serves many requests, so nothing of the one that starts it may reach it.
            self._working.add(loop.create_task(self._work(), context=Context()))
        expiry = loop.call_later(self._deadline, self._give_up, answer)
        try:
            return await answer
        finally:
            expiry.cancel()

    def _give_up(self, answer: asyncio.Future[V]) -> None:
        if not answer.done():
            answer.set_exception(DatabaseUnavailable(f"MongoDB gave no answer within {self._deadline:g} s"))

    def _may_query_beside(self, others: int) -> bool:
        """Whether the waiting keys get a query while `others` queries are in flight."""
        return others == 0 or (others < MAX_IN_FLIGHT and len(self._waiting) >= WORTH_A_QUERY)

    async def _work(self) -> None:
        """Run one query after the other, as long as keys wait and may have a query."""
        try:
            while self._may_query_beside(len(self._working) - 1) and (batch := self._take()):
                await self._answer(batch)
        finally:
            # Here and not in a callback of the task, which would run a moment later: a read that arrives in that moment
            # would count this task as working and start none, and nobody would answer it.
            self._working.discard(asyncio.current_task())

    def _take(self) -> dict[K, list[asyncio.Future[V]]]:
        """The keys that have waited longest, up to the limit, with their readers.

        Keys whose readers have all been cancelled or have given up are dropped.
        """
        batch: dict[K, list[asyncio.Future[V]]] = {}
        while self._waiting and len(batch) < self._limit:
            key = next(iter(self._waiting))
            readers = [reader for reader in self._waiting.pop(key) if not reader.done()]
            if readers:
                batch[key] = readers
        return batch

    async def _answer(self, batch: dict[K, list[asyncio.Future[V]]]) -> None:
        """Run one query and hand its values, or its exception, to the readers that still wait."""
        self._observe(len(batch))
        try:
            values = await self._query(list(batch))
            answers = [(values[key], readers) for key, readers in batch.items()]
        except Exception as error:  # of whatever kind: every reader of this batch must get it, or it waits in vain
            for readers in batch.values():
                for reader in readers:
                    if not reader.done():
                        reader.set_exception(error)
            return
        for value, readers in answers:
            for reader in readers:
                if not reader.done():
                    reader.set_result(value)
