"""Which Kafka offsets an audit has met, and as what, in bounded memory. Pure.

One byte an offset while a page of 65,536 of them fills; a page that is full of plain events, or of nothing new since
`compact`, shrinks to almost nothing. Events of a day lie close together, so about one day's offsets are ever open.
"""

import re
import zlib
from collections.abc import Iterator
from enum import IntEnum

PAGE_BITS = 16
PAGE = 1 << PAGE_BITS
_MASK = PAGE - 1
_ZEROS = re.compile(rb"\0+")


class Seen(IntEnum):
    """What stands for an offset."""

    NOTHING = 0
    EVENT = 1
    REJECTED = 2
    REPLAYED = 3
    """A dead letter that was replayed; its event has not been met yet."""
    REPLAYED_EVENT = 4
    """A dead letter that was replayed, and its event."""


class Offsets:
    """The offsets of one partition in one generation of the topic."""

    def __init__(self) -> None:
        self._open: dict[int, bytearray] = {}
        self._packed: dict[int, bytes] = {}

    def page(self, number: int) -> bytearray:
        """The page of offsets `number * PAGE` and on, one `Seen` each, to be read and written."""
        page = self._open.get(number)
        if page is None:
            packed = self._packed.pop(number, None)
            page = bytearray(PAGE) if packed is None else bytearray(zlib.decompress(packed))
            self._open[number] = page
        return page

    def see(self, offset: int, new: Seen) -> Seen:
        """Note an offset unless it was noted before; what stood there until now."""
        page = self.page(offset >> PAGE_BITS)
        old = page[offset & _MASK]
        if old == Seen.NOTHING:
            page[offset & _MASK] = new
        return Seen(old)

    def change(self, offset: int, new: Seen) -> None:
        """Put `new` for an offset."""
        self.page(offset >> PAGE_BITS)[offset & _MASK] = new

    def get(self, offset: int) -> Seen:
        """What stands for an offset."""
        number = offset >> PAGE_BITS
        if number not in self._open and number not in self._packed:
            return Seen.NOTHING
        return Seen(self.page(number)[offset & _MASK])

    def compact(self) -> None:
        """Shrink the open pages; each grows again when it is needed."""
        for number, page in self._open.items():
            self._packed[number] = zlib.compress(page, 1)
        self._open.clear()

    @property
    def last(self) -> int | None:
        """The largest offset met."""
        numbers = self._open.keys() | self._packed.keys()
        for number in sorted(numbers, reverse=True):
            used = self.page(number).rstrip(b"\0")
            if used:
                return (number << PAGE_BITS) + len(used) - 1
        return None

    @property
    def first(self) -> int | None:
        """The smallest offset met."""
        for number in sorted(self._open.keys() | self._packed.keys()):
            page = self.page(number)
            rest = page.lstrip(b"\0")
            if rest:
                return (number << PAGE_BITS) + len(page) - len(rest)
        return None

    def missing(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Runs `[start, stop)` of offsets in `[first, end)` that were not met, in order."""
        start = stop = first
        for begin, finish in self._missing_by_page(first, end):
            if begin != stop:
                if stop > start:
                    yield start, stop
                start = begin
            stop = finish
        if stop > start:
            yield start, stop

    def _missing_by_page(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The same, but a run ends with its page."""
        at = first
        while at < end:
            number = at >> PAGE_BITS
            stop = min(end, (number + 1) << PAGE_BITS)
            if number not in self._open and number not in self._packed:
                yield at, stop
            else:
                part = self.page(number)[at & _MASK : (at & _MASK) + stop - at]
                for run in _ZEROS.finditer(part):
                    yield at + run.start(), at + run.end()
                self._shrink(number)
            at = stop

    def having(self, what: Seen) -> Iterator[int]:
        """Every offset for which `what` stands."""
        for number in sorted(self._open.keys() | self._packed.keys()):
            page = self.page(number)
            at = page.find(what)
            while at >= 0:
                yield (number << PAGE_BITS) + at
                at = page.find(what, at + 1)
            self._shrink(number)

    def _shrink(self, number: int) -> None:
        self._packed[number] = zlib.compress(self._open.pop(number), 1)
