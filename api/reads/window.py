"""The last hour, cut into the spans that the aggregates hold. Pure."""

from dataclasses import dataclass
from typing import Self

SECONDS = 3600
"""Length of the window."""

_HOURS_AHEAD = 2
"""Hours after the cut that can hold events: the present one, and the next for events up to five minutes early."""


@dataclass(frozen=True, slots=True)
class Window:
    """Every event of second s with `cut` <= s, open at the top.

    An event of second s counts while floor_second(now) <= s + 3600, so `cut` is floor_second(now) - 3600. Spans are
    numbered since 1970 and disjoint; together with the seconds of `cut_minute` from `cut` on they are the window.
    """

    cut: int
    """First second that counts."""
    cut_minute: int
    """The minute that holds `cut`."""
    starts_within_minute: bool
    """Whether `cut_minute` counts in part. When it counts as a whole, it is in one of the ranges below."""
    minutes: range
    """Whole minutes up to the next ten-minute block; they and `blocks` belong to the hour `cut_hour`."""
    blocks: range
    """Whole ten-minute blocks up to the next hour, ten minutes since 1970 being block 0."""
    hours: range
    """Whole hours."""

    @classmethod
    def at(cls, now_ms: int) -> Self:
        """The window as it is at `now_ms`, UTC milliseconds."""
        cut = now_ms // 1000 - SECONDS
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
        """The hour that holds `cut`: the first whose document is read."""
        return self.cut // 3600
