"""What one transaction writes for a batch, but for what depends on what is stored. Pure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from consumer.batches.batch import Batch
from consumer.batches.increments import Fold, Latest, ProductFold
from consumer.partitions.lease import Lease
from consumer.storage.inserts import product_document, rollup_documents
from consumer.storage.upserts import Hour, hours, rollup_update, total_updates
from shared.documents import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Document,
    event_collection,
)

Key: TypeAlias = tuple[int, int, int]
"""Product, partition and epoch: what another epoch knew is of no use, for another consumer may have written since."""

KnownHour: TypeAlias = Callable[[Key], int | None]
"""An hour (since 1970) of a product that is known to be in `rollups`; None where the product is not known."""

_DAY_MINUTES = DAY_MS // MINUTE_MS


ProductHour: TypeAlias = tuple[int, int, Hour]
"""Product, partition, and sums of an hour."""


class Known(NamedTuple):
    """Of one product in one partition: its first time, and the newest event known."""

    first_seen_ms: int
    latest: Latest
    certain: bool
    """Whether no stored event is newer; else one may be, with the same name."""

    @property
    def hour(self) -> int:
        """An hour (since 1970) that is in `rollups`."""
        return self.latest.time_ms // HOUR_MS


class Beginning(NamedTuple):
    """What begins a product and its hours, encoded, should MongoDB hold nothing of it; and what is known of it then."""

    document: bytes
    rollups: list[bytes]
    known: Known


class Writes(NamedTuple):
    """What one transaction writes, in its order."""

    ends: Mapping[Lease, int]
    """The next offset of each partition after this batch."""
    events: dict[str, list[bytes]]
    """Encoded documents by collection, ordered by product and minute, so that neighbours are written side by side."""
    rollups: list[bytes]
    """Encoded upserts of hours that are there."""
    new_hours: list[ProductHour]
    """Hours of known products that may be new."""
    totals: list[bytes]
    """Encoded upserts."""
    products: Mapping[Key, ProductFold]
    unknown: Mapping[Key, Beginning]
    """Those of the products that MongoDB may not hold."""
    rejected: list[Document]


def nothing_known(_: Key) -> None:
    """A `KnownHour` of one who has just begun."""


def writes_of(batch: Batch, known_hour: KnownHour = nothing_known) -> Writes:
    """What to write for `batch`, which holds one lease of each partition."""
    folds = {lease.partition: fold for lease, fold in batch.folds.items()}
    rollups: list[bytes] = []
    new_hours: list[ProductHour] = []
    products, unknown = {}, {}
    for lease, fold in batch.folds.items():
        partition, epoch = lease.partition, lease.epoch
        for product, folded in sorted(fold.products.items()):
            key = product, partition, epoch
            products[key] = folded
            known = known_hour(key)
            if known is None:
                unknown[key] = beginning(key, folded)
                continue
            add_hours(key, folded, known, rollups, new_hours)
    return Writes(
        ends=batch.ends,
        events=_by_day(folds),
        rollups=rollups,
        new_hours=new_hours,
        totals=total_updates(folds),
        products=products,
        unknown=unknown,
        rejected=batch.rejected,
    )


def beginning(key: Key, folded: ProductFold) -> Beginning:
    """A product of which nothing is stored."""
    product, partition, _ = key
    latest = folded.latest
    return Beginning(
        product_document(product, partition, folded, latest),
        rollup_documents(product, partition, folded),
        Known(folded.first_seen_ms, latest, certain=True),
    )


def add_hours(
    key: Key, folded: ProductFold, known_hour: int | None, rollups: list[bytes], new_hours: list[ProductHour]
) -> None:
    """Add a product's hours: to `rollups` the upsert of the one that is known, to `new_hours` those that may be new."""
    product, partition, _ = key
    for hour in hours(folded.minutes):
        if hour.hour == known_hour:
            rollups.append(rollup_update(product, partition, hour))
        else:
            new_hours.append((product, partition, hour))


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
