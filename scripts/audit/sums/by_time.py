"""Packed sums of many events, by time and partition, in one dictionary. Pure.

A key holds the time and the partition in one number, because the audit looks one up for every event, and an integer is
cheaper to make and to look up than a tuple:

    bit                     20                 0
      ┌─────────────────────┬──────────────────┐
      │ second or minute    │ partition + 1    │
      └─────────────────────┴──────────────────┘

Example: minute 29,672,011 (since 1970) of partition 3 has the key 29,672,011 << 20 | 4. The partition of replayed
events, -1, is stored as 0.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from scripts.audit.sums import levels
from scripts.audit.sums.levels import Levels

PARTITION_BITS: Final = 20
"""Partitions are below 2^19 (`shapes.PARTITION_END`), so a partition plus 1 always fits."""
PARTITION_MASK: Final = (1 << PARTITION_BITS) - 1

SumsByTime = dict[int, int]
"""Packed sums by `time << PARTITION_BITS | partition + 1`; times are minutes or seconds since 1970."""


def levels_by_hour(minutes: SumsByTime) -> Iterator[tuple[int, int, Levels]]:
    """The hour (since 1970), the partition and the levels of every document that these minutes' events give."""
    by_hour = sorted(
        ((key >> PARTITION_BITS) // 60, key & PARTITION_MASK, key >> PARTITION_BITS, packed)
        for key, packed in minutes.items()
    )
    for (hour, partition), group in groupby(by_hour, key=lambda entry: entry[:2]):
        yield hour, partition - 1, levels.of_minutes((minute, packed) for _, _, minute, packed in group)
