"""Sums rebuilt from the raw events, a few documents a transaction, while consumers run.

What a document lacks of the raw events at the audit's moment it lacks at any later one, for consumers only add: so the
difference is added to what it holds by then. Each transaction first compares and touches the partition's document,
epoch and `next_offset` unchanged, so no consumer, and no other repair, writes the same documents meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from scripts.audit.products.product_sums import Place
from scripts.audit.reading.calendar import kept_from
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.repair import product_document
from scripts.audit.sums import levels
from scripts.audit.sums.differences import Difference
from scripts.audit.sums.levels import NOT_A_SUM, Levels
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
from shared.mongo import SyncDatabase

DOCUMENTS_AT_ONCE: Final = 200


class NotRepaired(Exception):
    """Why some documents were left as they are."""


class Repair:
    """Repairs one group's aggregates; `repaired` counts documents by collection, `left` says what was not, and why."""

    def __init__(self, database: SyncDatabase, session: ClientSession, group: str, topic: str) -> None:
        self._database = database
        self._session = session
        self._group = group
        self._topic = topic
        self._moment: Snapshot | None = None
        self._own: Counter[int] = Counter()
        self.repaired: Counter[str] = Counter()
        self.left: list[str] = []

    def sums(self, snapshot: Snapshot, differences: Iterable[Difference]) -> None:
        """Add what documents lacked at the snapshot's moment."""
        if snapshot is not self._moment:
            self._moment, self._own = snapshot, Counter()
        by_partition: dict[int, list[Difference]] = {}
        for difference in differences:
            by_partition.setdefault(difference.partition, []).append(difference)
        for partition, wrong in by_partition.items():
            seen = snapshot.find_one(*self._guard(partition))
            for start in range(0, len(wrong), DOCUMENTS_AT_ONCE):
                self._add(partition, seen, wrong[start : start + DOCUMENTS_AT_ONCE])

    def product(self, place: Place) -> None:
        """Make a product's document anew from all its events."""
        product, partition = place

        def make(session: ClientSession, _: Document) -> None:
            try:
                document = product_document.product(self._database, session, place)
            except (LookupError, TypeError, ValueError, ArithmeticError) as error:
                raise NotRepaired(f"one of its events is malformed: {error}") from error
            if kept_from(self._database):
                raise NotRepaired("retention has dropped days, and it takes all of them to make it anew")
            identity = {"_id": product_id(product, partition)}
            if document is None:
                self._database[PRODUCTS].delete_one(identity, session=session)
            else:
                self._database[PRODUCTS].replace_one(identity, document, upsert=True, session=session)

        if self._guarded(partition, make, f"{PRODUCTS} {place}"):
            self.repaired[PRODUCTS] += 1

    def leave_product(self, place: Place) -> None:
        """Leave a product's document as it is, because not all days were read."""
        self.left.append(f"{PRODUCTS} {place}: it takes all days to make it anew")

    def _add(self, partition: int, seen: Document | None, wrong: list[Difference]) -> None:
        def add(session: ClientSession, held: Document) -> None:
            if seen is None or held.get("repairs", 0) != seen.get("repairs", 0) + self._own[partition]:
                raise NotRepaired("another repair ran at the same time: run this again")
            for difference in wrong:
                self._replace(session, difference, unchanged=held.get("next_offset") == seen.get("next_offset"))

        if self._guarded(partition, add, f"{len(wrong)} documents of partition {partition}"):
            self.repaired.update(difference.collection for difference in wrong)

    def _replace(self, session: ClientSession, difference: Difference, unchanged: bool) -> None:
        collection, identity = self._database[difference.collection], {"_id": difference.identity}
        current = levels.as_stored(collection.find_one(identity, session=session) or {})
        repaired = added(current, difference, unchanged)
        if repaired:
            document = levels.as_document(difference.identity, repaired)
            collection.replace_one(identity, document, upsert=True, session=session)
        else:
            collection.delete_one(identity, session=session)

    def _guard(self, partition: int) -> tuple[str, Document]:
        """The document that whoever writes this partition's sums writes first."""
        if partition == REPLAYED_PARTITION:
            return MAINTENANCE, {"_id": REPLAYS}
        return PARTITIONS, {"_id": partition_id(self._group, self._topic, partition)}

    def _guarded(self, partition: int, write: Callable[[ClientSession, Document], None], what: str) -> bool:
        """Run a transaction that holds the partition's document. Returns whether it was committed."""
        collection, identity = self._guard(partition)

        def run(session: ClientSession) -> None:
            held = self._database[collection].find_one(identity, session=session)
            if held is None:
                raise NotRepaired("its partition is unknown")
            same = identity | {name: held[name] for name in ("epoch", "next_offset") if name in held}
            self._database[collection].update_one(same, {"$inc": {"repairs": 1}}, session=session)
            write(session, held)

        try:
            in_transaction(self._session, run)
        except (NotRepaired, PyMongoError) as error:
            self.left.append(f"{what}: {error}")
            return False
        self._own[partition] += 1
        return True


def added(current: Levels, difference: Difference, unchanged: bool) -> Levels:
    """`current` and what was lacking. `unchanged`: nothing was stored since. Raises NotRepaired."""
    if NOT_A_SUM in (*current.values(), *difference.stored.values()):
        if not unchanged:
            raise NotRepaired("a stored value is no number to add to, and events keep coming: stop the consumers first")
        return dict(difference.expected)
    paths = dict.fromkeys([*difference.expected, *current, *difference.stored])
    lacking = {path: difference.expected.get(path, 0) - difference.stored.get(path, 0) for path in paths}
    repaired = {path: current.get(path, 0) + lacking[path] for path in paths}
    if any(packed < 0 for packed in repaired.values()):
        raise NotRepaired("a document changed in another way than by adding events: run this again")
    return {path: packed for path, packed in repaired.items() if packed}
