"""One audit: everything read, day by day, compared, told.

Consistent under load: a day's events, rollups and totals are read at one moment. Offsets are judged up to the
`next_offset` of the audit's first moment: whatever was promised then must be found at that moment or later, for stored
events stay. A product whose ratings differ because days were read at several moments is read again at one.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pymongo.errors import OperationFailure

from scripts._audit import products
from scripts._audit.calendar import calendar, documents_by_day, kept_from
from scripts._audit.day import Day
from scripts._audit.differences import Difference
from scripts._audit.findings import Findings, Kind
from scripts._audit.kafka import Log
from scripts._audit.ledger import Ledger, Place, ranges_of
from scripts._audit.products import ProductSums
from scripts._audit.promises import Promises, Scope
from scripts._audit.repair import Repair
from scripts._audit.replays import judge_replays
from scripts._audit.snapshot import Snapshot
from shared.documents import DAY_MS, PARTITIONS, PRODUCTS, REJECTED_EVENTS, ROLLUPS, Document, Id, event_collection
from shared.errors import AnalyticsError
from shared.mongo import SyncDatabase

_TOO_OLD: Final = 239
_UNAVAILABLE: Final = 246
_TRIES: Final = 20


class CannotAudit(AnalyticsError):
    """There is nothing to audit, or it cannot be read as it must be."""


class Report(NamedTuple):
    """What an audit came to."""

    findings: Findings
    events: int
    letters: int
    days: int
    moments: int
    """How many snapshots were read."""
    partitions: dict[int, int]
    """The `next_offset` up to which each partition was judged."""


class Reconciliation:
    """Audits one group's database; `since` is the first day (since 1970) to read, None for all. `repair` makes
    sums right that are wrong."""

    def __init__(
        self,
        database: SyncDatabase,
        group: str,
        topic: str,
        log: Log | None,
        since: int | None,
        repair: Repair | None = None,
    ) -> None:
        self._database = database
        self._chosen = {"_id.group": group, "_id.topic": topic}
        self._topic = topic
        self._log = log
        self._since = since
        self._repair = repair
        self.findings = Findings()
        self._ledger = Ledger(self.findings)
        self._products: dict[products.Place, ProductSums] = {}
        self._snapshot = Snapshot(database)
        self._rollups = documents_by_day(self._snapshot, ROLLUPS)
        self._moments = 1

    def run(self, advance: Callable[[int], None]) -> Report:
        """Read and compare everything; `advance` is told of events as they are read. Raises CannotAudit."""
        try:
            return self._run(advance)
        except OperationFailure as error:
            if error.code != _TOO_OLD:
                raise
            raise CannotAudit(
                "one day takes longer to read than MongoDB keeps a moment: raise its parameter "
                "minSnapshotHistoryWindowInSeconds (300 by default), or run this where MongoDB is closer"
            ) from error
        finally:
            self._snapshot.close()

    def _run(self, advance: Callable[[int], None]) -> Report:
        partitions = self._partitions()
        if not partitions:
            raise CannotAudit(
                f"database {self._database.name} holds no partition of {self._chosen}: are MONGODB_DATABASE, GROUP_ID "
                "and KAFKA_TOPIC those of the consumers?"
            )
        for other in self._snapshot.find(PARTITIONS, {"$nor": [self._chosen]}):
            text = f"`partitions` holds {other['_id']}: a database is of one group and topic, or their sums are mixed"
            self.findings.add(Kind.OTHER_GROUP, text, partition=other["_id"]["k"])
        for letter in self._snapshot.find(REJECTED_EVENTS, {"_id.topic": self._topic}, {"state": 1}):
            self._ledger.letter(letter)
        self._ledger.compact()
        days = calendar(self._database, self._snapshot, self.findings)
        wanted = [day for day in days.stored if day >= max(days.kept_from, self._since or 0)]
        read = [day for day in wanted if self._audit_day(day, advance)]
        kept = kept_from(self._database)
        whole = self._since is None and not kept
        since_ms = None if self._since is None else self._since * DAY_MS
        scope = Scope(frozenset(read), kept, whole, self._is_stored, since_ms)
        self._compare_products(scope.whole)
        ranges = [one for document in partitions for one in ranges_of(document)]
        ends = {Place(one["_id"]["k"], one["generation"]): one["next_offset"] for one in self._partitions()}
        Promises(self._ledger, self._log, scope, self.findings).judge(ranges, ends)
        judge_replays(self._database, self._ledger, self._topic, scope, self.findings)
        handled = {one["_id"]["k"]: one["next_offset"] for one in partitions}
        return Report(self.findings, self._ledger.events, self._ledger.letters, len(read), self._moments, handled)

    def _partitions(self) -> list[Document]:
        return list(self._snapshot.find(PARTITIONS, self._chosen))

    def _audit_day(self, day: int, advance: Callable[[int], None]) -> bool:
        """Returns False where retention dropped the day meanwhile: its events were not there to be read."""
        if self._snapshot.old:
            self._renew()
        self._make_readable(event_collection(day * DAY_MS))
        findings, wrong = Findings(), list[Difference]()
        one = Day(day, self._snapshot, self._ledger, self._products, findings, wrong.append)
        one.run(self._rollups[day], advance)
        if day < kept_from(self._database):
            self.findings.cannot_judge("hours of days that retention dropped", self._rollups[day])
            return False
        self.findings.take(findings)
        if wrong and self._repair is not None:
            self._repair.sums(self._snapshot, wrong)
        return True

    def _make_readable(self, collection: str) -> None:
        """A collection that was created after the moment can be read from a later one."""
        for _ in range(_TRIES):
            try:
                self._snapshot.find_one(collection, {})
                return
            except OperationFailure as error:
                if error.code != _UNAVAILABLE:
                    raise
                self._renew()
        raise CannotAudit(f"collection {collection} is being changed all the time, so it cannot be read at one moment")

    def _renew(self) -> None:
        self._snapshot.close()
        self._snapshot = Snapshot(self._database)
        self._rollups = documents_by_day(self._snapshot, ROLLUPS)
        self._moments += 1

    def _compare_products(self, whole: bool) -> None:
        for document in self._snapshot.find(PRODUCTS, {}):
            place = document["_id"]["p"], document["_id"]["k"]
            self._judge_product(place, self._products.pop(place, None), document, whole)
        for place, expected in self._products.items():
            self._judge_product(place, expected, None, whole)
        if not whole:
            self.findings.cannot_judge("ratings of days that were not read: a product's sums are a lower bound")

    def _judge_product(
        self, place: products.Place, expected: ProductSums | None, document: Document | None, whole: bool
    ) -> None:
        wrong = list(products.problems(expected, document, whole))
        if wrong and self._moments > 1:
            with Snapshot(self._database) as moment:
                expected = products.read_again(self._database, moment, place)
                document = moment.find_one(PRODUCTS, {"_id": {"p": place[0], "k": place[1]}})
            wrong = list(products.problems(expected, document, whole))
        for one in wrong:
            products.note(place, one, self.findings)
        if wrong and self._repair is not None:
            if whole:
                self._repair.product(place)
            else:
                self._repair.left.append(f"{PRODUCTS} {place}: it takes all days to make it anew")

    def _is_stored(self, day: int, identity: Id) -> bool:
        return self._database[event_collection(day * DAY_MS)].find_one({"_id": identity}, {"_id": 1}) is not None
