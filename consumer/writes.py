"""What one transaction writes for a batch. Pure, but for what a lease remembers of its products."""

from collections.abc import Mapping
from typing import NamedTuple

from consumer.batch import Batch
from consumer.fold import Fold
from consumer.lease import Lease
from consumer.updates import product_update, rollup_updates, total_updates
from shared.documents import DAY_MS, MINUTE_MS, Document, event_collection

MOST_KNOWN_PRODUCTS = 50_000

_DAY_MINUTES = DAY_MS // MINUTE_MS


class Writes(NamedTuple):
    """What one transaction writes, in its order; updates are encoded statements of the `update` command."""

    ends: Mapping[Lease, int]
    """The next offset of each partition after this batch."""
    events: dict[str, list[bytes]]
    """Encoded documents by collection, ordered by product and minute, so that neighbours are written side by side."""
    rollups: list[bytes]
    totals: list[bytes]
    products: list[bytes]
    rejected: list[Document]
    folds: Mapping[Lease, Fold]


def writes_of(batch: Batch) -> Writes:
    """What to write for `batch`, which holds one lease of each partition."""
    folds = {lease.partition: fold for lease, fold in batch.folds.items()}
    return Writes(
        ends=batch.ends,
        events=_by_day(folds),
        rollups=rollup_updates(folds),
        totals=total_updates(folds),
        products=_product_updates(batch.folds),
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


def _product_updates(folds: Mapping[Lease, Fold]) -> list[bytes]:
    """A sale changes a product's document only when the product, its name, or its first time is new."""
    updates = []
    for lease, fold in folds.items():
        for product, folded in fold.products.items():
            known = lease.known.get(product)
            if known is not None and folded.histogram is None:
                first_seen, latest = known
                renamed = folded.latest > latest and folded.name != latest.name
                if not renamed and folded.first_seen_ms >= first_seen:
                    continue
            updates.append(product_update(product, lease.partition, folded))
    return updates


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
