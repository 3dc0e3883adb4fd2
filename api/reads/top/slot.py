"""The boards of one measure and window: which of them answers at a time, and which is to be loaded."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from api.reads.spans.windows import Window
from api.reads.top.board import Board
from api.reads.top.measures import Measure

_FRESH_SECONDS: Final = 1.5
"""A board that was last up to date so long ago does not answer: the request waits for the next round. At twice of it a
top may be three seconds behind when rounds fail; at half, one slow round makes requests wait."""
_EARLY_SECONDS: Final = 600
"""So long before the hour turns, the board of the next hour is loaded: it takes a minute where products and hours are
many. With half of it a slow load may not be done in time; with twice, two boards are kept for longer."""


class UpToDate(NamedTuple):
    """When a board was last up to date, by two clocks: the one stands still while the machine sleeps, and the other one
    may be set."""

    at: float
    """On the monotonic clock."""
    at_ms: int
    """In UTC milliseconds."""
    as_of: str | None
    """The as-of that was read before: the board is complete up to there."""

    def lasts(self, now: float, now_ms: int) -> bool:
        """Whether the board may still answer."""
        return now - self.at <= _FRESH_SECONDS and abs(now_ms - self.at_ms) <= _FRESH_SECONDS * 1000


NEVER: Final = UpToDate(float("-inf"), 0, None)


@dataclass
class Slot:
    """The board that answers, and the one of the next hour."""

    measure: Measure
    window: Window
    asked_at: float = 0.0
    """When somebody last asked, on the monotonic clock."""
    load_began_at: float = float("-inf")
    boards: dict[Board, UpToDate] = field(default_factory=dict)

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
        return next((board for board in self.boards if self._fits(board, first_minute)), None)

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
        for board in list(self.boards):
            if not self._fits(board, first_minute) and (self.moves or board.first_minute < first_minute):
                del self.boards[board]
