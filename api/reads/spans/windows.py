"""The windows that a client may ask for by the query parameter `window`. Pure."""

from enum import StrEnum


class Window(StrEnum):
    """How far back an answer looks. Its value is what a client writes: `?window=24h`.

    The first three are to the second: at 14:03:21.5 the window `1h` begins at 13:03:21. `7d` and `30d` begin at a full
    hour, UTC, which is the one that holds the second so long ago. No window has an upper end, so events that are ahead
    of the clock count.
    """

    QUARTER_HOUR = "15m"
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def seconds(self) -> int:
        """Its length."""
        return _SECONDS[self]

    @property
    def to_the_second(self) -> bool:
        """Whether it begins at any second; the longer windows begin at a full hour."""
        return self.seconds <= _DAY

    def begin(self, now_ms: int) -> int:
        """The first second since 1970 that counts at `now_ms`, UTC milliseconds."""
        begin = now_ms // 1000 - self.seconds
        return begin if self.to_the_second else begin - begin % _HOUR


_HOUR = 3_600
_DAY = 86_400
_SECONDS = {
    Window.QUARTER_HOUR: 900,
    Window.HOUR: _HOUR,
    Window.DAY: _DAY,
    Window.WEEK: 7 * _DAY,
    Window.MONTH: 30 * _DAY,
}
