"""Keeps boards up to date while somebody asks for them.

Twice a second it asks how far each partition is, and reads what batches have left in `recent_sums` since it last asked.
The batches of a partition must follow each other without a gap, in the generation and after the repairs of which the
board knows. Whatever is otherwise makes the board begin anew: the documents were deleted meanwhile, an operator
accepted that the topic was created again, the audit changed sums, a backup was restored, a consumer of the version
before runs.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from api import metrics
from api.reads.freshness import Freshness
from api.reads.spans.windows import Window
from api.reads.top.board import Board, ProductNumbers
from api.reads.top.loading import load
from api.reads.top.measures import Measure
from api.reads.top.questions import Mark
from api.reads.top.source import BATCHES_AT_ONCE, OtherGroups, Source, rows_of
from shared import logs
from shared.documents import Document
from shared.errors import DatabaseUnavailable, SchemaNewer

ROUND_SECONDS: Final = 0.5
"""From one round to the next. A top may be a second behind the sums in MongoDB: half of that is left for a round that
takes long. At twice of it a top is often more than a second behind; at half, MongoDB is asked twice as often."""
_FRESH_SECONDS: Final = 1.5
"""A board that was last up to date so long ago does not answer: the request waits for the next round. At twice of it a
top may be three seconds behind when rounds fail; at half, one slow round makes requests wait."""
IDLE_SECONDS: Final = 60.0
"""So long after the last request a board is kept. A dashboard that asks once a minute finds it loaded; with half of it
each of its requests would load it. With twice, an instance works for two minutes more for nobody."""
_AGAIN_SECONDS: Final = 2.0
"""A board is loaded anew so long after its last load began, or later. With half of it, two consumers of different
versions make an instance read all sums each second; with twice, tops are away longer where repairs follow repairs."""
_EARLY_SECONDS: Final = 600
"""So long before the hour turns, the board of the next hour is loaded: it takes a minute where products and hours are
many. With half of it a slow load may not be done in time; with twice, two boards are kept for longer."""
_MOST_PRODUCTS: Final = 2_000_000
"""Products that a process may have numbered before all boards begin anew, so that ids which were sold once and never
again are forgotten. It is 400 MB; a process with more active products than this has no tops. With half of it, that is
so with one million."""

log = logs.logger(__name__)


class NotReady(Exception):
    """There is no board yet, or no board that is up to date. It soon will be."""


class _Fresh(NamedTuple):
    """When a board was last up to date."""

    at: float
    """On the monotonic clock."""
    as_of: str | None
    """The as-of that was read before: the board is complete up to there."""


_NEVER: Final = _Fresh(float("-inf"), None)


class View(NamedTuple):
    """A board as it answers now."""

    board: Board
    begin: int
    """The first second that counts, since 1970; in the board's first minute."""
    now: int
    """The present second. Events ahead of it count as well."""
    as_of: str | None
    """The time up to which the sums are complete, in RFC 3339. None when it is unknown."""


@dataclass
class _Slot:
    """The boards of one measure and window: the one that answers, and the one of the next hour."""

    measure: Measure
    window: Window
    asked_at: float = 0.0
    """When somebody last asked, on the monotonic clock."""
    load_began_at: float = float("-inf")
    boards: list[Board] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        """Whether minutes leave the board one by one; the boards of longer windows are replaced each hour."""
        return self.window in (Window.QUARTER_HOUR, Window.HOUR)

    def begin(self, now_ms: int) -> int:
        """The first second that counts (since 1970)."""
        begin = now_ms // 1000 - self.window.seconds
        return begin if self.moves else begin - begin % 3600

    def answering(self, now_ms: int) -> Board | None:
        """The board that answers at this time."""
        first_minute = self.begin(now_ms) // 60
        fits = [board for board in self.boards if self._fits(board, first_minute)]
        return fits[0] if fits else None

    def _fits(self, board: Board, first_minute: int) -> bool:
        return board.first_minute <= first_minute if self.moves else board.first_minute == first_minute

    def wanted(self, now_ms: int) -> int | None:
        """The first minute of the board that is to be loaded, None where none is."""
        if self.answering(now_ms) is None:
            return self.begin(now_ms) // 60
        soon = now_ms + _EARLY_SECONDS * 1000
        return None if self.moves or self.answering(soon) is not None else self.begin(soon) // 60

    def drop_old(self, now_ms: int) -> None:
        """Forget boards whose time is over, or which are ahead of a clock that was set back."""
        first_minute = self.begin(now_ms) // 60
        self.boards = [one for one in self.boards if self._fits(one, first_minute) or not self.moves]
        if not self.moves:
            self.boards = [one for one in self.boards if one.first_minute >= first_minute]


class Follower:
    """The boards of a process. `clock` gives UTC milliseconds.

    Nothing runs while nobody asks.
    """

    def __init__(self, source: Source, freshness: Freshness, clock: Callable[[], int]) -> None:
        self._source = source
        self._freshness = freshness
        self._clock = clock
        self._numbers = ProductNumbers()
        self._slots: dict[tuple[Measure, Window], _Slot] = {}
        self._task: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._round_ended = asyncio.Event()
        self._loaded = asyncio.Event()
        """Set when a board was loaded, which begins the next round at once."""
        self._error: Exception | None = None
        """Why the last round failed."""
        self._fresh: dict[Board, _Fresh] = {}
        """When each board was last up to date."""
        self._lock = asyncio.Lock()
        """Held while boards change, and while one is read."""

    @asynccontextmanager
    async def reading(self, measure: Measure, window: Window, wait_seconds: float) -> AsyncIterator["View"]:
        """A board that is up to date, which does not change meanwhile. Waits so long for one.

        Raises NotReady, and DatabaseUnavailable or SchemaNewer where that is why there is none.
        """
        deadline = time.monotonic() + wait_seconds
        while True:
            slot = self._slots.setdefault((measure, window), _Slot(measure, window))
            slot.asked_at = time.monotonic()
            self._start()
            async with self._lock:
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
        return [task for task in (self._task, self._loading) if task is not None]

    async def _view(self, slot: _Slot) -> "View | None":
        """The slot's board, if it has one that is up to date."""
        now_ms = self._clock()
        board = slot.answering(now_ms)
        fresh = None if board is None else self._fresh[board]
        if board is None or fresh is None or time.monotonic() - fresh.at > _FRESH_SECONDS:
            return None
        begin = slot.begin(now_ms)
        if slot.moves:
            await board.advance(begin // 60)
        return View(board, begin, now_ms // 1000, fresh.as_of)

    def _start(self) -> None:
        if self._task is None or self._task.done():
            # In an empty context: the task serves many requests, so nothing of this one may reach it.
            self._task = asyncio.get_running_loop().create_task(self._follow(), context=Context())

    async def _follow(self) -> None:
        """One round after the other, as long as somebody asks."""
        while self._slots:
            started = time.monotonic()
            self._load_next()
            try:
                behind = await self._round()
                self._error = None
            except (DatabaseUnavailable, SchemaNewer) as error:
                behind, self._error = False, error
            except OtherGroups:
                behind, self._error = False, None
                log.warning("partitions has documents of several groups or topics, so there are no tops")
                self._drop_all()
            ended, self._round_ended = self._round_ended, asyncio.Event()
            ended.set()
            if not behind:
                await self._pause(started + ROUND_SECONDS - time.monotonic())
            self._forget_idle()
            metrics.BOARDS.set(len(self._fresh))
        self._numbers = ProductNumbers()

    async def _pause(self, seconds: float) -> None:
        """Wait for the next round, which begins early when a board was loaded."""
        self._loaded.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._loaded.wait()

    async def _round(self) -> bool:
        """Bring all boards up to date. Returns whether there is more to read at once."""
        asked_at = time.monotonic()
        as_of = await self._freshness.as_of()
        boards = [board for slot in self._slots.values() for board in slot.boards]
        if not boards:
            return False
        ends = await self._source.ends()
        self._drop(board for board in boards if not _may_follow(board, ends))
        boards = [board for board in boards if board in self._fresh]
        spans = _spans(boards, ends)
        documents = await self._source.batches(spans) if spans else []
        async with self._lock:
            self._drop([board for board in boards if not await _apply(board, documents)])
            for board in (board for board in boards if board in self._fresh):
                if board.positions == ends:
                    self._fresh[board] = _Fresh(asked_at, as_of)
                elif len(documents) < BATCHES_AT_ONCE:
                    self._drop([board])  # what is missing was deleted, or never written
                if board.moves:
                    await board.pack(before=self._clock() // 60_000 - 1)
        return len(documents) >= BATCHES_AT_ONCE

    def _drop(self, boards: Iterable[Board]) -> None:
        """Have these boards begin anew."""
        for board in list(boards):
            self._fresh.pop(board, None)
            for slot in self._slots.values():
                if board in slot.boards:
                    slot.boards.remove(board)
                    log.info("a top begins anew", by=slot.measure.value, window=slot.window.value)

    def _drop_all(self) -> None:
        self._drop([board for slot in self._slots.values() for board in slot.boards])

    def _forget_idle(self) -> None:
        """Forget the boards for which nobody has asked lately, and those whose time is over."""
        now, now_ms = time.monotonic(), self._clock()
        for key, slot in list(self._slots.items()):
            if now - slot.asked_at > IDLE_SECONDS:
                del self._slots[key]
            else:
                slot.drop_old(now_ms)
        kept = {board for slot in self._slots.values() for board in slot.boards}
        self._fresh = {board: fresh for board, fresh in self._fresh.items() if board in kept}
        if len(self._numbers.products) > _MOST_PRODUCTS:
            self._drop_all()
            self._numbers = ProductNumbers()

    def _load_next(self) -> None:
        """Begin to load a board that is wanted, unless one is being loaded."""
        if self._loading and not self._loading.done():
            return
        now = time.monotonic()
        for slot in self._slots.values():
            first_minute = slot.wanted(self._clock())
            if first_minute is not None and now - slot.load_began_at > _AGAIN_SECONDS:
                self._loading = asyncio.get_running_loop().create_task(self._load(slot, first_minute))
                return

    async def _load(self, slot: _Slot, first_minute: int) -> None:
        slot.load_began_at = time.monotonic()
        try:
            board = await load(self._source, slot.measure, first_minute, slot.moves, self._numbers)
        except (DatabaseUnavailable, OtherGroups) as error:
            log.warning("a top could not be loaded", by=slot.measure.value, window=slot.window.value, error=str(error))
            return
        metrics.BOARDS_LOADED.inc()
        slot.boards.append(board)
        self._fresh[board] = _NEVER
        self._loaded.set()


def _may_follow(board: Board, ends: dict[int, Mark]) -> bool:
    """Whether the board can be brought up to these ends: of the same partitions, generations and repairs, and not
    behind what it holds."""
    return board.positions.keys() == ends.keys() and all(
        (mark.generation, mark.repairs) == (ends[partition].generation, ends[partition].repairs)
        and mark.offset <= ends[partition].offset
        for partition, mark in board.positions.items()
    )


def _spans(boards: list[Board], ends: dict[int, Mark]) -> dict[int, tuple[Mark, int]]:
    """What to read of each partition: from the earliest board's mark on to the end."""
    spans = {}
    for partition, end in ends.items():
        first = min((board.positions[partition] for board in boards), default=end)
        if first != end:
            spans[partition] = first, end.offset
    return spans


async def _apply(board: Board, documents: list[Document]) -> bool:
    """Add what batches added, as far as the board lacks it. Returns False where one is missing in between."""
    for document in documents:
        partition, offset = document["_id"]["k"], document["_id"]["o"]
        position = board.positions[partition]
        if offset < position.offset:
            continue
        if offset != position.offset:
            return False
        await board.add(rows_of(document, board.measure))
        board.positions[partition] = position._replace(offset=document["to"])
    return True
