"""Aggregates that MongoDB does not hold yet, as documents to insert. Pure.

Inserting costs MongoDB a fraction of an upsert, and comes to the same.
"""

from functools import lru_cache

from consumer.batches.increments import Latest, ProductFold, Sums
from consumer.storage.bson_parts import INT32, embedded, integer
from consumer.storage.upserts import Hour, first_seen, hours, increments, newest, ratings


def rollup_documents(product: int, partition: int, folded: ProductFold) -> list[bytes]:
    """A product's hours."""
    if len(folded.minutes) == 1:
        ((minute, sums),) = folded.minutes.items()
        return [_of_one_minute(product, partition, minute, sums)]
    return [rollup_document(product, partition, hour) for hour in hours(folded.minutes)]


def rollup_document(product: int, partition: int, hour: Hour) -> bytes:
    """A product's hour."""
    fields = b""
    for block, total, in_block in hour.blocks:
        minutes = b"".join(b"\x03%d\0" % (minute % 60) + embedded(increments(b"", sums)) for minute, sums in in_block)
        fields += b"\x03%d\0" % (block % 6) + embedded(increments(b"", total) + b"\x03m\0" + embedded(minutes))
    identity = integer(b"p", product) + _hour_and_partition(hour.hour, partition)
    return embedded(b"\x03_id\0" + embedded(identity) + increments(b"", hour.whole) + b"\x03b\0" + embedded(fields))


def product_document(product: int, partition: int, folded: ProductFold, latest: Latest) -> bytes:
    """A product; `latest` is `folded.latest`."""
    identity = integer(b"p", product) + integer(b"k", partition)
    fields = newest(folded, latest) + first_seen(folded)
    if folded.histogram is not None:
        bins = (integer(b"%d" % bin_, count) for bin_, count in enumerate(folded.histogram) if count)
        fields += ratings(folded) + b"\x03histogram\0" + embedded(b"".join(bins))
    return embedded(b"\x03_id\0" + embedded(identity) + fields)


def _of_one_minute(product: int, partition: int, minute: int, sums: Sums) -> bytes:
    """The hour, its block and its minute have the same sums: nearly always so where products are many."""
    identity, same = integer(b"p", product) + _hour_and_partition(minute // 60, partition), increments(b"", sums)
    size, block, inner = _frame(len(same), minute % 60)
    return b"".join((
        INT32(size + len(identity)), b"\x03_id\0", INT32(len(identity) + 5), identity, b"\0",
        same, block, same, inner, same, b"\0\0\0\0\0",
    ))  # fmt: skip


@lru_cache(maxsize=256)
def _frame(length: int, minute: int) -> tuple[int, bytes, bytes]:
    """What stands around three equal sums of so many bytes: the size but for `_id`'s fields, and what is between."""
    name, parent = b"\x03%d\0" % minute, b"\x03%d\0" % (minute // 10)
    of_minute = length + 5
    minutes = len(name) + of_minute + 5
    of_block = length + 3 + minutes + 5
    blocks = len(parent) + of_block + 5
    whole = 4 + 5 + 5 + length + 3 + blocks + 1
    return (
        whole,
        b"\x03b\0" + INT32(blocks) + parent + INT32(of_block),
        b"\x03m\0" + INT32(minutes) + name + INT32(of_minute),
    )


@lru_cache(maxsize=256)
def _hour_and_partition(hour: int, partition: int) -> bytes:
    return integer(b"h", hour) + integer(b"k", partition)
