"""What one transaction writes for a batch, but for `products`, where it depends on what is stored. Pure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from consumer.batch import Batch
from consumer.fold import Fold
from consumer.inserts import NewProduct, NewRollup
from consumer.lease import Lease
from consumer.updates import hours, rollup_update, total_updates
from shared.documents import (
    DAY_MS,
    MINUTE_MS,
    Document,
    event_collection,
)

HasHour: TypeAlias = Callable[[Lease, int, int], bool]
"""Whether a product's hour (since 1970) is known to be in `rollups`."""

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
    rejected: list[Document]
    folds: Mapping[Lease, Fold]


def nothing_known(_: Lease, __: int, ___: int) -> bool:
    """A `HasHour` of one who has just begun."""
    return False


def writes_of(batch: Batch, has_hour: HasHour = nothing_known) -> Writes:
    """What to write for `batch`, which holds one lease of each partition."""
    folds = {lease.partition: fold for lease, fold in batch.folds.items()}
    return Writes(
        ends=batch.ends,
        events=_by_day(folds),
        rollups=_rollups(batch.folds, has_hour),
        totals=Aggregates(total_updates(folds), []),
        rejected=batch.rejected,
        folds=batch.folds,
    )


def _rollups(folds: Mapping[Lease, Fold], has_hour: HasHour) -> Aggregates:
    aggregates = Aggregates([], [])
    for lease, fold in folds.items():
        partition = lease.partition
        for product, folded in sorted(fold.products.items()):
            for hour in hours(folded.minutes):
                if has_hour(lease, product, hour.hour):
                    aggregates.updates.append(rollup_update(product, partition, hour))
                else:
                    aggregates.new.append(NewRollup(product, partition, hour))
    return aggregates


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
