"""Keeps boards up to date while somebody asks for them.

Twice a second it asks how far each partition is, and reads what batches have left in `recent_sums` since it last asked.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Final

from api.reads.freshness import Freshness
from api.reads.spans.windows import Window
from api.reads.top.board import Board
from api.reads.top.catching_up import Ends, apply, may_follow, spans
from api.reads.top.measures import Measure
from api.reads.top.shelf import Shelf
from api.reads.top.slot import Slot, UpToDate
from api.reads.top.source import BATCHES_AT_ONCE, OtherGroups, Source
from api.reads.top.view import NotReady, View
from shared import logs
from shared.documents import Document
from shared.errors import DatabaseUnavailable, SchemaNewer

ROUND_SECONDS: Final = 0.5
"""From one round to the next. A top may be a second behind the sums in MongoDB: half of that is left for a round that
takes long. At twice of it a top is often more than a second behind; at half, MongoDB is asked twice as often."""

log = logs.logger(__name__)


class Follower:
    """The boards of a process, as requests read them. `clock` gives UTC milliseconds.

    Nothing runs while nobody asks.
    """

    def __init__(self, source: Source, freshness: Freshness, clock: Callable[[], int]) -> None:
        self._source = source
        self._freshness = freshness
        self._clock = clock
        self._shelf = Shelf(source, clock)
        self._task: asyncio.Task[None] | None = None
        self._round_ended = asyncio.Event()
        self._error: Exception | None = None
        """Why the last round failed."""
        self._lock = asyncio.Lock()
        """Held while boards change, and while one is read."""

    @asynccontextmanager
    async def reading(self, measure: Measure, window: Window, wait_seconds: float) -> AsyncIterator[View]:
        """A board that is up to date, which does not change meanwhile. Waits so long for one.

        Raises NotReady, and DatabaseUnavailable or SchemaNewer where that is why there is none.
        """
        deadline = time.monotonic() + wait_seconds
        while True:
            slot = self._shelf.asked(measure, window)
            self._start()
            async with self._turn(deadline - time.monotonic()):
                view = await self._view(slot)
                if view is not None:
                    yield view
                    return
            await self.next_round(deadline - time.monotonic())

    async def next_round(self, wait_seconds: float) -> None:
        """Wait for the end of a round. Raises NotReady when it does not come in time, or why rounds fail."""
        ended = self._round_ended
        try:
            async with asyncio.timeout(max(0.0, wait_seconds)):
                await ended.wait()
        except TimeoutError:
            raise self._error or NotReady from None

    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs in the background, to be cancelled when the process ends."""
        return [task for task in (self._task, self._shelf.loading) if task is not None]

    @asynccontextmanager
    async def _turn(self, wait_seconds: float) -> AsyncIterator[None]:
        """Hold the lock. Raises NotReady when those before take longer than this."""
        try:
            async with asyncio.timeout(max(0.0, wait_seconds)):
                await self._lock.acquire()
        except TimeoutError:
            raise self._error or NotReady from None
        try:
            yield
        finally:
            self._lock.release()

    async def _view(self, slot: Slot) -> View | None:
        """The slot's board, if it has one that is up to date."""
        now_ms = self._clock()
        board = slot.answering(now_ms)
        if board is None or not (up_to_date := slot.boards[board]).lasts(time.monotonic(), now_ms):
            return None
        begin = slot.begin(now_ms)
        if slot.moves:
            with self._shelf.whole_or_dropped(board):
                await board.advance(begin // 60)
        return View(board, begin, now_ms // 1000, up_to_date.as_of)

    def _start(self) -> None:
        if self._task is None or self._task.done():
            # In an empty context: the task serves many requests, so nothing of this one may reach it.
            self._task = asyncio.get_running_loop().create_task(self._follow(), context=Context())

    async def _follow(self) -> None:
        """One round after the other, as long as somebody asks."""
        while self._shelf.slots:
            started = time.monotonic()
            self._shelf.load_next()
            try:
                behind = await self._round()
                self._error = None
            except (DatabaseUnavailable, SchemaNewer) as error:
                behind, self._error = False, error
            except OtherGroups:
                behind, self._error = False, None
                log.warning("partitions has documents of several groups or topics, so there are no tops")
                self._shelf.drop(self._shelf.boards())
            ended, self._round_ended = self._round_ended, asyncio.Event()
            ended.set()
            if not behind:
                await self._pause(started + ROUND_SECONDS - time.monotonic())
            self._shelf.forget_idle()

    async def _pause(self, seconds: float) -> None:
        """Wait for the next round, which begins early when a board was loaded."""
        self._shelf.loaded.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._shelf.loaded.wait()

    async def _round(self) -> bool:
        """Bring all boards up to date. Returns whether there is more to read at once."""
        at, at_ms = time.monotonic(), self._clock()
        up_to_date = UpToDate(at, at_ms, await self._freshness.as_of())
        boards = self._shelf.boards()
        if not boards:
            return False
        ends = await self._source.ends()
        following = [board for board in boards if may_follow(board, ends)]
        self._shelf.drop(board for board in boards if board not in following)
        wanted = spans(following, ends)
        batches = await self._source.batches(wanted) if wanted else []
        has_all = len(batches) < BATCHES_AT_ONCE
        async with self._lock:
            for slot in list(self._shelf.slots.values()):
                for board in [board for board in slot.boards if board in following]:
                    with self._shelf.whole_or_dropped(board):
                        if await self._catches_up(board, batches, ends, has_all):
                            slot.boards[board] = up_to_date
        return not has_all

    async def _catches_up(self, board: Board, batches: list[Document], ends: Ends, has_all: bool) -> bool:
        """Bring one board up to the ends. Returns whether it is there; drops it where that cannot be."""
        follows = await apply(board, batches)
        if board.moves:
            await board.pack(before=self._clock() // 60_000 - 1)
        if follows and board.positions == ends:
            return True
        if not follows or has_all:
            self._shelf.drop([board])  # what is missing was deleted, or never written
        return False
