"""Which times an event may have happened at, and what is said of one that happened at another. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from consumer.events.details.quoting import detail
from consumer.events.details.values.moments import EXAMPLE
from consumer.events.message import NO_TIME_MS
from consumer.events.rejection import Rejection
from shared.documents import DAY_MS
from shared.events import MAX_AHEAD_MS, Reason

_UNITS: Final = (("seconds", 1000, 1), ("microseconds", 1, 1000), ("nanoseconds", 1, 1_000_000))
"""Units that producers take for milliseconds by mistake, with what makes milliseconds of them: a factor, a divisor."""
_QUARTER_MS: Final = 15 * 60 * 1000
_MOST_QUARTERS: Final = 14 * 4
"""Zones differ from UTC by quarters of an hour, and by fourteen hours at the most."""
_CURE: Final = f"send occurred_at, such as {EXAMPLE}, or give the record its time in milliseconds"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The times that are accepted, both ends included, in UTC milliseconds."""

    oldest_ms: int
    newest_ms: int

    @classmethod
    def at(cls, now_ms: int, retention_days: int) -> "TimeLimits":
        """The limits when the clock shows `now_ms`: from `retention_days` before it to five minutes after it."""
        return cls(now_ms - retention_days * DAY_MS, now_ms + MAX_AHEAD_MS)

    def rejection(self, time_ms: int, of_record: bool) -> Rejection:
        """Why an event that happened at `time_ms`, which is not within the limits, is rejected.

        With `of_record` the event has no `occurred_at` and so the time of its record in Kafka.
        """
        is_new = time_ms > self.newest_ms
        bound = (
            f"after {shown(self.newest_ms)}, five minutes ahead of the consumer's clock"
            if is_new
            else f"before {shown(self.oldest_ms)}, the oldest time that is accepted"
        )
        if of_record and time_ms == NO_TIME_MS:
            text = detail("the event has no occurred_at, and its record has no time in Kafka", _CURE)
        elif of_record:
            found = f"the event has no occurred_at, and its record's time in Kafka is {shown(time_ms)}, {bound}"
            text = detail(found, self._other_unit(time_ms, "Kafka counts milliseconds, and"), _CURE)
        else:
            found = f"occurred_at is {shown(time_ms)}, {bound}"
            text = detail(
                found, self._other_unit(time_ms, "seconds may have been taken for milliseconds:"), self._local(time_ms)
            )
        return Rejection(Reason.FROM_THE_FUTURE if is_new else Reason.TOO_OLD, text)

    def _other_unit(self, time: int, so_far: str) -> str:
        """What a time would be in another unit, where that is within the limits; else empty."""
        for unit, factor, divisor in _UNITS:
            time_ms = time * factor // divisor
            if self.oldest_ms <= time_ms <= self.newest_ms:
                return f"{so_far} {time} {unit} would be {shown(time_ms)}"
        return ""

    def _local(self, time_ms: int) -> str:
        """Whether a time is ahead by as much as some zone's clocks are, about; else empty."""
        ahead_ms = time_ms - (self.newest_ms - MAX_AHEAD_MS)
        quarters = round(ahead_ms / _QUARTER_MS)
        if not 0 < quarters <= _MOST_QUARTERS or abs(ahead_ms - quarters * _QUARTER_MS) > MAX_AHEAD_MS:
            return ""
        ahead = f"{quarters // 4} h {quarters % 4 * 15} min" if quarters % 4 else f"{quarters // 4} h"
        return f"that is about {ahead} ahead: a local time may have been sent with the offset of UTC"


def shown(time_ms: int) -> str:
    """A time as RFC 3339 has it, or the number where no date can be made of it: "-62135596800001 ms"."""
    try:
        return f"{(_EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec='milliseconds')[:-6]}Z"
    except OverflowError:
        return f"{time_ms} ms"
