"""Writes repaired documents, a few a transaction, while consumers run.

Each transaction first raises `repairs` in the *guard document* of the partition that it repairs (`guards`), which every
batch of a consumer, every replay and every other repair changes too. MongoDB lets only one of them commit, and the
others run again. So nobody else writes the partition's sums between that first write and the commit of a repair.

The first write also gives the guard document as it was before. The repair compares that with the audit's moment: it
gives up where another repair came in between, and it knows whether any event was stored.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from scripts.audit.products.product_sums import ProductInPartition
from scripts.audit.reading.calendar import kept_from
from scripts.audit.reading.raw_events import MALFORMED, what_is_malformed
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.repair.guards import GuardState, guard_of, state_of
from scripts.audit.repair.missing_sums import NotRepaired, with_missing_sums
from scripts.audit.repair.product_document import product_document
from scripts.audit.sums import levels
from scripts.audit.sums.differences import Difference
from scripts.common.sessions import in_transaction
from shared.documents import PRODUCTS, product_id
from shared.mongo import SyncDatabase, brief

DOCUMENTS_AT_ONCE: Final = 200
"""How many documents one transaction writes at most; `docs/operations/audit-and-repair.md` promises this number.

A consumer's batch of the same partition runs again when it meets a repair. With twice as many documents it waits for
longer; with half as many the repair commits twice as often, and the batch meets more of them.
"""
PATIENCE_SECONDS: Final = 30.0
"""How long a run of the repair waits for a partition that others keep writing to, before it leaves the partition's
documents as they are and says so.

A transaction gets in as soon as a batch has committed and the next has not begun, within milliseconds on most machines.
Where a batch is always under way, twice as long lets an operator wait a minute for each such partition to learn that
the consumers have to be stopped; with half, a repair beside a slow disk more often leaves something.
"""


class Repair:
    """Repairs one group's aggregates.

    Its methods block until MongoDB has committed. They raise nothing for a document that cannot be repaired: `repaired`
    counts the documents that were written, by collection, and `left` says of each other what it is and why it was left.
    """

    def __init__(self, database: SyncDatabase, session: ClientSession, group: str, topic: str) -> None:
        self._database = database
        self._session = session
        self._group = group
        self._topic = topic
        self._moment: Snapshot | None = None
        # This run's own transactions since `_moment`, by partition: each has raised `repairs`.
        self._own: Counter[int] = Counter()
        # Partitions for which this run has waited in vain. It tries each further transaction of theirs once.
        self._busy: set[int] = set()
        # Sealed days, of which a part was left: what the rest should hold depends on that part.
        self._left_days: set[tuple[bool, int | None, int, int]] = set()
        self.repaired: Counter[str] = Counter()
        self.left: list[str] = []

    def add_missing_sums(self, snapshot: Snapshot, differences: Iterable[Difference]) -> None:
        """Add to documents of sums what they lacked at the snapshot's moment."""
        if snapshot is not self._moment:
            self._moment, self._own = snapshot, Counter()
            self._left_days.clear()
        by_partition: dict[int, list[Difference]] = {}
        for difference in differences:
            by_partition.setdefault(difference.partition, []).append(difference)
        for partition, wrong in by_partition.items():
            guard = guard_of(partition, self._group, self._topic)
            at_moment = state_of(guard, snapshot.find_one(guard.collection, guard.identity))
            for start in range(0, len(wrong), DOCUMENTS_AT_ONCE):
                self._add_or_leave(partition, at_moment, wrong[start : start + DOCUMENTS_AT_ONCE])

    def rebuild_product(self, key: ProductInPartition) -> None:
        """Make a product's document anew from all its events, or delete it where there are none."""
        product, partition = key

        def rebuild(session: ClientSession, _: GuardState | None) -> None:
            try:
                document = product_document(self._database, session, key)
            except MALFORMED as error:
                raise NotRepaired(f"one of its events is malformed: {what_is_malformed(error)}") from error
            # Asked after the events were read: retention notes a day as dropped before it drops it.
            if kept_from(self._database):
                raise NotRepaired("retention has dropped days, and only all days together give the document")
            identity = {"_id": product_id(product, partition)}
            if document is None:
                self._database[PRODUCTS].delete_one(identity, session=session)
            else:
                self._database[PRODUCTS].replace_one(identity, document, upsert=True, session=session)

        if self._guarded(partition, rebuild, _named(key)):
            self.repaired[PRODUCTS] += 1

    def leave_product(self, key: ProductInPartition) -> None:
        """Leave a product's document as it is, because the audit has not read all days."""
        self.left.append(f"{_named(key)}: only all days together give the document, and not all of them were read")

    def _add_or_leave(self, partition: int, at_moment: GuardState | None, wrong: list[Difference]) -> None:
        """Repair some documents of a partition in one transaction, but for those of a sealed day of which other
        documents were left; `at_moment` is the state of the partition's guard document at the snapshot's moment."""
        left = [one for one in wrong if one.of_sealed_day and one.sums_of_day in self._left_days]
        if left:
            self.left.append(f"{len(left)} documents of partition {partition}: others of their sealed days were left")
        rest = [one for one in wrong if one not in left]
        if rest and not self._add(partition, at_moment, rest):
            self._left_days.update(one.sums_of_day for one in rest if one.of_sealed_day)

    def _add(self, partition: int, at_moment: GuardState | None, wrong: list[Difference]) -> bool:
        """Add what these documents lack. Returns whether that was committed."""

        def add(session: ClientSession, now: GuardState | None) -> None:
            if at_moment is None or now is None:
                raise NotRepaired(
                    "`partitions` does not say how far its partition is stored, so nobody can tell what changed since"
                )
            if now.repairs != at_moment.repairs + self._own[partition]:
                raise NotRepaired("another repair ran at the same time: run this again")
            unchanged = now.stored == at_moment.stored
            for difference in wrong:
                self._replace(session, difference, unchanged)

        if not self._guarded(partition, add, f"{len(wrong)} documents of partition {partition}"):
            return False
        self.repaired.update(difference.collection for difference in wrong)
        return True

    def _replace(self, session: ClientSession, difference: Difference, unchanged: bool) -> None:
        collection, identity = self._database[difference.collection], {"_id": difference.identity}
        current = levels.of_document(collection.find_one(identity, session=session) or {})
        repaired = with_missing_sums(current, difference, unchanged)
        if repaired:
            document = levels.as_document(difference.identity, repaired)
            collection.replace_one(identity, document, upsert=True, session=session)
        else:
            collection.delete_one(identity, session=session)

    def _guarded(self, partition: int, write: Callable[[ClientSession, GuardState | None], None], what: str) -> bool:
        """Run `write` in a transaction that first changes the partition's guard document. `write` is given the state
        that the guard document was in before.

        Returns whether the transaction was committed; where it was not, `left` says so of `what`, and why.
        """
        guard = guard_of(partition, self._group, self._topic)
        deadline = time.monotonic() + (0.0 if partition in self._busy else PATIENCE_SECONDS)
        attempts = 0

        def run(session: ClientSession) -> None:
            nonlocal attempts
            attempts += 1
            if attempts > 1 and time.monotonic() >= deadline:
                self._busy.add(partition)
                raise NotRepaired(
                    "consumers, replays or other repairs kept writing to its partition: "
                    "run this again, or stop them before"
                )
            before = self._database[guard.collection].find_one_and_update(
                guard.identity, {"$inc": {"repairs": 1}}, upsert=guard.may_be_absent, session=session
            )
            if before is None and not guard.may_be_absent:
                raise NotRepaired("its partition is unknown")
            write(session, state_of(guard, before))

        try:
            in_transaction(self._session, run)
        except NotRepaired as error:
            self.left.append(f"{what}: {error}")
            return False
        except PyMongoError as error:
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            outcome = "it is unknown whether MongoDB committed" if unknown else "MongoDB did not commit"
            self.left.append(f"{what}: {outcome} the repair: {brief(error)}; run this again")
            return False
        self._own[partition] += 1
        return True


def _named(key: ProductInPartition) -> str:
    product, partition = key
    return f"{PRODUCTS} of product {product}, partition {partition}"
