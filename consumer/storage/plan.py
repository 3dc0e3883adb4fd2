"""What a batch's transaction writes, given what MongoDB holds of its products. Pure.

A product that MongoDB does not hold begins by inserts, for the product and for each of its hours: an insert costs
MongoDB a fraction of an upsert, and comes to the same. A product that it holds is added to by upserts. An upsert is
right in any case, so an hour is inserted only where MongoDB is known not to hold it.

The plan decides; `consumer.storage.reading` asks MongoDB what the plan has to know, and `consumer.storage.transaction`
runs what it says.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from consumer.batches.increments import Latest, ProductIncrements
from consumer.storage.memory import KnownProduct, ProductKey
from consumer.storage.preparation import Prepared, hour_drafts, new_product
from consumer.storage.statements.event_ids import replacement
from consumer.storage.statements.products import product_update
from consumer.storage.statements.recent_sums import recent_document
from consumer.storage.statements.rollups import rollup_document
from shared.documents import Document

HourKey: TypeAlias = tuple[int, int, int]
"""Product, hour (since 1970) and partition: the `_id` of a document of `rollups`."""


class Stored(NamedTuple):
    """What MongoDB holds of a batch's products at the moment of its transaction."""

    products: Mapping[ProductKey, KnownProduct]
    """The products that have a document; the others of the batch have none."""
    newest_events: Mapping[ProductKey, Latest] = {}
    """The newest stored event of each product in `renamed`."""
    absent_hours: frozenset[HourKey] = frozenset()
    """Hours that MongoDB was asked for and does not hold."""
    new_products_have_no_hours: bool = True
    """Whether a product without a document has no hours either. So it is, unless someone deleted documents of
    `products`: then a plan that trusts in it inserts hours that are there, which fails as a duplicate."""


class Statements(NamedTuple):
    """What a transaction writes, in this order; statements are of the `update` command."""

    events: Mapping[str, list[bytes]]
    """Encoded documents, by the collection of their day."""
    new_event_ids: list[bytes]
    """Encoded documents: the ids of the events, as far as they have one."""
    event_id_updates: list[bytes]
    """Encoded statements, for the ids whose time is over."""
    new_rollups: list[bytes]
    """Encoded documents; so are `new_products`."""
    rollup_updates: list[bytes]
    """Encoded statements; so are the other updates."""
    total_updates: list[bytes]
    new_products: list[bytes]
    product_updates: list[bytes]
    rejected: list[Document]
    """Dead letters."""
    recent_sums: list[bytes]
    """Encoded documents: what the batch adds, one for each partition."""
    known: Mapping[ProductKey, KnownProduct]
    """The batch's products as they will be once this is committed, for `ProductMemory.remember`."""


def plan(prepared: Prepared, stored: Stored) -> Statements:
    """Decide what to write for a prepared batch. The same whether or not its drafts were made on a right memory."""
    new_rollups: list[bytes] = []
    rollup_updates: list[bytes] = []
    new_products: list[bytes] = []
    product_updates: list[bytes] = []
    known_after: dict[ProductKey, KnownProduct] = {}
    for key, added in prepared.products.items():
        product, partition, _ = key
        known = stored.products.get(key)
        if known is None:
            new = prepared.new_products.get(key) or new_product(key, added)
            new_products.append(new.document)
            known_after[key] = new.known
            if stored.new_products_have_no_hours:
                new_rollups += new.rollups
                continue
        else:
            after = known_after[key] = _after(known, added, stored.newest_events.get(key))
            if added.is_rated or _is_to_be_written(known, after):
                product_updates.append(product_update(product, partition, added, after.latest))
        for hour, update in prepared.hours.get(key) or hour_drafts(key, added):
            if (product, hour.number, partition) in stored.absent_hours:
                new_rollups.append(rollup_document(product, partition, hour))
            else:
                rollup_updates.append(update)
    return Statements(
        events=prepared.events,
        new_event_ids=[document for key, document in prepared.event_ids.items() if key not in prepared.expired_ids],
        event_id_updates=[replacement(key, at, prepared.event_ids[key]) for key, at in prepared.expired_ids.items()],
        new_rollups=new_rollups,
        rollup_updates=rollup_updates,
        total_updates=prepared.totals,
        new_products=new_products,
        product_updates=product_updates,
        rejected=prepared.rejected,
        recent_sums=[
            recent_document(lease.partition, lease.generation, lease.next_offset, fields)
            for lease, fields in prepared.recent_sums.items()
        ],
        known=known_after,
    )


def renamed(prepared: Prepared, products: Mapping[ProductKey, KnownProduct]) -> list[tuple[ProductKey, Latest]]:
    """The products whose newest stored event the plan has to know, and the newest event of each in the batch.

    They are those to which the batch gives another name while a stored event may be newer, with the name that they
    have.
    """
    latest = ((key, known, prepared.products[key]) for key, known in products.items())
    return [
        (key, added.latest)
        for key, known, added in latest
        if not known.is_newest and added.name != known.latest.name and added.latest > known.latest
    ]


def uncertain_hours(
    prepared: Prepared, products: Mapping[ProductKey, KnownProduct], new_products_have_no_hours: bool
) -> Sequence[HourKey]:
    """The batch's hours of which it is not certain that MongoDB holds them, nor that it does not."""
    hours: list[HourKey] = []
    for key in products if new_products_have_no_hours else prepared.products:
        known = products.get(key)
        product, partition, _ = key
        certain = None if known is None else known.hour
        numbers = dict.fromkeys(minute // 60 for minute in prepared.products[key].minutes)
        hours += [(product, number, partition) for number in numbers if number != certain]
    return hours


def _after(known: KnownProduct, added: ProductIncrements, newest_event: Latest | None) -> KnownProduct:
    """A stored product once the batch is written."""
    first_seen = min(known.first_seen_ms, added.first_seen_ms)
    latest = added.latest
    if latest <= known.latest:
        return known._replace(first_seen_ms=first_seen)
    if newest_event is None:
        return KnownProduct(first_seen, latest, known.is_newest)
    return KnownProduct(first_seen, max(latest, newest_event), is_newest=True)


def _is_to_be_written(before: KnownProduct, after: KnownProduct) -> bool:
    """Whether sales alone change the product's document: by a new name, or an earlier first time."""
    return after.latest.name != before.latest.name or after.first_seen_ms < before.first_seen_ms
