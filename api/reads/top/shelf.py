"""The boards that a process has: loads what is wanted, one board at a time, and forgets what nobody asks for."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from api import metrics
from api.reads.spans.windows import Window
from api.reads.top.board import Board, ProductNumbers
from api.reads.top.loading import load
from api.reads.top.measures import Measure
from api.reads.top.slot import NEVER, Slot
from api.reads.top.source import OtherGroups, Source
from shared import logs
from shared.errors import DatabaseUnavailable

IDLE_SECONDS: Final = 60.0
"""So long after the last request a board is kept. A dashboard that asks once a minute finds it loaded; with half of it
each of its requests would load it. With twice, an instance works for two minutes more for nobody."""
_AGAIN_SECONDS: Final = 2.0
"""A board is loaded anew so long after its last load began, or later. With half of it, two consumers of different
versions make an instance read all sums each second; with twice, tops are away longer where repairs follow repairs."""
_MOST_PRODUCTS: Final = 2_000_000
"""Products that a process may have numbered before all boards begin anew, so that ids which were sold once and never
again are forgotten. It is 400 MB; a process with more active products than this has no tops. With half of it, that is
so with one million."""

log = logs.logger(__name__)


class Shelf:
    """Boards by measure and window. `clock` gives UTC milliseconds."""

    def __init__(self, source: Source, clock: Callable[[], int]) -> None:
        self.slots: dict[tuple[Measure, Window], Slot] = {}
        self.loading: asyncio.Task[None] | None = None
        self.loaded = asyncio.Event()
        """Set when a board was loaded."""
        self._source = source
        self._clock = clock
        self._numbers = ProductNumbers()

    def asked(self, measure: Measure, window: Window) -> Slot:
        """Note that somebody asks. Returns the slot of what is asked for."""
        slot = self.slots.setdefault((measure, window), Slot(measure, window))
        slot.asked_at = time.monotonic()
        return slot

    def boards(self) -> list[Board]:
        """All boards."""
        return [board for slot in self.slots.values() for board in slot.boards]

    def drop(self, boards: Iterable[Board]) -> None:
        """Have these boards begin anew."""
        for board in list(boards):
            for slot in self.slots.values():
                if slot.boards.pop(board, None) is not None:
                    log.info("a top begins anew", by=slot.measure.value, window=slot.window.value)

    @contextmanager
    def whole_or_dropped(self, board: Board) -> Iterator[None]:
        """Have the board begin anew if the block is cut short, as by the end of its request: it would be half done."""
        try:
            yield
        except BaseException:
            self.drop([board])
            raise

    def forget_idle(self) -> None:
        """Forget the boards for which nobody has asked lately, and those whose time is over."""
        now, now_ms = time.monotonic(), self._clock()
        for key, slot in list(self.slots.items()):
            if now - slot.asked_at > IDLE_SECONDS:
                del self.slots[key]
            else:
                slot.drop_old(now_ms)
        if not self.slots or len(self._numbers.products) > _MOST_PRODUCTS:
            self.drop(self.boards())
            self._numbers = ProductNumbers()
        metrics.BOARDS.set(len(self.boards()))

    def load_next(self) -> None:
        """Begin to load a board that is wanted, unless one is being loaded."""
        if self.loading and not self.loading.done():
            return
        now = time.monotonic()
        for slot in self.slots.values():
            first_minute = slot.wanted(self._clock())
            if first_minute is not None and now - slot.load_began_at > _AGAIN_SECONDS:
                self.loading = asyncio.get_running_loop().create_task(self._load(slot, first_minute))
                return

    async def _load(self, slot: Slot, first_minute: int) -> None:
        slot.load_began_at = time.monotonic()
        try:
            board = await load(self._source, slot.measure, first_minute, slot.moves, self._numbers)
        except (DatabaseUnavailable, OtherGroups) as error:
            log.warning("a top could not be loaded", by=slot.measure.value, window=slot.window.value, error=str(error))
            return
        metrics.BOARDS_LOADED.inc()
        slot.boards[board] = NEVER
        self.loaded.set()
