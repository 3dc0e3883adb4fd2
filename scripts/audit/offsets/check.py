"""Whether something is stored for every offset that `partitions` says is stored, and nothing beyond.

What MongoDB lacks is looked up in Kafka: only a record there makes it a loss.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.offsets.kafka import Gap, KafkaTopic
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.offsets.ranges import KafkaPartition, OffsetRange
from scripts.audit.offsets.scope import Scope
from scripts.audit.offsets.seen import SeenOffsets
from shared.documents import DAY_MS, HOUR_MS, event_id

_ANY_TIME: Final = TimeLimits(-(2**62), 2**62)
"""Limits that no time is beyond, so that a message is never judged too old or from the future: the consumer judged that
at the time at which it read the message."""


class OffsetCheck:
    """Checks ranges of offsets against the ledger. `kafka` is None when Kafka is not to be asked. `malformed` are the
    partitions of which `partitions` does not say how far they are stored."""

    def __init__(
        self, ledger: Ledger, kafka: KafkaTopic | None, scope: Scope, malformed: frozenset[int], findings: Findings
    ) -> None:
        self._ledger = ledger
        self._kafka = kafka
        self._scope = scope
        self._malformed = malformed
        self._findings = findings

    def run(self, ranges: Iterable[OffsetRange], next_offsets: dict[KafkaPartition, int]) -> None:
        """Check every partition that has a range or for which something is stored.

        `ranges` are those of the audit's first moment: what they promise had been stored by then, and stays. Consumers
        ran on, so the audit has also met later offsets: `next_offsets` are those of its last moment, and nothing may be
        stored beyond them. Raises SourceUnavailable when Kafka does not answer.
        """
        known: dict[KafkaPartition, OffsetRange] = {}
        for offset_range in ranges:
            known[offset_range.partition] = offset_range
            self._check_range(offset_range)
        for partition, offsets in list(self._ledger.partitions.items()):
            last = offsets.last
            if last is None:
                continue
            if partition in known:
                self._check_outside(known[partition], offsets, last, next_offsets.get(partition, known[partition].end))
            else:
                self._check_unknown(partition, known)

    def _check_range(self, offset_range: OffsetRange) -> None:
        partition, first, end = offset_range.partition, offset_range.first, offset_range.end
        if self._scope.whole and end > first and not self._ledger.partitions[partition].get(end - 1):
            last = self._ledger.partitions[partition].last
            should = first if last is None else last + 1
            self._add(
                Kind.WRONG_NEXT_OFFSET, partition, end,
                f"next_offset is {end}, but the last message that is stored gives {should}",
            )  # fmt: skip
        if self._kafka is None:
            missing = sum(stop - start for start, stop in self._ledger.gaps(offset_range))
            self._findings.cannot_judge("missing offsets, Kafka was not asked", missing)
            return
        state = self._kafka.state(partition.number)
        if state.topic_id and offset_range.topic_id and state.topic_id != offset_range.topic_id:
            missing = sum(stop - start for start, stop in self._ledger.gaps(offset_range))
            self._findings.cannot_judge("missing offsets of a topic that was deleted", missing)
            return
        self._check_ends(offset_range, state.low, state.high)
        self._check_gaps(self._since(offset_range), state.low, state.high)

    def _since(self, offset_range: OffsetRange) -> OffsetRange:
        """The range without the offsets that Kafka recorded before the first day that was read."""
        if self._scope.since_ms is None or self._kafka is None:
            return offset_range
        offset = self._kafka.offset_at(offset_range.partition.number, self._scope.since_ms)
        first = offset_range.end if offset is None else min(max(offset_range.first, offset), offset_range.end)
        self._findings.cannot_judge("offsets before the first day that was read", first - offset_range.first)
        return offset_range._replace(first=first)

    def _check_ends(self, offset_range: OffsetRange, low: int, high: int) -> None:
        """Check that the range ends inside what Kafka holds, `low` up to `high`."""
        if not offset_range.current:
            return
        partition, end, read_to = offset_range.partition, offset_range.end, offset_range.read_to
        if end > high:
            self._add(Kind.WRONG_NEXT_OFFSET, partition, end, f"next_offset is {end}, but Kafka ends at {high}")
        if read_to < low:
            self._add(
                Kind.LOST, partition, read_to,
                f"Kafka no longer holds the offsets {read_to} to {low - 1}, and no consumer has read them",
            )  # fmt: skip

    def _check_gaps(self, offset_range: OffsetRange, low: int, high: int) -> None:
        """Look the gaps up in Kafka. Those below `low` cannot be: they are counted up to the first gap that can."""
        gaps = iter(self._ledger.gaps(offset_range))
        readable: list[Gap] = []
        for first, end in gaps:
            self._findings.cannot_judge("missing offsets that Kafka no longer holds", max(0, min(end, low) - first))
            if min(end, high) > max(first, low):
                readable.append((max(first, low), min(end, high)))
                break
        if self._kafka is not None:
            for message in self._kafka.records_in(offset_range.partition.number, chain(readable, gaps)):
                self._check_record(offset_range.partition, message)

    def _check_record(self, partition: KafkaPartition, message: Message) -> None:
        """Judge a record for whose offset nothing in the days that were read is stored."""
        offset = message.offset() or 0
        kind, milliseconds = message.timestamp()
        recorded_ms = -1 if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds
        event = decode(message.value(), recorded_ms, _ANY_TIME)
        if isinstance(event, Rejection):
            self._add(
                Kind.LOST, partition, offset,
                f"Kafka holds a message here, but neither an event nor a dead letter is stored ({event.reason.value})",
            )  # fmt: skip
            return
        day = event.time_ms // DAY_MS
        if day < self._scope.kept_from:
            self._findings.cannot_judge("messages of days that retention dropped")
            return
        identity = event_id(event.product, event.time_ms, partition.number, offset, partition.generation)
        if day in self._scope.days or not self._scope.is_stored(day, identity):
            hour = event.time_ms // HOUR_MS
            self._add(
                Kind.LOST, partition, offset,
                f"Kafka holds an event of product {event.product}, {iso_hour(hour)}, but it is not stored",
                product=event.product, hour=hour,
            )  # fmt: skip

    def _check_outside(self, offset_range: OffsetRange, offsets: SeenOffsets, last: int, next_offset: int) -> None:
        """Check that nothing is stored before the range or at and after `next_offset`."""
        first = offsets.first
        if last >= next_offset:
            self._add(
                Kind.WRONG_NEXT_OFFSET, offset_range.partition, last,
                f"next_offset is {next_offset}, but a message at this offset is stored",
            )  # fmt: skip
        if first is not None and first < offset_range.first:
            self._add(
                Kind.BEFORE_FIRST_OFFSET, offset_range.partition, first,
                f"a message is stored, but the first consumer began to read at {offset_range.first}",
            )  # fmt: skip

    def _check_unknown(self, partition: KafkaPartition, known: dict[KafkaPartition, OffsetRange]) -> None:
        """Judge messages that are stored for a partition and generation of which there is no range."""
        if partition.number in self._malformed:
            self._findings.cannot_judge("partitions whose document is malformed")
            return
        generations = [other.generation for other in known if other.number == partition.number]
        if generations and partition.generation < max(generations):
            self._findings.cannot_judge("ends of generations that are past")
            return
        self._add(
            Kind.UNKNOWN_PARTITION, partition, self._ledger.partitions[partition].first,
            "a message is stored, but `partitions` has no such partition and generation",
        )  # fmt: skip

    def _add(
        self,
        kind: Kind,
        partition: KafkaPartition,
        offset: int | None,
        text: str,
        product: int | None = None,
        hour: int | None = None,
    ) -> None:
        self._findings.add(
            kind,
            f"partition {partition.number}, generation {partition.generation}, offset {offset}: {text}",
            partition=partition.number,
            generation=partition.generation,
            offset=offset,
            product=product,
            hour=hour,
        )
