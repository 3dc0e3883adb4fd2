"""Every document of `products` against the events: sums, times and names, at moments of its own.

Days were read at earlier moments, so what differs is read again, all of it at one.
"""

from collections.abc import Callable, Iterator

from scripts.audit.findings import Findings
from scripts.audit.products import product_sums as products
from scripts.audit.products.names import Names
from scripts.audit.products.product_sums import Place, ProductSums
from scripts.audit.reading.shapes import is_aggregates
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import PRODUCTS, Document, product_id
from shared.mongo import SyncDatabase


class ProductCheck:
    """Compares with `expected`, what the days' events say. `whole`: all events that there ever were have been read.

    `wrong` is called with each product whose document is wrong.
    """

    def __init__(
        self,
        database: SyncDatabase,
        expected: dict[Place, ProductSums],
        whole: bool,
        findings: Findings,
        wrong: Callable[[Place], None],
    ) -> None:
        self._database = database
        self._expected = expected
        self._whole = whole
        self._findings = findings
        self._wrong = wrong
        self._names = Names(database, findings, wrong)

    def run(self) -> None:
        """Compare all documents, and miss those that are not there."""
        for document in self._documents():
            if is_aggregates(document["_id"], "pk"):
                place = document["_id"]["p"], document["_id"]["k"]
                self._judge(place, self._expected.pop(place, None), document)
        for place, expected in self._expected.items():
            self._judge(place, expected, None)
        self._names.compare()
        if not self._whole:
            self._findings.cannot_judge("ratings of days that were not read: a product's sums are a lower bound")

    def _documents(self) -> Iterator[Document]:
        """All documents, from newer moments as older ones pass."""
        last: object = None
        while True:
            with Snapshot(self._database) as moment:
                for document in moment.find(PRODUCTS, {} if last is None else {"_id": {"$gt": last}}):
                    yield document
                    last = document["_id"]
                    if moment.old:
                        break
                else:
                    return

    def _judge(self, place: Place, expected: ProductSums | None, document: Document | None) -> None:
        wrong = list(products.problems(expected, document, self._whole))
        if wrong:
            with Snapshot(self._database) as moment:
                expected = products.read_again(self._database, moment, place)
                document = moment.find_one(PRODUCTS, {"_id": product_id(*place)})
            wrong = list(products.problems(expected, document, self._whole))
        for one in wrong:
            products.note(place, one, self._findings)
        if wrong:
            self._wrong(place)
        elif expected is not None and document is not None:
            self._names.add(place, expected, document)
