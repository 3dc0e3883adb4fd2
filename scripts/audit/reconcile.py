"""One audit: everything read, day by day, compared, told.

Consistent under load: a day's events, rollups and totals are read at one moment. Offsets are judged up to the
`next_offset` of the audit's first moment: whatever was promised then must be found at that moment or later, for stored
events stay. A product whose ratings differ because days were read at several moments is read again at one.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from pymongo.errors import OperationFailure

from scripts.audit.day_check import Day
from scripts.audit.findings import Findings
from scripts.audit.offsets.check import Promises, Scope
from scripts.audit.offsets.kafka import Log
from scripts.audit.offsets.ledger import Ledger, Place, ranges_of
from scripts.audit.offsets.partitions_and_letters import partitions_of, read_letters, tell_partitions
from scripts.audit.offsets.replays import judge_replays
from scripts.audit.products import product_sums as products
from scripts.audit.products.check import ProductCheck
from scripts.audit.reading.aggregate_ids import days_of, tell_malformed, tell_unknown_partitions
from scripts.audit.reading.calendar import calendar, kept_from
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.repair.transactions import Repair
from scripts.audit.sums.differences import Difference
from shared.documents import DAY_MS, PARTITIONS, ROLLUPS, Id, event_collection
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
        self._products: dict[products.Place, products.ProductSums] = {}
        self._snapshot = Snapshot(database)
        self._rollups = days_of(self._snapshot, ROLLUPS).hours
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
        if self._snapshot.find_one(PARTITIONS, self._chosen) is None:
            raise CannotAudit(
                f"database {self._database.name} holds no partition of {self._chosen}: are MONGODB_DATABASE, GROUP_ID "
                "and KAFKA_TOPIC those of the consumers?"
            )
        tell_partitions(self._snapshot, self._chosen, self.findings)
        partitions = partitions_of(self._snapshot, self._chosen)
        read_letters(self._snapshot, self._topic, self._ledger, self.findings)
        tell_malformed(self._snapshot, self.findings)
        tell_unknown_partitions(self._snapshot, [one["_id"]["k"] for one in partitions], self.findings)
        days = calendar(self._database, self._snapshot, self.findings)
        wanted = [day for day in days.stored if day >= max(days.kept_from, self._since or 0)]
        read = [day for day in wanted if self._audit_day(day, advance)]
        kept = kept_from(self._database)
        since_ms = None if self._since is None else self._since * DAY_MS
        scope = Scope(frozenset(read), kept, self._since is None and not kept, self._is_stored, since_ms)
        repair_product = partial(self._repair_product, scope.whole)
        ProductCheck(self._database, self._products, scope.whole, self.findings, repair_product).run()
        ranges = [one for document in partitions for one in ranges_of(document)]
        Promises(self._ledger, self._log, scope, self.findings).judge(ranges, self._ends())
        judge_replays(self._database, self._ledger, self._topic, scope, self.findings)
        handled = {one["_id"]["k"]: one["next_offset"] for one in partitions}
        return Report(self.findings, self._ledger.events, self._ledger.letters, len(read), self._moments, handled)

    def _ends(self) -> dict[Place, int]:
        """The offsets up to which events may have been met: of a moment after every other, however long they took."""
        with Snapshot(self._database) as moment:
            last = partitions_of(moment, self._chosen)
        return {Place(one["_id"]["k"], one["generation"]): one["next_offset"] for one in last}

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

    def _repair_product(self, whole: bool, place: products.Place) -> None:
        if self._repair is None:
            return
        if whole:
            self._repair.product(place)
        else:
            self._repair.leave_product(place)

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
        self._rollups = days_of(self._snapshot, ROLLUPS).hours
        self._moments += 1

    def _is_stored(self, day: int, identity: Id) -> bool:
        return self._database[event_collection(day * DAY_MS)].find_one({"_id": identity}, {"_id": 1}) is not None
