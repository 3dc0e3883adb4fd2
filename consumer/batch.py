"""The records of one transaction, and what they write. Pure.

A `Record` is one handled Kafka message: an accepted event with its encoded document, or a dead letter. Any subset of
a batch's records can be made into writes again, so a batch can be halved, or go on without a partition or an event.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from confluent_kafka import Message
from pymongo import UpdateOne

from consumer.decode import Event
from consumer.fold import Increments, fold
from consumer.lease import Lease
from consumer.updates import product_update, rollup_updates, total_updates
from shared.documents import DAY_MS, Document, event_collection

MOST_KNOWN_PRODUCTS = 50_000


class Record(NamedTuple):
    """A message handled under a lease. `event` is None for a dead letter, whose `document` is a dict."""

    lease: Lease
    offset: int
    event: Event | None
    document: bytes | Document
    message: Message
    """Kept for the dead letter that an accepted event becomes when MongoDB refuses it."""


class Writes(NamedTuple):
    """What one transaction writes, in its order."""

    ends: dict[Lease, int]
    """The next offset of each partition after these records."""
    events: dict[str, list[Record]]
    """Accepted records by collection, ordered by `_id` so that a product's events are written side by side."""
    rollups: list[UpdateOne]
    totals: list[UpdateOne]
    products: list[UpdateOne]
    rejected: list[Document]
    increments: Increments


def writes_of(records: Sequence[Record]) -> Writes:
    """What to write for `records`, which are in offset order within each partition."""
    accepted = [record for record in records if record.event is not None]
    increments = fold(
        (record.lease.partition, record.offset, record.event) for record in accepted if record.event is not None
    )
    ends = {record.lease: record.offset + 1 for record in records}
    leases = {lease.partition: lease for lease in ends}
    return Writes(
        ends=ends,
        events=_by_day(accepted),
        rollups=rollup_updates(increments),
        totals=total_updates(increments),
        products=_product_updates(increments, leases),
        rejected=[record.document for record in records if isinstance(record.document, dict)],
        increments=increments,
    )


def remember_products(writes: Writes) -> None:
    """Note, after the commit, what MongoDB knows of each product."""
    leases = {lease.partition: lease for lease in writes.ends}
    for (product, partition), folded in writes.increments.products.items():
        known = leases[partition].known
        first_seen, latest = known.get(product, (folded.first_seen_ms, folded.latest))
        if len(known) >= MOST_KNOWN_PRODUCTS:
            known.clear()
        known[product] = min(first_seen, folded.first_seen_ms), max(latest, folded.latest)


def _product_updates(increments: Increments, leases: dict[int, Lease]) -> list[UpdateOne]:
    """A sale changes a product's document only when the product, its name, or its first time is new."""
    updates = []
    for (product, partition), folded in increments.products.items():
        known = leases[partition].known.get(product)
        if known is not None and folded.histogram is None:
            first_seen, latest = known
            renamed = folded.latest > latest and folded.latest.name != latest.name
            if not renamed and folded.first_seen_ms >= first_seen:
                continue
        updates.append(product_update(product, partition, folded))
    return updates


def _by_day(accepted: Iterable[Record]) -> dict[str, list[Record]]:
    days: dict[int, list[tuple[int, int, int, int, Record]]] = {}
    for record in accepted:
        event = record.event
        assert event is not None  # noqa: S101  # the caller passes accepted records
        entry = (event.product, event.time_ms, record.lease.partition, record.offset, record)
        days.setdefault(event.time_ms // DAY_MS, []).append(entry)
    # Partition and offset are unique, so no comparison reaches the records.
    return {event_collection(day * DAY_MS): [entry[4] for entry in sorted(entries)] for day, entries in days.items()}
