"""Every Kafka offset that is stored, as an event or as a dead letter, each once; gaps and `next_offset` follow from it.

Dead letters are read first, so that pages of offsets fill up as events come. A replayed dead letter has its event
under partition -1, and counts once for its source.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.offsets.seen import PAGE_BITS, Offsets, Seen
from shared.documents import HOUR_MS, REPLAYED_PARTITION, Document, LetterState, replayed_source

_MASK: Final = (1 << PAGE_BITS) - 1


class Place(NamedTuple):
    """A partition in one generation of the topic."""

    partition: int
    generation: int


class Range(NamedTuple):
    """Offsets that must all be stored: `[first, end)` of one place. `topic_id` is empty where it is not known."""

    place: Place
    first: int
    end: int
    read_to: int
    """Below it Kafka had nothing to give that is not stored."""
    current: bool
    topic_id: str


class Unexplained(NamedTuple):
    """A replayed event whose letter was not replayed when the letters were read; it may have been since."""

    place: Place
    offset: int
    product: int
    hour: int


class Ledger:
    """What has been met; filled by `letter` and then by `event`."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.places: dict[Place, Offsets] = defaultdict(Offsets)
        self.events = 0
        self.letters = 0
        self.unexplained: list[Unexplained] = []
        self._place: tuple[int, int] = (0, 0)
        self._number = -1
        self._page = bytearray()

    def letter(self, document: Document) -> None:
        """Note a dead letter."""
        identity = document["_id"]
        self.letters += 1
        kind = Seen.REPLAYED if document.get("state") == LetterState.REPLAYED else Seen.REJECTED
        self.places[Place(identity["k"], identity["g"])].see(identity["o"], kind)

    def event(self, partition: int, generation: int, offset: int) -> bool:
        """Note an event. False when something else stands for its offset already: then call `tell_again`."""
        if partition == REPLAYED_PARTITION:
            return self._replayed(generation, offset)
        number = offset >> PAGE_BITS
        if number != self._number or (partition, generation) != self._place:
            self._page = self.places[Place(partition, generation)].page(number)
            self._number, self._place = number, (partition, generation)
        self.events += 1
        at = offset & _MASK
        if self._page[at]:
            return False
        self._page[at] = 1
        return True

    def _replayed(self, generation: int, offset: int) -> bool:
        partition, source = replayed_source(offset)
        offsets = self.places[Place(partition, generation)]
        if offsets.get(source) != Seen.REPLAYED:
            return False
        offsets.change(source, Seen.REPLAYED_EVENT)
        self._number = -1
        return True

    def tell_again(self, product: int, time_ms: int, partition: int, generation: int, offset: int) -> None:
        """An event whose offset was taken, or that was replayed from no letter: what that means."""
        hour, replayed = time_ms // HOUR_MS, partition == REPLAYED_PARTITION
        source, at = replayed_source(offset) if replayed else (partition, offset)
        before = self.places[Place(source, generation)].get(at)
        where = f"product {product}, {iso_hour(hour)}, partition {source}, offset {at}, generation {generation}"
        if before == (Seen.REPLAYED_EVENT if replayed else Seen.EVENT):
            kind, text = Kind.DUPLICATE, f"an event is stored twice: {where}"
        elif replayed:
            self.unexplained.append(Unexplained(Place(source, generation), at, product, hour))
            return
        else:
            kind, text = Kind.RAW_AND_REJECTED, f"a message is stored as an event and as a dead letter: {where}"
        self._findings.add(kind, text, product=product, hour=hour, partition=source, generation=generation, offset=at)

    def compact(self) -> None:
        """Shrink what is not being filled."""
        for offsets in self.places.values():
            offsets.compact()
        self._number = -1

    def awaited_replays(self) -> Iterator[tuple[Place, int]]:
        """Replayed dead letters whose event was not met: place and offset."""
        for place, offsets in self.places.items():
            for offset in offsets.having(Seen.REPLAYED):
                yield place, offset

    def gaps(self, one: Range) -> Iterator[tuple[int, int]]:
        """Runs of offsets in a range that nothing stands for."""
        offsets = self.places.get(one.place)
        if offsets is None:
            if one.end > one.first:
                yield one.first, one.end
            return
        yield from offsets.missing(one.first, one.end)


def ranges_of(partition: Document) -> Iterator[Range]:
    """The ranges that a document of `partitions` promises: of earlier generations, as far as noted, and its own."""
    number = partition["_id"]["k"]
    for past in partition.get("past", ()):
        place = Place(number, past["generation"])
        yield Range(place, past["first_offset"], past["next_offset"], past["next_offset"], False, past["topic_id"])
    place = Place(number, partition["generation"])
    first, end = partition["first_offset"], partition["next_offset"]
    yield Range(place, first, end, max(end, partition.get("read_to", 0)), True, partition["topic_id"])
