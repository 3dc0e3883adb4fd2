"""One minute's sums of many products, in little memory.

A minute to which events are still added is a dict. Once it is quiet it is packed, in order of the products' numbers, of
which only the steps are kept: 100,000 products take 10 MB as a dict, and 0.3 to 0.5 MB packed, of which an hour has
sixty.
"""

import asyncio
import math
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from shared.columns import packed, unpacked

ROWS_AT_ONCE: Final = 200
"""Rows that are handled before the event loop may serve requests. They take 0.2 to 2 ms, and no slice may take 5 ms.
Twice as many leave no room for a slower machine; half as many go through the event loop twice as often."""

_WORTH_PACKING: Final = 64
"""Entries that are packed together at the least. A few late events stay in the dict, 100 bytes each; packed alone they
would take more. At twice of it an hour of a few products takes 0.4 MB more, at half a pack may save nothing."""
_PACKED_AT_ONCE: Final = 1_000
"""Entries of one pack, which takes 1 ms. Twice as many leave no room for a slower machine; with half as many, those of
a minute in which products sold in no order are further apart, and steps of more than 255 take two bytes."""


class _Packed(NamedTuple):
    """Some products of a minute."""

    rows: int
    first: int
    """The lowest number."""
    steps: bytes
    """From each number to the next one."""
    sums: bytes
    unit: int
    """What the packed sums are multiples of: prices in whole cents take less room than in millionths."""


class MinuteSums:
    """Sums by the product's number. A product may have several entries: all of them count."""

    __slots__ = ("_open", "_packed")

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        self._packed: list[_Packed] = []

    def __len__(self) -> int:
        """How many entries it has."""
        return len(self._open) + sum(part.rows for part in self._packed)

    def add(self, number: int, added: int) -> None:
        """Add to a product's sum."""
        self._open[number] = self._open.get(number, 0) + added

    async def pack(self) -> None:
        """Pack what was added so far, unless it is little. Lets the event loop serve requests in between."""
        while len(self._open) >= _WORTH_PACKING:
            self._packed.append(
                _pack(sorted(self._open.popitem() for _ in range(min(_PACKED_AT_ONCE, len(self._open)))))
            )
            if not self._open:
                self._open = {}  # a dict from which all was taken keeps its room
            await asyncio.sleep(0)

    async def added_up(self) -> dict[int, int]:
        """Take out the sums of all products of the minute. Lets the event loop serve requests in between."""
        sums = self._open
        for part in self._packed:
            numbers = accumulate(unpacked(part.steps, part.rows - 1), initial=part.first)
            for number, each in zip(numbers, unpacked(part.sums, part.rows), strict=True):
                sums[number] = sums.get(number, 0) + each * part.unit
            await asyncio.sleep(0)
        self._open, self._packed = {}, []
        return sums


def _pack(rows: list[tuple[int, int]]) -> _Packed:
    """Pack products' numbers and sums, in the order of the numbers."""
    steps = [after - before for (before, _), (after, _) in pairwise(rows)]
    unit = math.gcd(*(each for _, each in rows)) or 1
    return _Packed(len(rows), rows[0][0], packed(steps), packed([each // unit for _, each in rows]), unit)
