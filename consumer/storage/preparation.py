"""The part of a batch's writes that can be computed before MongoDB is asked anything. Pure.

The polling thread prepares a batch while the database thread is still waiting for MongoDB to take the one before, so
that a transaction, once open, holds MongoDB up as little as possible. Where it depends on what is stored, the
preparation goes by what this process remembers (`consumer.storage.memory`) and encodes drafts: statements that the plan
takes where the memory was right, and leaves where it was not.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

from consumer.batches.batch import Batch
from consumer.batches.event_ids import EventKey
from consumer.batches.increments import Increments, ProductIncrements
from consumer.batches.sums import Hour, hours_of
from consumer.partitions.lease import Lease
from consumer.storage.memory import KnownProduct, ProductKey
from consumer.storage.statements.event_ids import id_document
from consumer.storage.statements.products import product_document
from consumer.storage.statements.recent_sums import recent_fields
from consumer.storage.statements.rollups import rollup_documents, rollup_update
from consumer.storage.statements.totals import total_updates
from shared.documents import DAY_MS, MINUTE_MS, Document, event_collection

_DAY_MINUTES = DAY_MS // MINUTE_MS

Recall: TypeAlias = Callable[[ProductKey], KnownProduct | None]
"""`ProductMemory.recall`."""


class NewProduct(NamedTuple):
    """What begins a product and its hours, should MongoDB hold nothing of it."""

    document: bytes
    """Encoded, for `products`."""
    rollups: list[bytes]
    """Encoded, one for each of its hours."""
    known: KnownProduct
    """The product as it will be once they are inserted."""


class HourDraft(NamedTuple):
    """An hour of a product that MongoDB holds, with the upsert that adds to it."""

    hour: Hour
    update: bytes


class Prepared(NamedTuple):
    """A batch's writes, as far as they do not depend on what is stored, and drafts of the rest."""

    ends: Mapping[Lease, int]
    """The next offset of each partition after this batch."""
    events: dict[str, list[bytes]]
    """Encoded documents by collection, ordered by product and minute, so that neighbours are written side by side."""
    totals: list[bytes]
    """Encoded upserts."""
    rejected: list[Document]
    """Dead letters."""
    products: Mapping[ProductKey, ProductIncrements]
    new_products: Mapping[ProductKey, NewProduct]
    """Drafts for the products that are not remembered."""
    hours: Mapping[ProductKey, list[HourDraft]]
    """Drafts for the products that are remembered."""
    event_ids: Mapping[EventKey, bytes]
    """Encoded documents for `event_ids`, ordered by product and id. All consumers insert in this order, so two that
    meet with several ids meet at the first of them, and one of the two goes on."""
    recent_sums: Mapping[Lease, bytes]
    """Encoded elements of each partition's document in `recent_sums`, which lack its `_id`."""
    expired_ids: Mapping[EventKey, datetime] = {}
    """Those of them that MongoDB still holds though their time is over, with their stored `at`."""
    own_ids: frozenset[EventKey] = frozenset()
    """Those of them that MongoDB holds already for this very event: an earlier attempt at the batch was committed."""


def nothing_remembered(_: ProductKey) -> None:
    """The `Recall` of a process that has just started."""


def prepare(batch: Batch, recall: Recall = nothing_remembered) -> Prepared:
    """Prepare a batch, which holds one lease of each partition."""
    increments = {lease.partition: of_lease for lease, of_lease in batch.increments.items()}
    products: dict[ProductKey, ProductIncrements] = {}
    new_products: dict[ProductKey, NewProduct] = {}
    hours: dict[ProductKey, list[HourDraft]] = {}
    for lease, of_lease in batch.increments.items():
        for product, added in sorted(of_lease.products.items()):
            key = product, lease.partition, lease.epoch
            products[key] = added
            if recall(key) is None:
                new_products[key] = new_product(key, added)
            else:
                hours[key] = hour_drafts(key, added)
    return Prepared(
        ends=batch.ends,
        events=_by_day(increments),
        totals=total_updates(increments),
        rejected=batch.rejected,
        products=products,
        new_products=new_products,
        hours=hours,
        event_ids={key: id_document(batch.ids.counted[key]) for key in sorted(batch.ids.counted)},
        recent_sums=_recent_sums(batch),
    )


def _recent_sums(batch: Batch) -> dict[Lease, bytes]:
    """What the batch adds, by partition; nothing where all its leases were lost before.

    `at` is the moment at which the last of its messages were taken.
    """
    if not batch.taken:
        return {}
    at = max(taken.at for taken in batch.taken)
    return {lease: recent_fields(added, batch.ends[lease], at) for lease, added in batch.increments.items()}


def new_product(key: ProductKey, added: ProductIncrements) -> NewProduct:
    """The documents of a product of which nothing is stored."""
    product, partition, _ = key
    latest = added.latest
    return NewProduct(
        document=product_document(product, partition, added, latest),
        rollups=rollup_documents(product, partition, added.minutes),
        known=KnownProduct(added.first_seen_ms, latest, is_newest=True),
    )


def hour_drafts(key: ProductKey, added: ProductIncrements) -> list[HourDraft]:
    """The upserts of a product's hours."""
    product, partition, _ = key
    return [HourDraft(hour, rollup_update(product, partition, hour)) for hour in hours_of(added.minutes)]


def _by_day(increments: Mapping[int, Increments]) -> dict[str, list[bytes]]:
    """The events' documents by the collection of their day, given increments by partition."""
    minutes = sorted(
        # Product, minute and partition are unique, so no comparison reaches the documents.
        (product, minute, partition, sums.documents)
        for partition, of_partition in increments.items()
        for product, added in of_partition.products.items()
        for minute, sums in added.minutes.items()
    )
    days: dict[int, list[bytes]] = {}
    for _, minute, _, documents in minutes:
        days.setdefault(minute // _DAY_MINUTES, []).extend(documents)
    return {event_collection(day * DAY_MS): documents for day, documents in days.items()}
