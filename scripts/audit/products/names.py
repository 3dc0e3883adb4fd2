"""The names that a document of `products` keeps of its newest event and newest rating, against those events themselves.

The audit reads only the numbers of all events. The few events whose texts matter are looked up here, many at once.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from scripts.audit.findings import Findings
from scripts.audit.products.product_differences import WrongField, report
from scripts.audit.products.product_sums import EventPosition, ProductInPartition, ProductSums
from shared.documents import Document, event_collection, event_id
from shared.mongo import SyncDatabase

LOOKUPS_AT_ONCE: Final = 100
"""How many events one aggregation looks up; each is a stage of it.

With half, an audit of many products makes twice as many round trips to MongoDB; with twice as many, MongoDB has to plan
an aggregation of 200 stages before it answers any.
"""
_TEXTS: Final = {
    "latest": {"name": "name_of_product"},
    "latest_rated": {"name": "name_of_product", "category": "category"},
}
"""By field of a product's document: the texts in it, and what an event calls each of them."""


class _StoredTexts(NamedTuple):
    """What a product's document keeps in the field `field` of the event with the `_id` `event`."""

    key: ProductInPartition
    field: str
    event: Document
    stored: Document


class NameCheck:
    """Compares the names of products whose numbers are right. `wrong` is called with each product whose names are
    not."""

    def __init__(self, database: SyncDatabase, findings: Findings, wrong: Callable[[ProductInPartition], None]) -> None:
        self._database = database
        self._findings = findings
        self._wrong = wrong
        self._pending: list[_StoredTexts] = []

    def add(self, key: ProductInPartition, expected: ProductSums, document: Document) -> None:
        """Take in a document, to be compared now or when enough others are there; end with a call of `compare`."""
        for field, newest in (("latest", expected.newest), ("latest_rated", expected.latest_rated)):
            if newest is not None:
                self._pending.append(_StoredTexts(key, field, _event_id(key, newest), document[field]))
        if len(self._pending) >= LOOKUPS_AT_ONCE:
            self.compare()

    def compare(self) -> None:
        """Compare all documents that were taken in.

        Passes over an event that is gone, because retention has dropped its day meanwhile.
        """
        events = self._look_up()
        for key, field, identity, stored in self._pending:
            event = events.get(tuple(identity.values()))
            if event is None:
                continue
            differs = False
            for text, name_in_event in _TEXTS[field].items():
                expected = event.get(name_in_event)
                if stored[text] != expected:
                    report(key, WrongField(f"{field}.{text}", repr(expected), repr(stored[text])), self._findings)
                    differs = True
            if differs:
                self._wrong(key)
        self._pending.clear()

    def _look_up(self) -> dict[tuple[int, ...], Document]:
        """The events by the values of their `_id`.

        Each event has a `$match` of its own, in a `$unionWith`, because a clustered collection answers one exact `_id`
        quickly, but walks through all documents for `$in` or `$or`.
        """
        stages: list[tuple[str, list[Document]]] = [
            (event_collection(texts.event["t"]), [{"$match": {"_id": texts.event}}, {"$project": {"extra": 0}}])
            for texts in self._pending
        ]
        if not stages:
            return {}
        (first, pipeline), *others = stages
        unions: list[Document] = [{"$unionWith": {"coll": name, "pipeline": part}} for name, part in others]
        found = self._database[first].aggregate([*pipeline, *unions])
        return {tuple(event["_id"].values()): event for event in found}


def _event_id(key: ProductInPartition, position: EventPosition) -> Document:
    product, partition = key
    return event_id(product, position.time_ms, partition, position.offset, position.generation)
