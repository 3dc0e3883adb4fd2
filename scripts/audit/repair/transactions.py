"""Writes repaired documents, a few a transaction, while consumers run.

Each transaction reads the document of `partitions` of the partition that it repairs, its *guard document*, and raises
`repairs` in it. Every batch of a consumer writes that document too, and so does every other repair. MongoDB lets only
one of them commit, and the others run again. So nobody else writes the partition's sums between the read and the commit
of a repair. The guard document of replayed events is `replays` in `maintenance`, which every replay writes.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from scripts.audit.products.product_sums import ProductInPartition
from scripts.audit.reading.calendar import kept_from
from scripts.audit.reading.raw_events import MALFORMED, what_is_malformed
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.repair.missing_sums import NotRepaired, with_missing_sums
from scripts.audit.repair.product_document import product_document
from scripts.audit.sums import levels
from scripts.audit.sums.differences import Difference
from scripts.common.sessions import in_transaction
from shared.documents import (
    MAINTENANCE,
    PARTITIONS,
    PRODUCTS,
    REPLAYED_PARTITION,
    REPLAYS,
    Document,
    partition_id,
    product_id,
)
from shared.mongo import SyncDatabase, brief

DOCUMENTS_AT_ONCE: Final = 200
"""How many documents one transaction writes at most; `docs/operations/audit-and-repair.md` promises this number.

A consumer's batch of the same partition runs again when it meets a repair. With twice as many documents it waits for
longer; with half as many the repair commits twice as often, and the batch meets more of them.
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
        self.repaired: Counter[str] = Counter()
        self.left: list[str] = []

    def add_missing_sums(self, snapshot: Snapshot, differences: Iterable[Difference]) -> None:
        """Add to documents of `rollups` and `totals` what they lacked at the snapshot's moment."""
        if snapshot is not self._moment:
            self._moment, self._own = snapshot, Counter()
        by_partition: dict[int, list[Difference]] = {}
        for difference in differences:
            by_partition.setdefault(difference.partition, []).append(difference)
        for partition, wrong in by_partition.items():
            at_moment = snapshot.find_one(*self._guard_of(partition))
            for start in range(0, len(wrong), DOCUMENTS_AT_ONCE):
                self._add(partition, at_moment, wrong[start : start + DOCUMENTS_AT_ONCE])

    def rebuild_product(self, key: ProductInPartition) -> None:
        """Make a product's document anew from all its events, or delete it where there are none."""
        product, partition = key

        def rebuild(session: ClientSession, _: Document) -> None:
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

    def _add(self, partition: int, at_moment: Document | None, wrong: list[Difference]) -> None:
        """Repair some documents of a partition in one transaction; `at_moment` is the partition's guard document as it
        was at the snapshot's moment."""

        def add(session: ClientSession, guard: Document) -> None:
            if at_moment is None or guard.get("repairs", 0) != at_moment.get("repairs", 0) + self._own[partition]:
                raise NotRepaired("another repair ran at the same time: run this again")
            unchanged = guard.get("next_offset") == at_moment.get("next_offset")
            for difference in wrong:
                self._replace(session, difference, unchanged)

        if self._guarded(partition, add, f"{len(wrong)} documents of partition {partition}"):
            self.repaired.update(difference.collection for difference in wrong)

    def _replace(self, session: ClientSession, difference: Difference, unchanged: bool) -> None:
        collection, identity = self._database[difference.collection], {"_id": difference.identity}
        current = levels.of_document(collection.find_one(identity, session=session) or {})
        repaired = with_missing_sums(current, difference, unchanged)
        if repaired:
            document = levels.as_document(difference.identity, repaired)
            collection.replace_one(identity, document, upsert=True, session=session)
        else:
            collection.delete_one(identity, session=session)

    def _guard_of(self, partition: int) -> tuple[str, Document]:
        """Collection and filter of the document that everybody writes who writes this partition's sums."""
        if partition == REPLAYED_PARTITION:
            return MAINTENANCE, {"_id": REPLAYS}
        return PARTITIONS, {"_id": partition_id(self._group, self._topic, partition)}

    def _guarded(self, partition: int, write: Callable[[ClientSession, Document], None], what: str) -> bool:
        """Run `write` in a transaction that also writes the partition's guard document, which `write` is given.

        Returns whether the transaction was committed; where it was not, `left` says so of `what`, and why.
        """
        collection, identity = self._guard_of(partition)

        def run(session: ClientSession) -> None:
            guard = self._database[collection].find_one(identity, session=session)
            if guard is None:
                raise NotRepaired("its partition is unknown")
            same = identity | {name: guard[name] for name in ("epoch", "next_offset") if name in guard}
            self._database[collection].update_one(same, {"$inc": {"repairs": 1}}, session=session)
            write(session, guard)

        try:
            in_transaction(self._session, run)
        except NotRepaired as error:
            self.left.append(f"{what}: {error}")
            return False
        except PyMongoError as error:
            self.left.append(f"{what}: MongoDB did not commit the repair: {brief(error)}")
            return False
        self._own[partition] += 1
        return True


def _named(key: ProductInPartition) -> str:
    product, partition = key
    return f"{PRODUCTS} of product {product}, partition {partition}"
