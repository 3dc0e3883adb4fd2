"""What an audit found wrong, and what it could not judge. The lowest file of the audit: every package adds findings.

Counts are exact. Details are kept for the first `MOST_DETAILS` findings only, so a database in which everything is
wrong does not fill the memory.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.documents import event_collection

MOST_DETAILS = 1_000
"""How many findings keep their message and fields; `docs/operations/audit-and-repair.md` promises this number of the
JSON report.

A person looks at the first few of each kind and at the counts. With twice as many the report doubles in size; with half
as many a program that repairs by the report has to run more often.
"""


class Kind(StrEnum):
    """What is wrong. Programs read these codes, so they do not change."""

    LOST = "lost"
    """Kafka has, or had, a message below `next_offset` for which neither an event nor a dead letter is stored."""
    DUPLICATE = "duplicate"
    """Two events are stored for the same offset."""
    RAW_AND_REJECTED = "raw_and_rejected"
    """An event and a dead letter are stored for the same offset."""
    SUM_DIFFERS = "sum_differs"
    """A document of sums, of a sealed day or of `products` differs from what the raw events give."""
    WRONG_NEXT_OFFSET = "wrong_next_offset"
    """`next_offset` does not follow the last stored message, or lies beyond the end of Kafka's partition."""
    BEFORE_FIRST_OFFSET = "before_first_offset"
    """A message is stored for an offset before the one at which reading began."""
    UNKNOWN_PARTITION = "unknown_partition"
    """A document names a partition, or a generation of it, that `partitions` does not have."""
    OTHER_GROUP = "other_group"
    """A document belongs to another consumer group or another topic."""
    NOT_CLUSTERED = "not_clustered"
    """A day's collection of events is not clustered on `_id`."""
    WRONG_DAY = "wrong_day"
    """An event is stored in the collection of another day than its own."""
    MALFORMED_EVENT = "malformed_event"
    """A document in a day's collection is not an event."""
    DAY_MISSING = "day_missing"
    """There are sums of a day whose collection of events is gone, and retention did not drop that day."""
    MALFORMED_AGGREGATE = "malformed_aggregate"
    """A document of sums, of a sealed day or of `products` has an `_id` that no version of this program writes."""
    MALFORMED_LETTER = "malformed_letter"
    """A dead letter's `_id`, state or reason is not one that this program writes."""
    MALFORMED_PARTITION = "malformed_partition"
    """A document of `partitions` lacks a field, or a field has another type than this program writes."""
    REPLAY_WITHOUT_LETTER = "replay_without_letter"
    """A replayed event is stored, but its dead letter is missing or not in the state `replayed`."""
    LETTER_WITHOUT_REPLAY = "letter_without_replay"
    """A dead letter is in the state `replayed`, but its event is not stored."""
    EVENT_ID_MISSING = "event_id_missing"
    """An event with an id is stored, but its id is not recorded: if it is published again, it counts again."""
    COUNTED_TWICE = "counted_twice"
    """Two events of a product with the same id are stored, and the second came while the first was remembered."""
    EVENT_ID_WITHOUT_EVENT = "event_id_without_event"
    """An id is recorded, but the event that it names is not stored: a later one with this id is not counted."""
    FIRST_MISSING = "first_missing"
    """A dead letter was rejected for its id, but the event that it names as the first one is not stored."""
    MALFORMED_EVENT_ID = "malformed_event_id"
    """A document of `event_ids` lacks a field, or a field has another type than this program writes."""
    GROUPS_DIFFER = "groups_differ"
    """Two groups that read the same topic store different things for the same offset."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with as many of the fields as apply to it.

    `hour` is the hour of the event's time, counted since 1970. `expected` is what the raw events give, `found` is what
    the document holds, and `path` is the field inside the document.
    """

    kind: Kind
    message: str
    collection: str | None = None
    level: str | None = None
    """Which part of a document differs: `day`, `quarter`, `hour`, `block`, `minute`, `second`, `product` or
    `histogram`."""
    partition: int | None = None
    generation: int | None = None
    offset: int | None = None
    product: int | None = None
    hour: int | None = None
    day: int | None = None
    """The day of a sealed document, counted since 1970."""
    path: str | None = None
    expected: str | None = None
    found: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that apply, ready for JSON; `hour` and `day` as ISO 8601: `2026-06-01T13Z` and `2026-06-01`."""
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        if self.hour is not None:
            fields["hour"] = iso_hour(self.hour)
        if self.day is not None:
            fields["day"] = iso_day(self.day)
        return fields


class Findings:
    """Collects the findings of one audit: `counts` has all of them by kind, `details` the first `MOST_DETAILS`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.details: list[Finding] = []
        self.unverifiable: dict[str, int] = {}
        """What could not be judged, and how much of it. The texts are keys of the JSON report: they do not change."""

    def add(self, kind: Kind, message: str, **fields: Any) -> None:
        """Add a finding; `fields` are further fields of `Finding`."""
        self.counts[kind.value] += 1
        if len(self.details) < MOST_DETAILS:
            self.details.append(Finding(kind, message, **fields))

    def merge(self, others: "Findings") -> None:
        """Add all findings that were collected in `others`."""
        self.counts.update(others.counts)
        self.details += others.details[: MOST_DETAILS - len(self.details)]
        for what, count in others.unverifiable.items():
            self.cannot_judge(what, count)

    def cannot_judge(self, what: str, count: int = 1) -> None:
        """Add `count` things that the audit can call neither right nor wrong; `what` says what they are, and why."""
        if count:
            self.unverifiable[what] = self.unverifiable.get(what, 0) + count


def iso_hour(hour: int) -> str:
    """An hour since 1970 as text: 494,533 is `2026-06-01T13Z`. An hour beyond the calendar is `hour 4611686018`."""
    try:
        return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%HZ}"
    except (ValueError, OverflowError, OSError):
        return f"hour {hour}"


def iso_day(day: int) -> str:
    """A day since 1970 as text: 20605 is `2026-06-01`. A day beyond the calendar is `day 4611686018`."""
    try:
        return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return f"day {day}"


def day_collection(time_ms: int) -> str:
    """The collection that an event of this time belongs in, such as `events_20260601`.

    A damaged event can have a time beyond the calendar, for which no collection exists: the answer is then
    `time 4611686018427387904`.
    """
    try:
        return event_collection(time_ms)
    except (ValueError, OverflowError, OSError):
        return f"time {time_ms}"
