"""The last hour, cut into the spans that the aggregates hold. Pure.

At 12:34:56.789 the window starts at 11:34:56, and its sales are the sum of

    11:34:56 … 11:34:59   seconds of the cut minute    from raw events (`totals` has them by second)
    11:35 … 11:39         5 minutes                    fields of the rollup of hour 11
    11:40, 11:50          2 blocks of ten minutes      fields of the same document
    12:00, 13:00          2 hours                      one rollup each

so at most 14 fields (9 minutes and 5 blocks) are read of the first hour's document, and one of each other.
"""

from dataclasses import dataclass
from typing import Self

WINDOW_SECONDS = 3600
"""Length of the window: the contract's last hour. The spans below are drawn for it."""

_HOURS_AHEAD = 2
"""Hours after the cut's that can hold events: the present hour and the next, since the consumer accepts events that are
up to five minutes ahead of its clock. Half, the present hour alone, would miss such events in an hour's last five
minutes; twice as many would look for documents that cannot be there."""


@dataclass(frozen=True, slots=True)
class Window:
    """Every event of a second s with `cut` <= s. There is no upper end, so events ahead of the clock count.

    An event of second s counts while floor_second(now) <= s + 3600, so `cut` is floor_second(now) - 3600. At
    12:34:56.789 an event of 11:34:56.000 counts and an event of 11:34:55.999 does not.

    Minutes, blocks and hours are numbered since 1970, UTC. The spans do not overlap; together with the seconds of
    `cut_minute` from `cut` on they are the window. The values in brackets are those of 2026-06-01 12:34:56 UTC.
    """

    cut: int
    """First second that counts, since 1970 (1780313696, which is 11:34:56)."""
    cut_minute: int
    """The minute that holds `cut` (29671894, which is 11:34)."""
    starts_within_minute: bool
    """Whether only a part of `cut_minute` counts (true). If all of it counts, one of the ranges below holds it."""
    minutes: range
    """Whole minutes up to the next ten-minute block (29671895 … 29671899). They are in the hour `cut_hour`."""
    blocks: range
    """Whole ten-minute blocks up to the next hour (2967190, 2967191). They are in the hour `cut_hour`."""
    hours: range
    """Whole hours (494532, 494533)."""

    @classmethod
    def at(cls, now_ms: int) -> Self:
        """The window as it is at `now_ms`, UTC milliseconds."""
        cut = now_ms // 1000 - WINDOW_SECONDS
        # -(-a // b) is a / b rounded up: the first minute, block and hour that begin at the cut or after it.
        first_minute = -(-cut // 60)
        first_block = -(-first_minute // 10)
        first_hour = -(-first_block // 6)
        return cls(
            cut=cut,
            cut_minute=cut // 60,
            starts_within_minute=cut % 60 != 0,
            minutes=range(first_minute, first_block * 10),
            blocks=range(first_block, first_hour * 6),
            hours=range(first_hour, cut // 3600 + 1 + _HOURS_AHEAD),
        )

    @property
    def cut_hour(self) -> int:
        """The hour that holds `cut`: the first whose rollup is read (494531, which is 11:00)."""
        return self.cut // 3600
