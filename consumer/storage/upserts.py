"""Folds of one batch, by partition -> the upserts that add them to `rollups`, `totals` and `products`. Pure.

An upsert is a statement of the `update` command, encoded: where every event is about another product there are two
an event, and encoding nested dicts would cost more than all the rest. A test holds each to a dict that says the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from struct import Struct
from typing import NamedTuple

from consumer.batches.increments import Fold, Latest, ProductFold, Sums, coarser
from consumer.storage.bson_parts import INT64, embedded, integer, text
from shared.documents import (
    AMOUNT_DECIMALS,
    RATING_DECIMALS,
    block_path,
    decimal128_words,
    minute_path,
    second_path,
)

_WORDS = Struct("<QQ").pack
_LATEST = Struct("<i 3s q 3s q 6s i")
_UPSERT_END = b"\x08upsert\0\x01"


class Hour(NamedTuple):
    """An hour (since 1970) of sums by minute: `whole`, and of each ten-minute block its number, sum and minutes."""

    hour: int
    whole: Sums
    blocks: list[tuple[int, Sums, list[tuple[int, Sums]]]]


def rollup_updates(folds: Mapping[int, Fold]) -> list[bytes]:
    """One upsert a product, hour and partition."""
    return [
        rollup_update(product, partition, hour)
        for partition, fold in folds.items()
        for product, folded in fold.products.items()
        for hour in hours(folded.minutes)
    ]


def rollup_update(product: int, partition: int, hour: Hour) -> bytes:
    """The upsert of a product's hour."""
    return _upsert(integer(b"p", product) + integer(b"h", hour.hour) + integer(b"k", partition), _inc(_changes(hour)))


def total_updates(folds: Mapping[int, Fold]) -> list[bytes]:
    """One upsert an hour and partition, one a minute and partition, over all products."""
    updates = []
    for partition, fold in folds.items():
        by_partition = integer(b"k", partition)
        updates += [
            _upsert(integer(b"h", hour.hour) + by_partition, _inc(_changes(hour)))
            for hour in hours(dict(coarser(fold.seconds.items(), 60)))
        ]
        for minute, seconds in _grouped(fold.seconds.items(), 60):
            changes = b"".join(increments(_path(second_path, second % 60), sums) for second, sums in seconds)
            updates.append(_upsert(integer(b"m", minute) + by_partition, _inc(changes)))
    return updates


def product_update(product: int, partition: int, folded: ProductFold, latest: Latest) -> bytes:
    """The upsert of a product's document; `$max` and `$min` make the order of batches irrelevant.

    `latest` is the newest event of all that are known, be it one of these or not.
    """
    changes = b"\x03$max\0" + embedded(newest(folded, latest)) + b"\x03$min\0" + embedded(first_seen(folded))
    if folded.histogram is not None:
        bins = (integer(b"histogram.%d" % bin_, count) for bin_, count in enumerate(folded.histogram) if count)
        changes += _inc(ratings(folded) + b"".join(bins))
    return _upsert(integer(b"p", product) + integer(b"k", partition), changes)


def newest(folded: ProductFold, latest: Latest) -> bytes:
    """`latest`, and `latest_rated` where there is one."""
    fields = b"\x03latest\0" + _latest(latest, b"")
    rated = folded.latest_rated
    if rated is not None:
        fields += b"\x03latest_rated\0" + _latest(rated, text(b"category", rated.category))
    return fields


def first_seen(folded: ProductFold) -> bytes:
    """`first_seen`."""
    return b"\x12first_seen\0" + INT64(folded.first_seen_ms)


def ratings(folded: ProductFold) -> bytes:
    """`ratings` and `rating_sum`."""
    total = sum(sums.rating_sum for sums in folded.minutes.values())
    return integer(b"ratings", sum(folded.histogram or ())) + _decimal(b"rating_sum", total, RATING_DECIMALS)


def hours(minutes: Mapping[int, Sums]) -> Iterator[Hour]:
    """Sums by minute, hour by hour."""
    if len(minutes) == 1:
        for minute, sums in minutes.items():
            yield Hour(minute // 60, sums, [(minute // 10, sums, [(minute, sums)])])
        return
    for hour, group in _grouped(minutes.items(), 60):
        whole, blocks = Sums(), []
        for block, in_block in _grouped(group, 10):
            total = Sums()
            for _, sums in in_block:
                total.add(sums)
            blocks.append((block, total, in_block))
            whole.add(total)
        yield Hour(hour, whole, blocks)


def _changes(hour: Hour) -> bytes:
    """Increments of an hour's document: of the hour, its blocks and its minutes."""
    fields = [increments(b"", hour.whole)]
    for block, total, in_block in hour.blocks:
        fields.append(increments(_path(block_path, block % 6 * 10), total))
        fields += [increments(_path(minute_path, minute % 60), sums) for minute, sums in in_block]
    return b"".join(fields)


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


def increments(prefix: bytes, sums: Sums) -> bytes:
    """Fields of `sums`, their names after `prefix`; kinds of event that did not occur are left out."""
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


def _latest(latest: Latest, more: bytes) -> bytes:
    name = latest.name.encode()
    size = _LATEST.size + len(name) + 1 + len(more) + 1
    return (
        _LATEST.pack(size, b"\x12t\0", latest.time_ms, b"\x12o\0", latest.offset, b"\x02name\0", len(name) + 1)
        + name + b"\0" + more + b"\0"
    )  # fmt: skip


def _upsert(identity: bytes, changes: bytes) -> bytes:
    query = embedded(b"\x03_id\0" + embedded(identity))
    return embedded(b"\x03q\0" + query + b"\x03u\0" + embedded(changes) + _UPSERT_END)
