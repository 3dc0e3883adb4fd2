"""Which Kafka offsets of a partition an audit has met, and what is stored for each, in bounded memory. Pure.

Offsets lie in pages of 65,536, one byte an offset, which holds a `Seen`:

    offset 131,072 = page 2, byte 0      131,079 = page 2, byte 7

    page 2   byte   0   1   2   3   4   5   6   7        65,535
                  ┌───┬───┬───┬───┬───┬───┬───┬───┬─ ─┬───┐
                  │ 1 │ 1 │ 2 │ 1 │ 0 │ 0 │ 4 │ 1 │...│ 1 │
                  └───┴───┴───┴───┴───┴───┴───┴───┴─ ─┴───┘
                    1 an event      2 a dead letter      4 a replayed dead letter and its event
                    0 nothing: bytes 4 and 5 are the gap [131,076, 131,078)

A page is open, a `bytearray`, while offsets are noted in it. `compact` compresses the open pages: one that is full of
events shrinks from 65,536 bytes to about 300, because all its bytes are equal. An audit compacts after each day, and a
day's events lie close together in Kafka, so about one day's offsets are open at a time.
"""

import re
import zlib
from collections.abc import Iterator
from enum import IntEnum

PAGE_BITS = 16
"""A page has 2^16 offsets. Pages of twice the size keep more memory open for a few scattered offsets; pages of half the
size are twice as many to find and to compress."""
PAGE = 1 << PAGE_BITS
_MASK = PAGE - 1
_ZEROS = re.compile(rb"\0+")


class Seen(IntEnum):
    """What is stored for an offset."""

    NOTHING = 0
    EVENT = 1
    REJECTED = 2
    """A dead letter that was not replayed."""
    REPLAYED = 3
    """A dead letter that was replayed; the audit has not met its event yet."""
    REPLAYED_EVENT = 4
    """A dead letter that was replayed, and its event."""


class SeenOffsets:
    """The offsets of one partition in one generation."""

    def __init__(self) -> None:
        self._open: dict[int, bytearray] = {}
        self._packed: dict[int, bytes] = {}

    def page(self, number: int) -> bytearray:
        """The page of the offsets from `number * PAGE` on, one `Seen` a byte. The caller may read and write it
        until `compact`, `missing` or `having` compresses it."""
        page = self._open.get(number)
        if page is None:
            packed = self._packed.pop(number, None)
            page = bytearray(PAGE) if packed is None else bytearray(zlib.decompress(packed))
            self._open[number] = page
        return page

    def note(self, offset: int, new: Seen) -> Seen:
        """Note `new` for an offset for which nothing is noted yet. Returns what was noted before; that stays."""
        page = self.page(offset >> PAGE_BITS)
        old = page[offset & _MASK]
        if old == Seen.NOTHING:
            page[offset & _MASK] = new
        return Seen(old)

    def replace(self, offset: int, new: Seen) -> None:
        """Note `new` for an offset, whatever was noted before."""
        self.page(offset >> PAGE_BITS)[offset & _MASK] = new

    def get(self, offset: int) -> Seen:
        """What is noted for an offset."""
        number = offset >> PAGE_BITS
        if number not in self._open and number not in self._packed:
            return Seen.NOTHING
        return Seen(self.page(number)[offset & _MASK])

    def compact(self) -> None:
        """Compress the open pages; a page is opened again when it is needed."""
        for number, page in self._open.items():
            self._packed[number] = zlib.compress(page, 1)
        self._open.clear()

    @property
    def last(self) -> int | None:
        """The largest offset for which something is noted; None when there is none."""
        numbers = self._open.keys() | self._packed.keys()
        for number in sorted(numbers, reverse=True):
            used = self.page(number).rstrip(b"\0")
            if used:
                return (number << PAGE_BITS) + len(used) - 1
        return None

    @property
    def first(self) -> int | None:
        """The smallest offset for which something is noted; None when there is none."""
        for number in sorted(self._open.keys() | self._packed.keys()):
            page = self.page(number)
            rest = page.lstrip(b"\0")
            if rest:
                return (number << PAGE_BITS) + len(page) - len(rest)
        return None

    def missing(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The gaps in `[first, end)`, in order: runs `[start, stop)` of offsets for which nothing is noted."""
        start = stop = first
        for page_start, page_stop in self._missing_by_page(first, end):
            if page_start != stop:
                if stop > start:
                    yield start, stop
                start = page_start
            stop = page_stop
        if stop > start:
            yield start, stop

    def _missing_by_page(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The same gaps, but a gap that crosses the end of a page comes as two."""
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
                self._compress(number)
            at = stop

    def having(self, what: Seen) -> Iterator[int]:
        """Every offset for which `what` is noted, in order."""
        for number in sorted(self._open.keys() | self._packed.keys()):
            page = self.page(number)
            at = page.find(what)
            while at >= 0:
                yield (number << PAGE_BITS) + at
                at = page.find(what, at + 1)
            self._compress(number)

    def _compress(self, number: int) -> None:
        self._packed[number] = zlib.compress(self._open.pop(number), 1)
