"""All Kafka offsets for which MongoDB stores an event or a dead letter. From them follow gaps and `next_offset`.

The audit notes the dead letters first and the events afterwards, day by day. A replayed dead letter has its event under
partition -1; the event is noted for the offset of its letter, and the two together count as one message.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.offsets.ranges import KafkaPartition, OffsetRange
from scripts.audit.offsets.seen import PAGE_BITS, Seen, SeenOffsets
from shared.documents import HOUR_MS, REPLAYED_PARTITION, Document, LetterState, replayed_source

_MASK: Final = (1 << PAGE_BITS) - 1


class UnmatchedReplay(NamedTuple):
    """A replayed event whose dead letter was not in the state `replayed` when the audit read the letters.

    That is no finding yet: a replay may have changed the letter since. `partition` and `offset` are the letter's.
    """

    partition: KafkaPartition
    offset: int
    product: int
    hour: int


class Ledger:
    """Notes dead letters (`letter`), then events (`event`).

    `events` and `letters` count them; a replayed event is counted as a letter only.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.partitions: dict[KafkaPartition, SeenOffsets] = defaultdict(SeenOffsets)
        self.events = 0
        self.letters = 0
        self.unmatched: list[UnmatchedReplay] = []
        # The page of the last event: the next event is usually in it, too.
        self._page = bytearray()
        self._page_number = -1
        self._page_partition: tuple[int, int] = (0, 0)

    def letter(self, document: Document) -> None:
        """Note a dead letter."""
        identity = document["_id"]
        self.letters += 1
        kind = Seen.REPLAYED if document.get("state") == LetterState.REPLAYED else Seen.REJECTED
        self.partitions[KafkaPartition(identity["k"], identity["g"])].note(identity["o"], kind)

    def event(self, partition: int, generation: int, offset: int) -> bool:
        """Note an event.

        Returns False where the event does not fit: its offset is taken, or it was replayed from no replayed letter. The
        caller then calls `report_misfit`. The two are apart because this one runs for every event.
        """
        if partition == REPLAYED_PARTITION:
            return self._replayed(generation, offset)
        number = offset >> PAGE_BITS
        if number != self._page_number or (partition, generation) != self._page_partition:
            self._page = self.partitions[KafkaPartition(partition, generation)].page(number)
            self._page_number, self._page_partition = number, (partition, generation)
        self.events += 1
        at = offset & _MASK
        if self._page[at]:
            return False
        self._page[at] = 1
        return True

    def _replayed(self, generation: int, offset: int) -> bool:
        """Note a replayed event for the offset of its dead letter."""
        partition, source = replayed_source(offset)
        offsets = self.partitions[KafkaPartition(partition, generation)]
        if offsets.get(source) != Seen.REPLAYED:
            return False
        offsets.replace(source, Seen.REPLAYED_EVENT)
        self._page_number = -1
        return True

    def report_misfit(self, product: int, time_ms: int, partition: int, generation: int, offset: int) -> None:
        """Say what is wrong with an event for which `event` returned False: a finding, or an entry in `unmatched`."""
        hour, replayed = time_ms // HOUR_MS, partition == REPLAYED_PARTITION
        source, at = replayed_source(offset) if replayed else (partition, offset)
        before = self.partitions[KafkaPartition(source, generation)].get(at)
        where = f"product {product}, {iso_hour(hour)}, partition {source}, offset {at}, generation {generation}"
        if before == (Seen.REPLAYED_EVENT if replayed else Seen.EVENT):
            kind, text = Kind.DUPLICATE, f"an event is stored twice: {where}"
        elif replayed:
            self.unmatched.append(UnmatchedReplay(KafkaPartition(source, generation), at, product, hour))
            return
        else:
            kind, text = Kind.RAW_AND_REJECTED, f"a message is stored as an event and as a dead letter: {where}"
        self._findings.add(kind, text, product=product, hour=hour, partition=source, generation=generation, offset=at)

    def compact(self) -> None:
        """Compress all pages, after a day's events or all dead letters were noted."""
        for offsets in self.partitions.values():
            offsets.compact()
        self._page_number = -1

    def letters_without_event(self) -> Iterator[tuple[KafkaPartition, int]]:
        """Partition and offset of each replayed dead letter whose event was not noted."""
        for partition, offsets in self.partitions.items():
            for offset in offsets.having(Seen.REPLAYED):
                yield partition, offset

    def gaps(self, offset_range: OffsetRange) -> Iterator[tuple[int, int]]:
        """The runs `[start, stop)` of offsets in a range for which nothing is noted, in order."""
        offsets = self.partitions.get(offset_range.partition)
        if offsets is None:
            if offset_range.end > offset_range.first:
                yield offset_range.first, offset_range.end
            return
        yield from offsets.missing(offset_range.first, offset_range.end)
