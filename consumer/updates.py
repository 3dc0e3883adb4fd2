"""Folds of one batch, by partition -> the upserts that add them to `rollups`, `totals` and `products`. Pure.

An upsert is a statement of the `update` command, encoded: where every event is about another product there are two
an event, and encoding nested dicts would cost more than all the rest. A test holds each to a dict that says the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from struct import Struct

from consumer.bson_parts import INT64, embedded, integer, text
from consumer.fold import Fold, Latest, ProductFold, Sums, coarser
from shared.documents import (
    AMOUNT_DECIMALS,
    RATING_DECIMALS,
    block_path,
    decimal128_words,
    minute_path,
    second_path,
)

_WORDS = Struct("<QQ").pack
_UPSERT_END = b"\x08upsert\0\x01"


def rollup_updates(folds: Mapping[int, Fold]) -> list[bytes]:
    """One upsert a product, hour and partition."""
    return [
        _upsert(integer(b"p", product) + integer(b"h", hour) + integer(b"k", partition), _inc(changes))
        for partition, fold in folds.items()
        for product, folded in fold.products.items()
        for hour, changes in _hours(folded.minutes)
    ]


def total_updates(folds: Mapping[int, Fold]) -> list[bytes]:
    """One upsert an hour and partition, one a minute and partition, over all products."""
    updates = []
    for partition, fold in folds.items():
        by_partition = integer(b"k", partition)
        for hour, changes in _hours(dict(coarser(fold.seconds.items(), 60))):
            updates.append(_upsert(integer(b"h", hour) + by_partition, _inc(changes)))
        for minute, seconds in _grouped(fold.seconds.items(), 60):
            changes = b"".join(_increments(_path(second_path, second % 60), sums) for second, sums in seconds)
            updates.append(_upsert(integer(b"m", minute) + by_partition, _inc(changes)))
    return updates


def product_update(product: int, partition: int, folded: ProductFold) -> bytes:
    """The upsert of a product's document; `$max` and `$min` make the order of batches irrelevant."""
    newest = b"\x03latest\0" + embedded(_latest(folded.latest))
    if folded.latest_rated is not None:
        rated = _latest(folded.latest_rated) + text(b"category", folded.latest_rated.category)
        newest += b"\x03latest_rated\0" + embedded(rated)
    changes = (
        b"\x03$max\0" + embedded(newest) + b"\x03$min\0" + embedded(b"\x12first_seen\0" + INT64(folded.first_seen_ms))
    )
    if folded.histogram is not None:
        rating_sum = sum(sums.rating_sum for sums in folded.minutes.values())
        counts = integer(b"ratings", sum(folded.histogram)) + _decimal(b"rating_sum", rating_sum, RATING_DECIMALS)
        bins = (integer(b"histogram.%d" % bin_, count) for bin_, count in enumerate(folded.histogram) if count)
        changes += _inc(counts + b"".join(bins))
    return _upsert(integer(b"p", product) + integer(b"k", partition), changes)


def _hours(minutes: Mapping[int, Sums]) -> Iterator[tuple[int, bytes]]:
    """Increments of each hour's document: of the hour, its blocks and its minutes."""
    if len(minutes) == 1:
        for minute, sums in minutes.items():
            at = minute % 60
            prefixes = _path(minute_path, at), _path(block_path, at), b""
            yield minute // 60, b"".join([_increments(prefix, sums) for prefix in prefixes])
        return
    for hour, group in _grouped(minutes.items(), 60):
        whole = Sums()
        changes = []
        for block, in_block in _grouped(group, 10):
            total = Sums()
            for minute, sums in in_block:
                changes.append(_increments(_path(minute_path, minute % 60), sums))
                total.add(sums)
            changes.append(_increments(_path(block_path, block % 6 * 10), total))
            whole.add(total)
        yield hour, b"".join(changes) + _increments(b"", whole)


def _grouped(sums: Iterable[tuple[int, Sums]], size: int) -> Iterator[tuple[int, list[tuple[int, Sums]]]]:
    """Neighbours in time that share `at // size`, in order."""
    ordered = sorted(sums, key=lambda entry: entry[0])
    for at, group in groupby(ordered, key=lambda entry: entry[0] // size):
        yield at, list(group)


@lru_cache(maxsize=256)
def _path(path: Callable[[int], str], at: int) -> bytes:
    return f"{path(at)}.".encode()


@lru_cache(maxsize=256)
def _sale_layout(prefix: bytes) -> tuple[Callable[..., bytes], bytes, bytes, bytes]:
    names = b"\x13%bamount\0" % prefix, b"\x12%bunits\0" % prefix, b"\x10%bsales\0" % prefix
    amount, units, sales = map(len, names)
    return Struct(f"<{amount}sQQ {units}sq {sales}si").pack, *names


@lru_cache(maxsize=256)
def _rating_layout(prefix: bytes) -> tuple[Callable[..., bytes], bytes, bytes]:
    names = b"\x10%bratings\0" % prefix, b"\x13%brating_sum\0" % prefix
    ratings, rating_sum = map(len, names)
    return Struct(f"<{ratings}si {rating_sum}sQQ").pack, *names


def _increments(prefix: bytes, sums: Sums) -> bytes:
    """`$inc` fields of `sums`; kinds of event that did not occur are left out."""
    fields = b""
    if sums.sales:
        pack, amount, units, sales = _sale_layout(prefix)
        words = decimal128_words(sums.amount, AMOUNT_DECIMALS)
        fields = pack(amount, *words, units, sums.units, sales, sums.sales)
    if sums.ratings:
        pack, ratings, rating_sum = _rating_layout(prefix)
        fields += pack(ratings, sums.ratings, rating_sum, *decimal128_words(sums.rating_sum, RATING_DECIMALS))
    return fields


def _inc(fields: bytes) -> bytes:
    return b"\x03$inc\0" + embedded(fields)


def _decimal(name: bytes, units: int, decimals: int) -> bytes:
    return b"\x13" + name + b"\0" + _WORDS(*decimal128_words(units, decimals))


def _latest(latest: Latest) -> bytes:
    return b"\x12t\0" + INT64(latest.time_ms) + b"\x12o\0" + INT64(latest.offset) + text(b"name", latest.name)


def _upsert(identity: bytes, changes: bytes) -> bytes:
    query = embedded(b"\x03_id\0" + embedded(identity))
    return embedded(b"\x03q\0" + query + b"\x03u\0" + embedded(changes) + _UPSERT_END)
