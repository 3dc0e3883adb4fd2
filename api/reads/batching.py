"""Concurrent readers share round trips: what arrives while a query is in flight is answered together by the next."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from shared.errors import StoreUnavailable

K = TypeVar("K")
V = TypeVar("V")

QUERIES: Final = 2
"""Most of a reader's queries in flight."""
WORTH_A_QUERY: Final = 24
"""So many waiting keys get a query of their own beside the one in flight: its fixed cost is about theirs."""


class BatchingReader(Generic[K, V]):
    """Reads values by key through one query at a time, or two while `WORTH_A_QUERY` keys wait.

    `query` gets up to `limit` distinct keys and returns a value for each. A query starts after the reads that it
    answers, so an answer is never older than the question. A failing query fails the reads of its own batch only, with
    its exception; a read that is cancelled harms no other. `observe` is told the number of keys of each query.
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
        self._working: set[asyncio.Task[None] | None] = set()

    async def read(self, key: K) -> V:
        """The value of `key`. Raises what the query raised, or StoreUnavailable after `deadline` seconds."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V] = loop.create_future()
        self._waiting.setdefault(key, []).append(answer)
        if self._asks_beside(len(self._working)):
            # A context of its own: the query belongs to no single request.
            self._working.add(loop.create_task(self._work(), context=Context()))
        expiry = loop.call_later(self._deadline, self._give_up, answer)
        try:
            return await answer
        finally:
            expiry.cancel()

    def _give_up(self, answer: asyncio.Future[V]) -> None:
        if not answer.done():
            answer.set_exception(StoreUnavailable(f"MongoDB gave no answer within {self._deadline:g} s"))

    def _asks_beside(self, others: int) -> bool:
        """Whether those who wait are asked for while so many other queries are in flight."""
        return others == 0 or (others < QUERIES and len(self._waiting) >= WORTH_A_QUERY)

    async def _work(self) -> None:
        try:
            while self._asks_beside(len(self._working) - 1) and (batch := self._take()):
                await self._answer(batch)
        finally:
            # Not by a callback of the task, which comes later: a read in between would wait for nobody.
            self._working.discard(asyncio.current_task())

    def _take(self) -> dict[K, list[asyncio.Future[V]]]:
        """The keys that have waited longest, up to the limit, without those that nobody waits for any more."""
        batch: dict[K, list[asyncio.Future[V]]] = {}
        while self._waiting and len(batch) < self._limit:
            key = next(iter(self._waiting))
            readers = [reader for reader in self._waiting.pop(key) if not reader.done()]
            if readers:
                batch[key] = readers
        return batch

    async def _answer(self, batch: dict[K, list[asyncio.Future[V]]]) -> None:
        self._observe(len(batch))
        try:
            values = await self._query(list(batch))
            answers = [(values[key], readers) for key, readers in batch.items()]
        except Exception as error:  # whatever it is, it belongs to the readers
            for readers in batch.values():
                for reader in readers:
                    if not reader.done():
                        reader.set_exception(error)
            return
        for value, readers in answers:
            for reader in readers:
                if not reader.done():
                    reader.set_result(value)
