"""Folds of one batch, by partition -> the upserts that add them to `rollups`, `totals` and `products`. Pure.

An upsert is a statement of the `update` command.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from bson.int64 import Int64

from consumer.fold import Fold, Latest, ProductFold, Sums, coarser
from shared.documents import (
    AMOUNT_DECIMALS,
    RATING_DECIMALS,
    Document,
    Id,
    block_path,
    decimal128,
    hour_total_id,
    minute_path,
    minute_total_id,
    product_id,
    rollup_id,
    second_path,
)


def rollup_updates(folds: Mapping[int, Fold]) -> list[Document]:
    """One upsert a product, hour and partition."""
    return [
        _upsert(rollup_id(product, hour, partition), {"$inc": changes})
        for partition, fold in folds.items()
        for product, folded in fold.products.items()
        for hour, changes in _hours(folded.minutes.items())
    ]


def total_updates(folds: Mapping[int, Fold]) -> list[Document]:
    """One upsert an hour and partition, one a minute and partition, over all products."""
    updates = []
    for partition, fold in folds.items():
        for hour, changes in _hours(coarser(fold.seconds.items(), 60)):
            updates.append(_upsert(hour_total_id(hour, partition), {"$inc": changes}))
        for minute, group in _grouped(fold.seconds.items(), 60):
            seconds: dict[str, Any] = {}
            for second, sums in group:
                seconds |= _increments(f"{second_path(second)}.", sums)
            updates.append(_upsert(minute_total_id(minute, partition), {"$inc": seconds}))
    return updates


def product_update(product: int, partition: int, folded: ProductFold) -> Document:
    """The upsert of a product's document; `$max` and `$min` make the order of batches irrelevant."""
    newest = {"latest": _latest(folded.latest)}
    if folded.latest_rated is not None:
        newest["latest_rated"] = _latest(folded.latest_rated) | {"category": folded.latest_rated.category}
    update: Document = {"$max": newest, "$min": {"first_seen": Int64(folded.first_seen_ms)}}
    if folded.histogram is not None:
        ratings = sum(folded.histogram)
        rating_sum = sum(sums.rating_sum for sums in folded.minutes.values())
        update["$inc"] = {"ratings": ratings, "rating_sum": decimal128(rating_sum, RATING_DECIMALS)} | {
            f"histogram.{bin_}": count for bin_, count in enumerate(folded.histogram) if count
        }
    return _upsert(product_id(product, partition), update)


def _hours(minutes: Iterable[tuple[int, Sums]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Increments of each hour's document: of the hour, its blocks and its minutes."""
    for hour, group in _grouped(minutes, 60):
        whole = Sums()
        changes: dict[str, Any] = {}
        for block, in_block in _grouped(group, 10):
            total = Sums()
            for minute, sums in in_block:
                changes |= _increments(f"{minute_path(minute)}.", sums)
                total.add(sums)
            changes |= _increments(f"{block_path(block * 10)}.", total)
            whole.add(total)
        yield hour, changes | _increments("", whole)


def _grouped(sums: Iterable[tuple[int, Sums]], size: int) -> Iterator[tuple[int, list[tuple[int, Sums]]]]:
    """Neighbours in time that share `at // size`, in order."""
    ordered = sorted(sums, key=lambda entry: entry[0])
    for at, group in groupby(ordered, key=lambda entry: entry[0] // size):
        yield at, list(group)


def _increments(prefix: str, sums: Sums) -> dict[str, Any]:
    """`$inc` fields of `sums`; kinds of event that did not occur are left out."""
    fields: dict[str, Any] = {}
    if sums.sales:
        fields[f"{prefix}amount"] = decimal128(sums.amount, AMOUNT_DECIMALS)
        fields[f"{prefix}units"] = Int64(sums.units)
        fields[f"{prefix}sales"] = sums.sales
    if sums.ratings:
        fields[f"{prefix}ratings"] = sums.ratings
        fields[f"{prefix}rating_sum"] = decimal128(sums.rating_sum, RATING_DECIMALS)
    return fields


def _latest(latest: Latest) -> Document:
    return {"t": Int64(latest.time_ms), "o": Int64(latest.offset), "name": latest.name}


def _upsert(identity: Id, changes: Document) -> Document:
    return {"q": {"_id": identity}, "u": changes, "upsert": True}
