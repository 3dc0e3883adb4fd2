"""What became of the records of one run: counts, the places of traced ones, failures, and whether Kafka is silent."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from scripts.common.fates.places import Place

SILENCE_SECONDS = 1.5
"""A broker that has not answered for so long is reported at once, long before the records' time is over. It usually
answers within milliseconds. At twice this, a person wonders for three seconds; at half, a broker that changes its
leader is reported although nothing is wrong."""
KEPT_FAILURES = 20
"""So many failures are kept with the origin of their record, such as its line. Twice as many push the counts off a
small terminal; with half as many, a person has to run the publisher again sooner."""


class Acknowledged(NamedTuple):
    """Where Kafka holds a record, and the time that Kafka has of it, in UTC milliseconds."""

    place: Place
    time_ms: int


class Failure(NamedTuple):
    """A traced record that is not in Kafka; `partition` is None if none was chosen yet."""

    origin: str
    reason: str
    partition: int | None


@dataclass(slots=True)
class Delivery:
    """Counts of one run. Each record that was sent ends as delivered, failed or unknown."""

    sent: int = 0
    """Records handed to Kafka's client."""
    delivered: int = 0
    """Records that Kafka acknowledged."""
    failed: Counter[str] = field(default_factory=Counter)
    """How many records failed, by the reason that Kafka's client gives."""
    failures: list[Failure] = field(default_factory=list)
    """The first `KEPT_FAILURES` failures of traced records."""
    ranges: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The first and the last offset of the traced records in each partition."""
    last: Acknowledged | None = None
    """The traced record that Kafka acknowledged last."""
    last_origin: str = ""
    """Where the traced record came from that was handed to Kafka's client last; empty: none was."""
    unanswered: dict[str, None] = field(default_factory=dict)
    """Where the traced records came from for which Kafka has not answered yet, in the order of sending."""
    interrupted: bool = False
    """Whether the run was ended before its last record."""
    stopped: str = ""
    """The failure that ended the run because every later record would meet it; empty: none."""
    connection_error: str = ""
    """Why a broker refused the connection itself; empty: none did."""
    trouble: str = ""
    """What Kafka's client said last of a connection; empty: nothing."""
    seconds: float = 0.0

    @property
    def unknown(self) -> int:
        """Records that Kafka neither acknowledged nor refused so far; at the end, they may be in Kafka or not."""
        return self.sent - self.delivered - self.failed.total()

    @property
    def complete(self) -> bool:
        """Whether Kafka acknowledged every record, and no failure ended the run."""
        return not self.stopped and self.delivered == self.sent


class Silence:
    """Notices that Kafka answers nothing although records wait, and calls `report` once until it answers again."""

    def __init__(self, report: Callable[[Delivery], None]) -> None:
        self._report = report
        self._answered = 0
        self._since = time.monotonic()
        self._reported = False

    def watch(self, delivery: Delivery) -> None:
        """Look at the counts; the sender does so at least every `POLL_SECONDS` while it waits."""
        answered = delivery.sent - delivery.unknown
        if answered != self._answered or not delivery.unknown:
            self._answered, self._since, self._reported = answered, time.monotonic(), False
        elif not self._reported and time.monotonic() - self._since >= SILENCE_SECONDS:
            self._reported = True
            self._report(delivery)
