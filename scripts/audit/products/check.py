"""Every document of `products` against what the raw events of all days say.

The days were read at several moments, and an event may have come between two of them. So a product whose document
differs is read again, its events and its document at one moment, before it is called wrong.
"""

from collections.abc import Callable, Iterator

from pymongo.errors import OperationFailure

from scripts.audit.findings import Findings
from scripts.audit.products.names import NameCheck
from scripts.audit.products.product_differences import report, wrong_fields
from scripts.audit.products.product_sums import ProductInPartition, ProductSums, read_product
from scripts.audit.reading.calendar import kept_from
from scripts.audit.reading.shapes import is_aggregate_id
from scripts.audit.reading.snapshot import MOMENTS_TRIED, SNAPSHOT_UNAVAILABLE, Snapshot, keeps_changing
from shared.documents import PRODUCTS, Document, product_id
from shared.mongo import SyncDatabase


class ProductCheck:
    """Compares all documents of `products` with `expected`, what the events of the days that were read say.

    `whole` says that all events that there ever were have been read. `wrong` is called with each product whose document
    is wrong, after its findings.
    """

    def __init__(
        self,
        database: SyncDatabase,
        expected: dict[ProductInPartition, ProductSums],
        whole: bool,
        findings: Findings,
        wrong: Callable[[ProductInPartition], None],
    ) -> None:
        self._database = database
        self._expected = expected
        self._whole = whole
        self._findings = findings
        self._wrong = wrong
        self._names = NameCheck(database, findings, wrong)

    def run(self) -> None:
        """Compare all documents, and report those that are missing. Empties `expected` as it goes."""
        for document in self._documents():
            if is_aggregate_id(document["_id"], "pk"):
                key = document["_id"]["p"], document["_id"]["k"]
                self._check(key, self._expected.pop(key, None), document)
        for key, expected in self._expected.items():
            self._check(key, expected, None)
        self._names.compare()
        if not self._whole:
            self._findings.cannot_judge("ratings of days that were not read: a product's sums are a lower bound")

    def _documents(self) -> Iterator[Document]:
        """All documents in order of `_id`, read on from a new snapshot whenever the present one gets old."""
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

    def _check(self, key: ProductInPartition, expected: ProductSums | None, document: Document | None) -> None:
        wrong = list(wrong_fields(expected, document, self._whole))
        if wrong:
            expected, document = self._read_again(key)
            wrong = list(wrong_fields(expected, document, self._whole))
        for field in wrong:
            report(key, field, self._findings)
        if wrong:
            self._wrong(key)
        elif expected is not None and document is not None:
            self._names.add(key, expected, document)

    def _read_again(self, key: ProductInPartition) -> tuple[ProductSums | None, Document | None]:
        """What a product's events say and its document, at one moment. Raises CannotAudit.

        A day that gets its first event meanwhile cannot be read from the moment. A day that retention drops meanwhile
        is missing in what the events say: from then on they are not all that there ever were.
        """
        for _ in range(MOMENTS_TRIED):
            try:
                with Snapshot(self._database) as moment:
                    expected = read_product(self._database, moment, key)
                    document = moment.find_one(PRODUCTS, {"_id": product_id(*key)})
            except OperationFailure as error:
                if error.code != SNAPSHOT_UNAVAILABLE:
                    raise
                continue
            self._whole = self._whole and not kept_from(self._database)
            return expected, document
        raise keeps_changing("the collections of events")
