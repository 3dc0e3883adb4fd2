"""Names that `products` tells of the newest event and the newest rating, against those events themselves.

The pass over all events reads numbers alone; the few events whose texts matter are looked up, many at once.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from scripts.audit.findings import Findings
from scripts.audit.products.product_sums import Newest, Place, ProductSums, note
from shared.documents import Document, event_collection, event_id
from shared.mongo import SyncDatabase

AT_ONCE: Final = 100
_TEXTS: Final = {
    "latest": {"name": "name_of_product"},
    "latest_rated": {"name": "name_of_product", "category": "category"},
}
"""By field of a product's document: its texts, and what an event calls them."""


class _Claim(NamedTuple):
    """What a product's document says of one event."""

    place: Place
    field: str
    event: Document
    said: Document


class Names:
    """Takes products whose numbers are right; `wrong` is called with each whose names are not."""

    def __init__(self, database: SyncDatabase, findings: Findings, wrong: Callable[[Place], None]) -> None:
        self._database = database
        self._findings = findings
        self._wrong = wrong
        self._claims: list[_Claim] = []

    def add(self, place: Place, expected: ProductSums, document: Document) -> None:
        """Note what a document says, to be compared now or a little later."""
        for field, newest in (("latest", expected.newest), ("latest_rated", expected.latest_rated)):
            if newest is not None:
                self._claims.append(_Claim(place, field, _identity(place, newest), document[field]))
        if len(self._claims) >= AT_ONCE:
            self.compare()

    def compare(self) -> None:
        """Compare all that was noted. An event that has gone meanwhile, with its day, tells nothing."""
        events = self._look_up()
        for place, field, identity, said in self._claims:
            event = events.get(tuple(identity.values()))
            if event is None:
                continue
            wrong = False
            for text, called in _TEXTS[field].items():
                if said[text] != event.get(called):
                    note(place, (f"{field}.{text}", repr(event.get(called)), repr(said[text])), self._findings)
                    wrong = True
            if wrong:
                self._wrong(place)
        self._claims.clear()

    def _look_up(self) -> dict[tuple[int, ...], Document]:
        """The events by the values of their `_id`. Clustered collections answer one `_id` at a time, quickly."""
        stages: list[tuple[str, list[Document]]] = [
            (event_collection(claim.event["t"]), [{"$match": {"_id": claim.event}}, {"$project": {"extra": 0}}])
            for claim in self._claims
        ]
        if not stages:
            return {}
        (first, pipeline), *others = stages
        unions: list[Document] = [{"$unionWith": {"coll": name, "pipeline": part}} for name, part in others]
        found = self._database[first].aggregate([*pipeline, *unions])
        return {tuple(event["_id"].values()): event for event in found}


def _identity(place: Place, newest: Newest) -> Document:
    product, partition = place
    return event_id(product, newest.time_ms, partition, newest.offset, newest.generation)
