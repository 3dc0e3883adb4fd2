"""Sums over some events, and how sums of short spans make sums of longer ones. Pure.

Spans are numbered since 1970 (UTC): second 1796031127 lies in minute 29933852 (1796031127 // 60), which lies in the
ten-minute block 2993385 and in hour 498897. Aggregates name a span inside a longer one by the remainder: the minute is
minute 32 of its hour (29933852 % 60), the block is block 3 of it (2993385 % 6).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, NamedTuple, Self

from shared.documents import HISTOGRAM_BINS, rating_bin

BIN_BITS: Final = 32
"""Bits that each bin has in `Sums.bins`. A batch has some thousands of events, so no bin reaches 2^32; with half as
many bits a batch of 65,536 ratings would spoil the next bin, and twice as many make the numbers longer for nothing."""
IN_ITS_BIN: Final = tuple(1 << BIN_BITS * rating_bin(hundredths) for hundredths in range(50 * HISTOGRAM_BINS + 1))
"""By a rating in hundredths: the `Sums.bins` of that one rating."""


class Sums:
    """Sums over some events: `amount` in millionths, `rating_sum` in hundredths, the others are counts.

    `bins` is how many ratings are in each of the ten bins, as one number, so that adding a rating is one addition: bin
    0 is in the lowest `BIN_BITS` bits. It is kept of products; over all products it stays 0.
    """

    __slots__ = ("amount", "bins", "rating_sum", "ratings", "sales", "units")

    def __init__(self) -> None:
        self.amount = self.units = self.sales = self.ratings = self.rating_sum = self.bins = 0

    def add(self, other: "Sums") -> Self:
        """Add another's sums to these."""
        self.amount += other.amount
        self.units += other.units
        self.sales += other.sales
        self.ratings += other.ratings
        self.rating_sum += other.rating_sum
        self.bins += other.bins
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sums) and all(getattr(self, name) == getattr(other, name) for name in Sums.__slots__)

    def __repr__(self) -> str:
        return f"Sums({', '.join(f'{name}={getattr(self, name)}' for name in Sums.__slots__)})"


class Block(NamedTuple):
    """Ten minutes of sums."""

    number: int
    sums: Sums
    minutes: list[tuple[int, Sums]]
    """Each minute's number and sums, in order."""


class Hour(NamedTuple):
    """An hour of sums."""

    number: int
    sums: Sums
    blocks: list[Block]


def hours_of(minutes: Mapping[int, Sums]) -> Iterator[Hour]:
    """Sums by minute -> hour by hour, in order."""
    if len(minutes) == 1:
        for minute, sums in minutes.items():
            yield Hour(minute // 60, sums, [Block(minute // 10, sums, [(minute, sums)])])
        return
    for number, in_hour in grouped(minutes.items(), 60):
        sums, blocks = Sums(), []
        for block, in_block in grouped(in_hour, 10):
            of_block = added_up(of_minute for _, of_minute in in_block)
            blocks.append(Block(block, of_block, in_block))
            sums.add(of_block)
        yield Hour(number, sums, blocks)


def grouped(sums: Iterable[tuple[int, Sums]], size: int) -> Iterator[tuple[int, list[tuple[int, Sums]]]]:
    """Sums of short spans, such as seconds -> the spans of `size` of them, such as minutes, in order: each with its
    number and the short ones in it."""
    ordered = sorted(sums, key=lambda entry: entry[0])
    for number, group in groupby(ordered, key=lambda entry: entry[0] // size):
        yield number, list(group)


def added_up(sums: Iterable[Sums]) -> Sums:
    """The sum of all."""
    total = Sums()
    for each in sums:
        total.add(each)
    return total
