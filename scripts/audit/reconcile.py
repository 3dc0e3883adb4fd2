"""One audit from its first read to its last: which package is called when, and at which moment each thing is read.

Consumers run meanwhile, so everything that is compared is read so that their writes cannot look like errors:

- A day's events and sums are read at one moment. Batches write both in one transaction, so at any moment they agree.
  So do hours and sealed days, between which consumers move sums in one transaction.
- Offsets are judged up to the `next_offset` of the audit's first moment. What was stored by then is still stored at the
  later moments at which the days are read, because only retention removes events, by whole days.
- Products are compared with the events of all days, which were read at several moments. A product that differs is read
  again at one moment before it is called wrong.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from pymongo.errors import OperationFailure

from scripts.audit.day_check import DayCheck
from scripts.audit.event_ids.check import EventIdCheck
from scripts.audit.event_ids.letters import LetterCheck
from scripts.audit.findings import Findings
from scripts.audit.offsets.check import OffsetCheck
from scripts.audit.offsets.kafka import KafkaTopic
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.offsets.partitions_and_letters import partitions_of, read_letters, report_partitions
from scripts.audit.offsets.ranges import KafkaPartition, ranges_of
from scripts.audit.offsets.replays import check_replays
from scripts.audit.offsets.scope import Scope
from scripts.audit.products.check import ProductCheck
from scripts.audit.products.product_sums import ProductInPartition, ProductSums
from scripts.audit.reading.aggregate_ids import count_by_day, report_malformed_ids, report_unknown_partitions
from scripts.audit.reading.calendar import kept_from, read_calendar
from scripts.audit.reading.snapshot import (
    MOMENTS_TRIED,
    SNAPSHOT_TOO_OLD,
    SNAPSHOT_UNAVAILABLE,
    CannotAudit,
    Snapshot,
    keeps_changing,
)
from scripts.audit.repair.transactions import Repair
from scripts.audit.sums.differences import Difference
from shared.documents import DAY_MS, EVENT_IDS, PARTITIONS, ROLLUP_DAYS, ROLLUPS, Id, event_collection
from shared.event_id_window import read_window
from shared.mongo import SyncDatabase


class AuditSummary(NamedTuple):
    """What an audit read and found."""

    findings: Findings
    events: int
    letters: int
    days: int
    moments: int
    """How many snapshots the days were read from."""
    event_ids: int
    """How many events with an id were compared with the recorded ids."""
    next_offsets: dict[int, int]
    """The `next_offset` up to which each partition was judged."""


class Reconciliation:
    """Audits the database of one group and topic.

    `kafka` is None when Kafka is not to be asked. `since` is the first day (since 1970, UTC) whose events are read,
    None for all days. `repair` makes sums right that are wrong, None leaves them. Call `run` once.
    """

    def __init__(
        self,
        database: SyncDatabase,
        group: str,
        topic: str,
        kafka: KafkaTopic | None,
        since: int | None,
        repair: Repair | None = None,
    ) -> None:
        self._database = database
        self._group = group
        self._topic = topic
        self._own_partitions = {"_id.group": group, "_id.topic": topic}
        self._kafka = kafka
        self._since = since
        self._repair = repair
        self.findings = Findings()
        self._ledger = Ledger(self.findings)
        self._products: dict[ProductInPartition, ProductSums] = {}
        self._snapshot = Snapshot(database)
        self._stored = count_by_day(self._snapshot, ROLLUPS, ROLLUP_DAYS)
        self._moments = 1
        self._window = read_window(database)
        self._ids = EventIdCheck(self._window, self._mongodb_now, partial(kept_from, database), self.findings)

    def run(self, advance: Callable[[int], None]) -> AuditSummary:
        """Read and compare everything. `advance` is called with the number of events of each batch that was read.

        Blocks until all days are read, minutes for tens of millions of events. Raises CannotAudit, SourceUnavailable
        when Kafka does not answer, and PyMongoError when MongoDB does not.
        """
        try:
            return self._run(advance)
        except OperationFailure as error:
            if error.code != SNAPSHOT_TOO_OLD:
                raise
            raise CannotAudit(
                "one day takes longer to read than MongoDB keeps a moment: raise MongoDB's parameter "
                "minSnapshotHistoryWindowInSeconds (300 by default), or run the audit on a machine closer to MongoDB"
            ) from error
        finally:
            self._snapshot.close()

    def _run(self, advance: Callable[[int], None]) -> AuditSummary:
        if self._snapshot.find_one(PARTITIONS, self._own_partitions) is None:
            raise CannotAudit(
                f"database {self._database.name} holds no partition of group {self._group} and topic {self._topic}: "
                "are MONGODB_DATABASE, GROUP_ID and KAFKA_TOPIC those of the consumers?"
            )
        # What the first moment knows: partitions, dead letters, the ids of all aggregates.
        malformed = report_partitions(self._snapshot, self._own_partitions, self.findings)
        partitions = partitions_of(self._snapshot, self._own_partitions)
        next_offsets = {document["_id"]["k"]: document["next_offset"] for document in partitions}
        read_letters(self._snapshot, self._topic, self._ledger, self.findings)
        report_malformed_ids(self._snapshot, self.findings)
        report_unknown_partitions(self._snapshot, next_offsets.keys() | malformed, self.findings)

        # Each day: events against rollups and totals.
        days = read_calendar(self._database, self._snapshot, self.findings)
        wanted = [day for day in days.stored if day >= max(days.kept_from, self._since or 0)]
        read = [day for day in wanted if self._audit_day(day, advance)]

        # All days together: products, offsets, replayed dead letters.
        kept = kept_from(self._database)
        since_ms = None if self._since is None else self._since * DAY_MS
        scope = Scope(frozenset(read), kept, self._since is None and not kept, self._is_stored, since_ms)
        repair_product = partial(self._repair_product, scope.whole)
        ProductCheck(self._database, self._products, scope.whole, self.findings, repair_product).run()
        ranges = [offset_range for document in partitions for offset_range in ranges_of(document)]
        offset_check = OffsetCheck(self._ledger, self._kafka, scope, malformed, self.findings)
        offset_check.run(ranges, self._last_next_offsets())
        check_replays(self._database, self._ledger, self._topic, scope, self.findings)
        self._check_event_ids(frozenset(read))
        ledger = self._ledger
        return AuditSummary(
            self.findings, ledger.events, ledger.letters, len(read), self._moments, self._ids.compared, next_offsets
        )

    def _last_next_offsets(self) -> dict[KafkaPartition, int]:
        """The `next_offset` of each partition at a moment after all days were read: no event that the audit has met may
        be at or after it."""
        with Snapshot(self._database) as moment:
            last = partitions_of(moment, self._own_partitions)
        return {
            KafkaPartition(document["_id"]["k"], document["generation"]): document["next_offset"] for document in last
        }

    def _audit_day(self, day: int, advance: Callable[[int], None]) -> bool:
        """Check one day, and repair its sums.

        Returns False, without findings, where retention dropped the day meanwhile: some of its events may have been
        gone when they were to be read, and its sums would look wrong.
        """
        if self._snapshot.old:
            self._renew()
        self._make_readable(event_collection(day * DAY_MS))
        findings, wrong = Findings(), list[Difference]()
        day_check = DayCheck(day, self._snapshot, self._ledger, self._products, findings, wrong.append)
        day_check.run(self._stored.hours[day] + self._stored.sealed[day], advance)
        if day < kept_from(self._database):
            self.findings.cannot_judge("hours of days that retention dropped", self._stored.hours[day])
            self.findings.cannot_judge("sealed documents of days that retention dropped", self._stored.sealed[day])
            return False
        self.findings.merge(findings)
        self._ids.check_day(day, self._snapshot)
        if wrong and self._repair is not None:
            self._repair.add_missing_sums(self._snapshot, wrong)
        return True

    def _check_event_ids(self, days: frozenset[int]) -> None:
        """Check what the days, each for itself, could not: ids of late events, and letters that name first events."""
        if self._window is None:
            recorded = self._snapshot.aggregate(EVENT_IDS, [{"$count": "ids"}])
            unknown = recorded[0]["ids"] if recorded else 0
            self.findings.cannot_judge("event ids, since no consumer notes since when they are complete", unknown)
            return
        self._renew()
        self._ids.check_late(days, self._snapshot)
        since = self._mongodb_now() - timedelta(days=self._window.days)
        LetterCheck(self._ids, since, days, self.findings).run(self._topic, self._snapshot)

    def _repair_product(self, whole: bool, key: ProductInPartition) -> None:
        """Have a product's document made anew. Only all days together give it: `whole` says that all were read."""
        if self._repair is None:
            return
        if whole:
            self._repair.rebuild_product(key)
        else:
            self._repair.leave_product(key)

    def _make_readable(self, collection: str) -> None:
        """Renew the snapshot until MongoDB can read `collection` from it. Raises CannotAudit.

        MongoDB refuses to read a collection from a moment before the collection was created or changed.
        """
        for _ in range(MOMENTS_TRIED):
            try:
                self._snapshot.find_one(collection, {})
                return
            except OperationFailure as error:
                if error.code != SNAPSHOT_UNAVAILABLE:
                    raise
                self._renew()
        raise keeps_changing(f"collection {collection}")

    def _renew(self) -> None:
        """Go on to a new moment."""
        self._snapshot.close()
        self._snapshot = Snapshot(self._database)
        self._stored = count_by_day(self._snapshot, ROLLUPS, ROLLUP_DAYS)
        self._moments += 1

    def _mongodb_now(self) -> datetime:
        now: datetime = self._database.client.admin.command("hello")["localTime"]
        return now.replace(tzinfo=UTC)

    def _is_stored(self, day: int, identity: Id) -> bool:
        return self._database[event_collection(day * DAY_MS)].find_one({"_id": identity}, {"_id": 1}) is not None
