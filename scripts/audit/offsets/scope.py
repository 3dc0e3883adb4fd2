"""Which days an audit has read, as far as it matters for what is missing."""

from collections.abc import Callable
from typing import NamedTuple

from shared.documents import Id


class Scope(NamedTuple):
    """Days are counted since 1970 (UTC)."""

    days: frozenset[int]
    """The days whose events were read."""
    kept_from: int
    """The first day that retention has not dropped; the events of earlier days are gone."""
    whole: bool
    """Whether every event that was ever stored has been read: no day was left out or dropped."""
    is_stored: Callable[[int, Id], bool]
    """Asks MongoDB whether a day that was not read holds the event with this `_id`."""
    since_ms: int | None = None
    """Offsets that Kafka recorded before this time (UTC milliseconds) are not judged; None: all are."""
