"""The names that a document of `products` keeps of its newest event and newest rating, against those events themselves.

The audit reads only the numbers of all events. The few events whose texts matter are looked up here, many at once.

Events of two generations of the topic can be equal in time and offset. Of these the one with the greater name counts,
as MongoDB's `$max` compares what the consumer writes.

The key of a name is compared with what `shared.name_key` gives, the code by which the consumer made it too: a second
table of all of Unicode's letters would prove no more than that two copies of it are alike. So the audit proves that a
key is that of the document's present name; that keys themselves are right is what the tests of that module prove.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from scripts.audit.findings import Findings
from scripts.audit.products.product_differences import WrongField, report
from scripts.audit.products.product_sums import ProductInPartition, ProductSums
from shared import schema
from shared.documents import Document, event_collection
from shared.events import PRODUCT_RATED
from shared.mongo import SyncDatabase
from shared.name_key import name_key

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
_KEYS_SINCE: Final = 3
"""The schema's version with which keys came: documents of an older database need not have them."""
_PROJECT: Final = {"$project": {"event": 1, "name_of_product": 1, "category": 1}}

_EventKey = tuple[int, int, int, int]
"""Product, time, partition and offset: the `_id` of an event but for its generation."""


class _StoredTexts(NamedTuple):
    """What a product's document keeps in the field `field` of the event with this time and offset."""

    key: ProductInPartition
    field: str
    time_ms: int
    offset: int
    stored: Document

    @property
    def event(self) -> _EventKey:
        """The event that it is kept of, in any generation."""
        product, partition = self.key
        return product, self.time_ms, partition, self.offset


class NameCheck:
    """Compares the names of products whose numbers are right. `wrong` is called with each product whose names are
    not."""

    def __init__(self, database: SyncDatabase, findings: Findings, wrong: Callable[[ProductInPartition], None]) -> None:
        self._database = database
        self._findings = findings
        self._wrong = wrong
        self._has_keys = schema.check(database) >= _KEYS_SINCE
        self._pending: list[_StoredTexts] = []

    def add(self, key: ProductInPartition, expected: ProductSums, document: Document) -> None:
        """Take in a document, to be compared now or when enough others are there; end with a call of `compare`."""
        for field, newest in (("latest", expected.newest), ("latest_rated", expected.latest_rated)):
            if newest is not None:
                self._pending.append(_StoredTexts(key, field, newest.time_ms, newest.offset, document[field]))
        if len(self._pending) >= LOOKUPS_AT_ONCE:
            self.compare()

    def compare(self) -> None:
        """Compare all documents that were taken in.

        Passes over an event that is gone, because retention has dropped its day meanwhile.
        """
        events = self._look_up()
        for texts in self._pending:
            names = _TEXTS[texts.field]
            of_events = [
                tuple(event.get(name) for name in names.values())
                for event in events.get(texts.event, ())
                if texts.field == "latest" or event.get("event") == PRODUCT_RATED
            ]
            if not of_events:
                continue
            of_newest = dict(zip(names, max(of_events, key=_as_texts), strict=True))
            wrong = list(self._wrong_texts(texts, of_newest))
            for field in wrong:
                report(texts.key, field, self._findings)
            if wrong:
                self._wrong(texts.key)
        self._pending.clear()

    def _wrong_texts(self, texts: _StoredTexts, of_newest: dict[str, object]) -> Iterator[WrongField]:
        """The texts that differ from those `of_newest`, the newest event; and the key, where it is another name's."""
        expected = dict(of_newest)
        if texts.field == "latest" and (self._has_keys or "key" in texts.stored):
            expected["key"] = name_key(str(of_newest["name"]))
        for text, value in expected.items():
            stored = texts.stored.get(text)
            if stored != value:
                yield WrongField(f"{texts.field}.{text}", repr(value), repr(stored))

    def _look_up(self) -> dict[_EventKey, list[Document]]:
        """The events by their keys.

        Each has a `$match` of its own, in a `$unionWith`, because a clustered collection answers one short range of
        `_id` quickly, but walks through all documents for `$in` or `$or`.
        """
        stages: list[tuple[str, list[Document]]] = [
            (event_collection(texts.time_ms), [{"$match": {"_id": _in_any_generation(texts)}}, _PROJECT])
            for texts in self._pending
        ]
        if not stages:
            return {}
        (first, pipeline), *others = stages
        unions: list[Document] = [{"$unionWith": {"coll": name, "pipeline": part}} for name, part in others]
        events: dict[_EventKey, list[Document]] = {}
        for event in self._database[first].aggregate([*pipeline, *unions]):
            product, time_ms, partition, offset, _ = event["_id"].values()
            events.setdefault((product, time_ms, partition, offset), []).append(event)
        return events


def _as_texts(values: Iterable[object]) -> tuple[str, ...]:
    """Values that can be compared, whatever another program has stored in place of a text."""
    return tuple(map(str, values))


def _in_any_generation(texts: _StoredTexts) -> Document:
    """A condition on `_id`: all generations of one event's coordinates. The generation is its last field."""
    product, time_ms, partition, offset = texts.event
    return {
        order: {"p": product, "t": time_ms, "k": partition, "o": end}
        for order, end in (("$gte", offset), ("$lt", offset + 1))
    }
