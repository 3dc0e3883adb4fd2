"""Which times an event may have happened at. Pure."""

from dataclasses import dataclass

from shared.documents import DAY_MS
from shared.events import MAX_AHEAD_MS


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The times that are accepted, both ends included, in UTC milliseconds."""

    oldest_ms: int
    newest_ms: int

    @classmethod
    def at(cls, now_ms: int, retention_days: int) -> "TimeLimits":
        """The limits when the clock shows `now_ms`: from `retention_days` before it to five minutes after it."""
        return cls(now_ms - retention_days * DAY_MS, now_ms + MAX_AHEAD_MS)
