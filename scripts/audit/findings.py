"""What an audit found wrong, and what it could not judge. Counts are exact; details are kept up to a bound."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.documents import event_collection

MOST_DETAILS = 1_000


class Kind(StrEnum):
    """What is wrong. The codes are stable."""

    LOST = "lost"
    DUPLICATE = "duplicate"
    RAW_AND_REJECTED = "raw_and_rejected"
    SUM_DIFFERS = "sum_differs"
    WRONG_NEXT_OFFSET = "wrong_next_offset"
    BEFORE_FIRST_OFFSET = "before_first_offset"
    UNKNOWN_PARTITION = "unknown_partition"
    OTHER_GROUP = "other_group"
    NOT_CLUSTERED = "not_clustered"
    WRONG_DAY = "wrong_day"
    MALFORMED_EVENT = "malformed_event"
    DAY_MISSING = "day_missing"
    MALFORMED_AGGREGATE = "malformed_aggregate"
    MALFORMED_LETTER = "malformed_letter"
    MALFORMED_PARTITION = "malformed_partition"
    REPLAY_WITHOUT_LETTER = "replay_without_letter"
    LETTER_WITHOUT_REPLAY = "letter_without_replay"
    GROUPS_DIFFER = "groups_differ"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `hour` is the event time's, since 1970; `expected` is what the raw events say."""

    kind: Kind
    message: str
    collection: str | None = None
    level: str | None = None
    """Of a sum: `hour`, `block`, `minute`, `second`, `product` or `histogram`."""
    partition: int | None = None
    generation: int | None = None
    offset: int | None = None
    product: int | None = None
    hour: int | None = None
    path: str | None = None
    expected: str | None = None
    found: str | None = None

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, what does not apply left out; `hour` as ISO 8601."""
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        if self.hour is not None:
            fields["hour"] = iso_hour(self.hour)
        return fields


class Findings:
    """Collects findings of one audit; `details` holds the first of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.details: list[Finding] = []
        self.unverifiable: dict[str, int] = {}
        """What could not be judged, and why -> how many."""

    def add(self, kind: Kind, message: str, **where: Any) -> None:
        """Note one finding; `where` are fields of `Finding`."""
        self.counts[kind.value] += 1
        if len(self.details) < MOST_DETAILS:
            self.details.append(Finding(kind, message, **where))

    def take(self, others: "Findings") -> None:
        """Note all that was found elsewhere."""
        self.counts.update(others.counts)
        self.details += others.details[: MOST_DETAILS - len(self.details)]
        for what, count in others.unverifiable.items():
            self.cannot_judge(what, count)

    def cannot_judge(self, what: str, count: int = 1) -> None:
        """Note something that is neither right nor wrong as far as can be known."""
        if count:
            self.unverifiable[what] = self.unverifiable.get(what, 0) + count


def iso_hour(hour: int) -> str:
    """An hour since 1970 as `2026-06-01T13Z`; its number where no calendar has it."""
    try:
        return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%HZ}"
    except (ValueError, OverflowError, OSError):
        return f"hour {hour}"


def day_of(time_ms: int) -> str:
    """The collection that an event of this time belongs into; the time where no calendar has it."""
    try:
        return event_collection(time_ms)
    except (ValueError, OverflowError, OSError):
        return f"time {time_ms}"
