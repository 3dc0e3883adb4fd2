"""A product's increments -> statements and documents of `rollups`, one for each hour. Pure.

A document of a product's hour, and the statement that adds to it, hold the same sums at three levels. For a sale of
1.50 in minute 31 of the hour (each `sums` stands for amount, units and sales, and after a rating of 4.5 for ratings,
rating_sum and r9):

    {_id: {p, h, k}, <sums>, b: {3: {<sums>, m: {31: {<sums>}}}}}
    {q: {_id: {p, h, k}}, u: {$inc: {<sums>, b.3.<sums>, b.3.m.31.<sums>}}, upsert: true}
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from struct import Struct
from typing import Final

from consumer.batches.increments import Increments
from consumer.batches.sums import Hour, Sums, hours_of
from consumer.storage.statements.bins import bin_fields
from consumer.storage.statements.bson_parts import INT32, embedded, increment, integer, upsert
from shared.decimals import LOW_WORD, exponent_word
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS, block_path, minute_path

_AMOUNT_HIGH: Final = exponent_word(AMOUNT_DECIMALS)
_RATING_HIGH: Final = exponent_word(RATING_DECIMALS)


def rollup_updates(increments: Mapping[int, Increments]) -> list[bytes]:
    """The upserts, given increments by partition: one for each product, hour and partition."""
    return [
        rollup_update(product, partition, hour)
        for partition, of_partition in increments.items()
        for product, added in of_partition.products.items()
        for hour in hours_of(added.minutes)
    ]


def rollup_update(product: int, partition: int, hour: Hour) -> bytes:
    """The upsert that adds to a product's hour."""
    identity = integer(b"p", product) + integer(b"h", hour.number) + integer(b"k", partition)
    return upsert(identity, increment(hour_fields(hour)))


def rollup_documents(product: int, partition: int, minutes: Mapping[int, Sums]) -> list[bytes]:
    """The documents that begin a product's hours, given its sums by minute."""
    if len(minutes) == 1:
        ((minute, sums),) = minutes.items()
        return [_document_of_one_minute(product, partition, minute, sums)]
    return [rollup_document(product, partition, hour) for hour in hours_of(minutes)]


def rollup_document(product: int, partition: int, hour: Hour) -> bytes:
    """The document that begins a product's hour. To insert it costs MongoDB a fraction of an upsert."""
    blocks = b""
    for block in hour.blocks:
        minutes = b"".join(
            b"\x03%d\0" % (minute % 60) + embedded(sums_fields(b"", sums)) for minute, sums in block.minutes
        )
        of_block = sums_fields(b"", block.sums) + b"\x03m\0" + embedded(minutes)
        blocks += b"\x03%d\0" % (block.number % 6) + embedded(of_block)
    identity = embedded(integer(b"p", product) + _hour_and_partition(hour.number, partition))
    return embedded(b"\x03_id\0" + identity + sums_fields(b"", hour.sums) + b"\x03b\0" + embedded(blocks))


def hour_fields(hour: Hour) -> bytes:
    """The fields that `$inc` adds to in an hour's document: those of the hour, of its blocks and of its minutes."""
    fields = [sums_fields(b"", hour.sums)]
    for block in hour.blocks:
        fields.append(sums_fields(prefix_of(block_path, block.number % 6 * 10), block.sums))
        fields += [sums_fields(prefix_of(minute_path, minute % 60), sums) for minute, sums in block.minutes]
    return b"".join(fields)


def sums_fields(prefix: bytes, sums: Sums) -> bytes:
    """The elements of `sums`, each name after `prefix`: `b"b.3."` gives `b.3.amount`, `b.3.units` and so on.

    Fields of a kind of event that did not occur are left out.
    """
    fields = b""
    if sums.sales:
        pack, amount, units, sales = _sale_layout(prefix)
        low, high = sums.amount & LOW_WORD, _AMOUNT_HIGH + (sums.amount >> 64)
        fields = pack(amount, low, high, units, sums.units, sales, sums.sales)
    if sums.ratings:
        pack, ratings, rating_sum, bins = _rating_layout(prefix)
        low, high = sums.rating_sum & LOW_WORD, _RATING_HIGH + (sums.rating_sum >> 64)
        fields += pack(ratings, sums.ratings, rating_sum, low, high)
        if sums.bins:
            fields += bin_fields(bins, sums.bins)
    return fields


def _document_of_one_minute(product: int, partition: int, minute: int, sums: Sums) -> bytes:
    """`rollup_document` where all events are of one minute, so that hour, block and minute have the same sums.

    Nearly every new hour is such a one where products are many. All bytes around the three equal sums depend on the
    sums' length and the minute alone, so they are made once: a third of the time (docs/performance.md).
    """
    identity = integer(b"p", product) + _hour_and_partition(minute // 60, partition)
    same = sums_fields(b"", sums)
    bytes_around, to_block, to_minute = _frame(len(same), minute % 60)
    return b"".join((
        INT32(bytes_around + len(identity)), b"\x03_id\0", INT32(len(identity) + 5), identity, b"\0",
        same, to_block, same, to_minute, same, b"\0\0\0\0\0",
    ))  # fmt: skip


@lru_cache(maxsize=1_024)
def _frame(length: int, minute: int) -> tuple[int, bytes, bytes]:
    """What stands around three equal sums of `length` bytes in the document of a single `minute` (0 to 59):

        [document length] 03 _id [length] <identity> 00
        <sums>
        03 b [length] 03 <block> [length]                 returned second: from the hour's sums to the block's
        <sums>
        03 m [length] 03 <minute> [length]                returned third: from the block's sums to the minute's
        <sums>
        00 00 00 00 00                                    the ends of minute, m, block, b and the document

    Returned first: the document's length without the elements of `_id`, which differ from product to product. The
    cache holds every minute for the few lengths that sums usually have: sales, ratings in one to five bins, or both are
    660 entries. With half of it, products with many ratings a minute would push out the others' entries.
    """
    block_name, minute_name = b"\x03%d\0" % (minute // 10), b"\x03%d\0" % minute
    minute_length = length + 5
    minutes_length = len(minute_name) + minute_length + 5
    block_length = length + len(b"\x03m\0") + minutes_length + 5
    blocks_length = len(block_name) + block_length + 5
    document_length = 4 + len(b"\x03_id\0") + 5 + length + len(b"\x03b\0") + blocks_length + 1
    return (
        document_length,
        b"\x03b\0" + INT32(blocks_length) + block_name + INT32(block_length),
        b"\x03m\0" + INT32(minutes_length) + minute_name + INT32(minute_length),
    )


@lru_cache(maxsize=256)
def _hour_and_partition(hour: int, partition: int) -> bytes:
    """The last two elements of `_id`; a batch has few different ones."""
    return integer(b"h", hour) + integer(b"k", partition)


@lru_cache(maxsize=256)
def prefix_of(path: Callable[[int], str], at: int) -> bytes:
    """The prefix of fields below a path of `shared.documents`. Kept, for there are 60 minutes, 60 seconds and 6
    blocks."""
    return f"{path(at)}.".encode()


@lru_cache(maxsize=256)
def _sale_layout(prefix: bytes) -> tuple[Callable[..., bytes], bytes, bytes, bytes]:
    """How the fields of sales are packed, and each one's type byte and name: amount, units, sales."""
    names = b"\x13%bamount\0" % prefix, b"\x12%bunits\0" % prefix, b"\x10%bsales\0" % prefix
    amount, units, sales = map(len, names)
    return Struct(f"<{amount}sQQ {units}sq {sales}si").pack, *names


@lru_cache(maxsize=256)
def _rating_layout(prefix: bytes) -> tuple[Callable[..., bytes], bytes, bytes, bytes]:
    """How the fields of ratings are packed, each one's type byte and name, ratings and rating_sum, and with what the
    names of bins begin."""
    names = b"\x10%bratings\0" % prefix, b"\x13%brating_sum\0" % prefix
    ratings, rating_sum = map(len, names)
    return Struct(f"<{ratings}si {rating_sum}sQQ").pack, *names, b"%br" % prefix
