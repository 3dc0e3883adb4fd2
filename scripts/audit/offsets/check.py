"""Whether every offset that `partitions` promises is stored, and nothing beyond; what is missing is asked of Kafka."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, NamedTuple

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.offsets.kafka import Gap, Log
from scripts.audit.offsets.ledger import Ledger, Place, Range
from scripts.audit.offsets.seen import Offsets
from shared.documents import DAY_MS, HOUR_MS, Id, event_id

_ANY_TIME: Final = TimeLimits(-(2**62), 2**62)


class Scope(NamedTuple):
    """Which days were read. `stored` tells of an event in another day, by its `_id`; days before `kept_from` are
    gone by retention."""

    days: frozenset[int]
    kept_from: int
    whole: bool
    """Every event that was ever stored has been read."""
    stored: Callable[[int, Id], bool]
    since_ms: int | None = None
    """Offsets that Kafka recorded before are not judged; None: all are."""


class Promises:
    """Judges ranges of offsets. `log` is None when Kafka is not to be asked."""

    def __init__(self, ledger: Ledger, log: Log | None, scope: Scope, findings: Findings) -> None:
        self._ledger = ledger
        self._log = log
        self._scope = scope
        self._findings = findings

    def judge(self, ranges: Iterable[Range], next_offsets: dict[Place, int]) -> None:
        """Judge every place. `ranges` are of the audit's first moment, `next_offsets` of its last."""
        known: dict[Place, Range] = {}
        for one in ranges:
            known[one.place] = one
            self._judge_range(one)
        for place, offsets in list(self._ledger.places.items()):
            last = offsets.last
            if last is None:
                continue
            if place in known:
                self._judge_outside(known[place], offsets, last, next_offsets.get(place, known[place].end))
            else:
                self._judge_unknown(place, known)

    def _judge_range(self, one: Range) -> None:
        if self._scope.whole and one.end > one.first and not self._ledger.places[one.place].get(one.end - 1):
            last = self._ledger.places[one.place].last
            should = one.first if last is None else last + 1
            self._offset_finding(
                Kind.WRONG_NEXT_OFFSET, one.place, one.end,
                f"next_offset is {one.end}, but the last message that is stored gives {should}",
            )  # fmt: skip
        if self._log is None:
            missing = sum(end - first for first, end in self._ledger.gaps(one))
            self._findings.cannot_judge("missing offsets, Kafka was not asked", missing)
            return
        state = self._log.state(one.place.partition)
        if state.topic_id and one.topic_id and state.topic_id != one.topic_id:
            missing = sum(end - first for first, end in self._ledger.gaps(one))
            self._findings.cannot_judge("missing offsets of a topic that was deleted", missing)
            return
        self._judge_ends(one, state.low, state.high)
        self._judge_gaps(self._since(one), state.low, state.high)

    def _since(self, one: Range) -> Range:
        """Without what Kafka recorded before the first day that was read."""
        if self._scope.since_ms is None or self._log is None:
            return one
        offset = self._log.offset_at(one.place.partition, self._scope.since_ms)
        first = one.end if offset is None else min(max(one.first, offset), one.end)
        self._findings.cannot_judge("offsets before the first day that was read", first - one.first)
        return one._replace(first=first)

    def _judge_ends(self, one: Range, low: int, high: int) -> None:
        if not one.current:
            return
        if one.end > high:
            self._offset_finding(
                Kind.WRONG_NEXT_OFFSET, one.place, one.end, f"next_offset is {one.end}, but Kafka ends at {high}"
            )
        if one.read_to < low:
            self._offset_finding(
                Kind.LOST, one.place, one.read_to,
                f"offsets {one.read_to} to {low - 1} are no longer in Kafka and were never read",
            )  # fmt: skip

    def _judge_gaps(self, one: Range, low: int, high: int) -> None:
        gaps = iter(self._ledger.gaps(one))
        readable: list[Gap] = []
        for first, end in gaps:
            self._findings.cannot_judge("missing offsets that Kafka no longer holds", max(0, min(end, low) - first))
            if min(end, high) > max(first, low):
                readable.append((max(first, low), min(end, high)))
                break
        for message in self._log.records_in(one.place.partition, chain(readable, gaps)) if self._log else ():
            self._judge_record(one.place, message)

    def _judge_record(self, place: Place, message: Message) -> None:
        """A record that nothing in the days that were read stands for."""
        offset = message.offset() or 0
        kind, milliseconds = message.timestamp()
        recorded_ms = -1 if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds
        event = decode(message.value(), recorded_ms, _ANY_TIME)
        if isinstance(event, Rejection):
            self._offset_finding(
                Kind.LOST, place, offset, f"neither event nor dead letter stands for it ({event.reason.value})"
            )
            return
        day = event.time_ms // DAY_MS
        if day < self._scope.kept_from:
            self._findings.cannot_judge("messages of days that retention dropped")
            return
        identity = event_id(event.product, event.time_ms, place.partition, offset, place.generation)
        if day in self._scope.days or not self._scope.stored(day, identity):
            hour = event.time_ms // HOUR_MS
            self._offset_finding(
                Kind.LOST, place, offset, f"the event of product {event.product}, {iso_hour(hour)} is not stored",
                product=event.product, hour=hour,
            )  # fmt: skip

    def _judge_outside(self, one: Range, offsets: Offsets, last: int, next_offset: int) -> None:
        first = offsets.first
        if last >= next_offset:
            self._offset_finding(
                Kind.WRONG_NEXT_OFFSET, one.place, last,
                f"next_offset is {next_offset}, but a message that stands at or behind it is stored",
            )  # fmt: skip
        if first is not None and first < one.first:
            self._offset_finding(
                Kind.BEFORE_FIRST_OFFSET, one.place, first, f"stored, but reading began at {one.first}"
            )

    def _judge_unknown(self, place: Place, known: dict[Place, Range]) -> None:
        generations = [other.generation for other in known if other.partition == place.partition]
        if generations and place.generation < max(generations):
            self._findings.cannot_judge("ends of generations that are past")
            return
        first = self._ledger.places[place].first
        self._offset_finding(
            Kind.UNKNOWN_PARTITION, place, first, "stored, but `partitions` has no such partition and generation"
        )

    def _offset_finding(
        self,
        kind: Kind,
        place: Place,
        offset: int | None,
        text: str,
        product: int | None = None,
        hour: int | None = None,
    ) -> None:
        self._findings.add(
            kind,
            f"partition {place.partition}, generation {place.generation}, offset {offset}: {text}",
            partition=place.partition,
            generation=place.generation,
            offset=offset,
            product=product,
            hour=hour,
        )
