"""One day's `totals`: each hour and each minute over all products, against the sums of the day's seconds."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from scripts.audit.reading.shapes import is_aggregates
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.sums import levels
from scripts.audit.sums.levels import Levels
from shared.documents import TOTALS, second_path

PARTITION_BITS: Final = 20
_PARTITION: Final = (1 << PARTITION_BITS) - 1

Sums = dict[int, int]
"""Packed sums by time and partition in one number: `time << PARTITION_BITS | partition + 1`."""

Compare = Callable[[str, dict[str, int], Levels, Levels], None]
"""Told of each document: collection, `_id`, what the events give, what is stored."""


def compare_day(day: int, seconds: Sums, snapshot: Snapshot, compare: Compare) -> None:
    """Compare all documents of a day with the sums of its seconds."""
    minutes: dict[tuple[int, int], Levels] = {}
    by_minute: Sums = {}
    for key, packed in seconds.items():
        second, partition = key >> PARTITION_BITS, key & _PARTITION
        minutes.setdefault((second // 60, partition - 1), {})[second_path(second)] = packed
        minute = second // 60 << PARTITION_BITS | partition
        by_minute[minute] = by_minute.get(minute, 0) + packed
    hours = {(hour, partition): hour_levels for hour, partition, hour_levels in hours_of(by_minute)}
    for name, a_day, expected in (("h", 24, hours), ("m", 24 * 60, minutes)):
        of_day = {"_id": {"$gte": {name: day * a_day}, "$lt": {name: (day + 1) * a_day}}}
        for document in snapshot.find(TOTALS, of_day):
            identity = document["_id"]
            if not is_aggregates(identity, f"{name}k"):
                continue  # told by the census
            wanted = expected.pop((identity[name], identity["k"]), {})
            compare(TOTALS, identity, wanted, levels.as_stored(document))
        for (time, partition), wanted in expected.items():
            compare(TOTALS, {name: time, "k": partition}, wanted, {})


def hours_of(minutes: Sums) -> Iterator[tuple[int, int, Levels]]:
    """Hour, partition, and what its document must hold."""
    by_hour = sorted(
        ((key >> PARTITION_BITS) // 60, key & _PARTITION, key >> PARTITION_BITS, packed)
        for key, packed in minutes.items()
    )
    for (hour, partition), group in groupby(by_hour, key=lambda entry: entry[:2]):
        yield hour, partition - 1, levels.of_hour((minute, packed) for _, _, minute, packed in group)
