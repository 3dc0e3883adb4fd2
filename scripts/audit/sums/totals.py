"""A day's `totals`, each hour and each minute over all products, against the sums of the day's seconds."""

from collections.abc import Callable

from scripts.audit.reading.shapes import is_aggregate_id
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.sums import levels
from scripts.audit.sums.by_time import PARTITION_BITS, PARTITION_MASK, SumsByTime, levels_by_hour
from scripts.audit.sums.levels import Levels
from shared.documents import TOTALS, second_path

Compare = Callable[[str, dict[str, int], Levels, Levels], None]
"""Is called for each document: its collection, its `_id`, what the events give, what is stored."""


def compare_totals(day: int, seconds: SumsByTime, snapshot: Snapshot, compare: Compare) -> None:
    """Call `compare` for every document of `totals` of a day (since 1970), and for every document that is missing.

    `seconds` are the sums of all events of that day. A document with a malformed `_id` is skipped, because
    `aggregate_ids` has reported it.
    """
    minutes: dict[tuple[int, int], Levels] = {}
    by_minute: SumsByTime = {}
    for key, packed in seconds.items():
        second, partition = key >> PARTITION_BITS, key & PARTITION_MASK
        minutes.setdefault((second // 60, partition - 1), {})[second_path(second)] = packed
        minute = second // 60 << PARTITION_BITS | partition
        by_minute[minute] = by_minute.get(minute, 0) + packed
    hours = {(hour, partition): hour_levels for hour, partition, hour_levels in levels_by_hour(by_minute)}
    for name, a_day, expected in (("h", 24, hours), ("m", 24 * 60, minutes)):
        of_day = {"_id": {"$gte": {name: day * a_day}, "$lt": {name: (day + 1) * a_day}}}
        for document in snapshot.find(TOTALS, of_day):
            identity = document["_id"]
            if not is_aggregate_id(identity, f"{name}k"):
                continue
            wanted = expected.pop((identity[name], identity["k"]), {})
            compare(TOTALS, identity, wanted, levels.of_document(document))
        for (time, partition), wanted in expected.items():
            compare(TOTALS, {name: time, "k": partition}, wanted, {})
