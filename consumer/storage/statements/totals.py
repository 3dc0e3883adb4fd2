"""Increments over all products -> statements of `totals`: one for each hour, and one for each minute, by second. Pure.

{q: {_id: {h, k}}, u: {$inc: {<sums>, b.3.<sums>, b.3.m.31.<sums>}}, upsert: true}     the hour, as in `rollups`
{q: {_id: {m, k}}, u: {$inc: {s.7.<sums>, s.8.<sums>}}, upsert: true}                  the minute, by second
"""

from collections.abc import Mapping

from consumer.batches.increments import Increments, coarser
from consumer.storage.statements.bson_parts import increment, integer, upsert
from consumer.storage.statements.rollups import grouped, hour_fields, hours_of, prefix_of, sums_fields
from shared.documents import second_path


def total_updates(increments: Mapping[int, Increments]) -> list[bytes]:
    """The upserts of everything, given increments by partition. Always upserts: they are few, whatever the batch."""
    updates = []
    for partition, of_partition in increments.items():
        seconds, by_partition = of_partition.seconds, integer(b"k", partition)
        updates += [
            upsert(integer(b"h", hour.number) + by_partition, increment(hour_fields(hour)))
            for hour in hours_of(dict(coarser(seconds.items(), 60)))
        ]
        for minute, in_minute in grouped(seconds.items(), 60):
            fields = b"".join(sums_fields(prefix_of(second_path, second % 60), sums) for second, sums in in_minute)
            updates.append(upsert(integer(b"m", minute) + by_partition, increment(fields)))
    return updates
