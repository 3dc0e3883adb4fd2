"""What one transaction writes for a batch. Pure, but for what a lease remembers of its products."""

from collections.abc import Mapping
from typing import NamedTuple

from consumer.batch import Batch
from consumer.fold import Fold, Latest, ProductFold
from consumer.inserts import NewProduct, NewRollup
from consumer.lease import Lease
from consumer.updates import hours, product_update, rollup_update, total_updates
from shared.documents import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Document,
    event_collection,
)

MOST_KNOWN_PRODUCTS = 50_000

_DAY_MINUTES = DAY_MS // MINUTE_MS


class Aggregates(NamedTuple):
    """What one collection of aggregates gets: encoded statements of the `update` command, and what may be new to it."""

    updates: list[bytes]
    new: list[NewRollup | NewProduct]


class Writes(NamedTuple):
    """What one transaction writes, in its order."""

    ends: Mapping[Lease, int]
    """The next offset of each partition after this batch."""
    events: dict[str, list[bytes]]
    """Encoded documents by collection, ordered by product and minute, so that neighbours are written side by side."""
    rollups: Aggregates
    totals: Aggregates
    products: Aggregates
    rejected: list[Document]
    folds: Mapping[Lease, Fold]


def writes_of(batch: Batch) -> Writes:
    """What to write for `batch`, which holds one lease of each partition."""
    folds = {lease.partition: fold for lease, fold in batch.folds.items()}
    return Writes(
        ends=batch.ends,
        events=_by_day(folds),
        rollups=_rollups(batch.folds),
        totals=Aggregates(total_updates(folds), []),
        products=_products(batch.folds),
        rejected=batch.rejected,
        folds=batch.folds,
    )


def remember_products(folds: Mapping[Lease, Fold]) -> None:
    """Note, after the commit, what MongoDB knows of each product."""
    for lease, fold in folds.items():
        known = lease.known
        for product, folded in fold.products.items():
            first_seen, latest = folded.first_seen_ms, folded.latest
            before = known.get(product)
            if before is not None:
                first_seen, latest = min(first_seen, before[0]), max(latest, before[1])
            elif len(known) >= MOST_KNOWN_PRODUCTS:
                known.clear()
            known[product] = first_seen, latest


def _rollups(folds: Mapping[Lease, Fold]) -> Aggregates:
    """An hour is known to be there when this lease has stored an event of it, the product's newest."""
    aggregates = Aggregates([], [])
    for lease, fold in folds.items():
        partition = lease.partition
        for product, folded in sorted(fold.products.items()):
            known = lease.known.get(product)
            for hour in hours(folded.minutes):
                if known is not None and known[1].time_ms // HOUR_MS == hour.hour:
                    aggregates.updates.append(rollup_update(product, partition, hour))
                else:
                    aggregates.new.append(NewRollup(product, partition, hour))
    return aggregates


def _products(folds: Mapping[Lease, Fold]) -> Aggregates:
    """A sale changes a product's document only when the product, its name, or its first time is new."""
    aggregates = Aggregates([], [])
    for lease, fold in folds.items():
        partition = lease.partition
        for product, folded in sorted(fold.products.items()):
            known = lease.known.get(product)
            if known is None:
                aggregates.new.append(NewProduct(product, partition, folded))
            elif folded.histogram is not None or _changed(folded, *known):
                aggregates.updates.append(product_update(product, partition, folded))
    return aggregates


def _changed(folded: ProductFold, first_seen_ms: int, latest: Latest) -> bool:
    return folded.first_seen_ms < first_seen_ms or (folded.name != latest.name and folded.latest > latest)


def _by_day(folds: Mapping[int, Fold]) -> dict[str, list[bytes]]:
    minutes = sorted(
        # Product, minute and partition are unique, so no comparison reaches the documents.
        (product, minute, partition, sums.documents)
        for partition, fold in folds.items()
        for product, folded in fold.products.items()
        for minute, sums in folded.minutes.items()
    )
    days: dict[int, list[bytes]] = {}
    for _, minute, _, documents in minutes:
        days.setdefault(minute // _DAY_MINUTES, []).extend(documents)
    return {event_collection(day * DAY_MS): documents for day, documents in days.items()}
