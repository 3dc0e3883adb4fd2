"""One minute's sums of many products, in little memory.

A minute to which events are still added is a dict. Once it is quiet it is packed: 100,000 products take 10 MB as a
dict, and 0.5 to 1 MB packed, of which an hour has sixty.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from shared.columns import packed, unpacked

ROWS_AT_ONCE: Final = 500
"""Rows that are handled before the event loop may serve requests. They take 0.3 to 2 ms, and no slice may take 5 ms.
Twice as many leave no room for a slower machine; half as many go through the event loop twice as often."""

_WORTH_PACKING: Final = 64
"""Entries that are packed together at the least. A few late events stay in the dict, 100 bytes each; packed alone they
would take more. At twice of it an hour of a few products takes 0.4 MB more, at half a pack may save nothing."""


class _Packed(NamedTuple):
    """Some products of a minute."""

    rows: int
    numbers: bytes
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
            rows = [self._open.popitem() for _ in range(min(ROWS_AT_ONCE, len(self._open)))]
            sums = [each for _, each in rows]
            unit = math.gcd(*sums) or 1
            numbers = packed([number for number, _ in rows])
            self._packed.append(_Packed(len(rows), numbers, packed([each // unit for each in sums]), unit))
            await asyncio.sleep(0)

    async def added_up(self) -> dict[int, int]:
        """The sums of all products of the minute. Lets the event loop serve requests in between."""
        sums: dict[int, int] = {}
        async for number, added in self._entries():
            sums[number] = sums.get(number, 0) + added
        return sums

    async def _entries(self) -> AsyncIterator[tuple[int, int]]:
        for part in self._packed:
            for number, each in zip(unpacked(part.numbers, part.rows), unpacked(part.sums, part.rows), strict=True):
                yield number, each * part.unit
            await asyncio.sleep(0)
        for entry in self._open.items():
            yield entry
