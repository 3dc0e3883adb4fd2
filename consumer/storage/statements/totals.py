"""Increments over all products -> statements of `totals`: one for each hour, and one for each minute, by second. Pure.

The hour's statement adds the same as a product's does to `rollups`; the minute's adds to single seconds:

    {q: {_id: {h, k}}, u: {$inc: {<sums>, b.3.<sums>, b.3.m.31.<sums>}}, upsert: true}
    {q: {_id: {m, k}}, u: {$inc: {s.7.<sums>, s.8.<sums>}}, upsert: true}

All are upserts: they are few, whatever the batch.
"""

from collections.abc import Mapping

from consumer.batches.increments import Increments
from consumer.batches.sums import added_up, grouped, hours_of
from consumer.storage.statements.bson_parts import increment, integer, upsert
from consumer.storage.statements.rollups import hour_fields, prefix_of, sums_fields
from shared.documents import second_path


def total_updates(increments: Mapping[int, Increments]) -> list[bytes]:
    """The upserts, given increments by partition: for each partition one an hour and one a minute."""
    updates: list[bytes] = []
    for partition, of_partition in increments.items():
        by_partition = integer(b"k", partition)
        minutes = list(grouped(of_partition.seconds.items(), 60))
        by_minute = {minute: added_up(sums for _, sums in seconds) for minute, seconds in minutes}
        updates += (
            upsert(integer(b"h", hour.number) + by_partition, increment(hour_fields(hour)))
            for hour in hours_of(by_minute)
        )
        for minute, seconds in minutes:
            fields = b"".join(sums_fields(prefix_of(second_path, second % 60), sums) for second, sums in seconds)
            updates.append(upsert(integer(b"m", minute) + by_partition, increment(fields)))
    return updates
