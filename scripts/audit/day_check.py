"""One day's events against that day's sums; on the way it collects what offsets and products need.

The events are read once, in the order in which they are stored, by product and then by time. So the minutes of only a
few products are in memory at a time, and the seconds over all products: about 150 bytes for each second and partition
that had events.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from scripts.audit.findings import Findings, Kind, day_collection
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.products.product_sums import PACKED_RATINGS, EventPosition, ProductInPartition, ProductSums
from scripts.audit.reading.raw_events import PROJECTION, events_of
from scripts.audit.reading.shapes import PARTITION_END
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.sums.by_time import PARTITION_BITS, SumsByTime
from scripts.audit.sums.differences import Difference, compare_document
from scripts.audit.sums.rollups import compare_documents, compare_rollups
from scripts.audit.sums.totals import compare_totals
from shared.documents import DAY_MS, HOUR_MS, REPLAYED_PARTITION, ROLLUP_DAYS, ROLLUPS, Document, event_collection

PRODUCTS_AT_ONCE: Final = 50
"""The rollups of so many products are read with one query, a range of `_id` for each.

With half, a day of many products takes twice as many round trips; with twice as many, twice the minutes wait in memory
and MongoDB has to merge twice as many ranges.
"""
MINUTES_AT_ONCE: Final = 50_000
"""Rollups are also read when so many minutes wait in memory, whatever the number of products. A product has up to 1,440
minutes a day and partition, so with many partitions 50 products could be millions; half or twice as many minutes take
half or twice the memory."""


class DayCheck:
    """Compares one day (since 1970) as `snapshot` has it.

    It notes each event in `ledger`, adds what the events say of each product to `products`, and calls `differs` with
    each document of sums that is wrong.
    """

    def __init__(
        self,
        day: int,
        snapshot: Snapshot,
        ledger: Ledger,
        products: dict[ProductInPartition, ProductSums],
        findings: Findings,
        differs: Callable[[Difference], None],
    ) -> None:
        self._day = day
        self._collection = event_collection(day * DAY_MS)
        self._snapshot = snapshot
        self._ledger = ledger
        self._products = products
        self._findings = findings
        self._differs = differs
        self._current = _ProductToday(-1)
        self._seconds: SumsByTime = {}
        self._pending: dict[int, SumsByTime] = {}
        self._pending_minutes = 0
        self._seen_products: set[int] = set()
        self._rollups = 0

    def run(self, rollups: int, advance: Callable[[int], None]) -> None:
        """Read and compare everything.

        `rollups` is how many documents of `rollups` and `rollup_days` the day has at the snapshot's moment. `advance`
        is called with the number of events of each batch, once it was read.
        """
        for batch in self._snapshot.raw_batches(self._collection, {}, PROJECTION):
            advance(self._add(batch))
        self._end_product()
        self._compare_rollups()
        if self._rollups < rollups:
            self._find_surplus_rollups()
        compare_totals(self._day, self._seconds, self._snapshot, self._compare)
        self._seconds.clear()
        self._ledger.compact()

    def _add(self, batch: bytes) -> int:
        """Take in a raw batch of events. Returns how many they were.

        This loop runs once an event, so what it needs is in local names, and it calls no function that it could do
        without.
        """
        first_ms, end_ms = self._day * DAY_MS, (self._day + 1) * DAY_MS
        seconds, current = self._seconds, self._current
        count = 0
        for product, time_ms, partition, offset, generation, packed, rating in events_of(batch, self._malformed):
            count += 1
            if partition not in current.newest and not REPLAYED_PARTITION <= partition < PARTITION_END:
                self._malformed({"p": product, "t": time_ms, "k": partition, "o": offset}, "no such partition can be")
                continue
            if not first_ms <= time_ms < end_ms:
                self._wrong_day(product, time_ms, partition, offset, generation)
                continue
            if product != current.product:
                self._end_product()
                current = self._current = _ProductToday(product)
            second = (time_ms // 1000) << PARTITION_BITS | partition + 1
            seconds[second] = seconds.get(second, 0) + packed
            minute = (time_ms // 60_000) << PARTITION_BITS | partition + 1
            current.minutes[minute] = current.minutes.get(minute, 0) + packed
            if partition not in current.first:
                current.first[partition] = time_ms
            if rating >= 0:
                current.ratings[partition] = current.ratings.get(partition, 0) + PACKED_RATINGS[rating]
                current.rated[partition] = time_ms, offset, generation
            current.newest[partition] = time_ms, offset, generation
            if not self._ledger.event(partition, generation, offset):
                self._ledger.report_misfit(product, time_ms, partition, generation, offset)
        return count

    def _end_product(self) -> None:
        """Hand on what today's events say of the current product, all of which were read."""
        ended = self._current
        if not ended.first:
            return
        self._seen_products.add(ended.product)
        for partition, first_seen_ms in ended.first.items():
            rated = ended.rated.get(partition)
            newest = EventPosition(*ended.newest[partition])
            ratings, latest_rated = ended.ratings.get(partition, 0), EventPosition(*rated) if rated else None
            of_day = ProductSums(ratings, first_seen_ms, newest, latest_rated)
            known = self._products.setdefault((ended.product, partition), of_day)
            if known is not of_day:
                known.add(of_day)
        self._pending[ended.product] = ended.minutes
        self._pending_minutes += len(ended.minutes)
        if len(self._pending) >= PRODUCTS_AT_ONCE or self._pending_minutes >= MINUTES_AT_ONCE:
            self._compare_rollups()

    def _compare_rollups(self) -> None:
        """Compare the sums of the products in `_pending`, and empty it."""
        self._rollups += compare_rollups(self._day, self._pending, self._snapshot, self._compare)
        self._pending, self._pending_minutes = {}, 0

    def _find_surplus_rollups(self) -> None:
        """Compare the sums of products that have no events today: there should be none.

        Runs only where the day has more documents than were met, because it walks through the whole collections.
        """
        hours = self._snapshot.find(ROLLUPS, {"_id.h": {"$gte": self._day * 24, "$lt": (self._day + 1) * 24}})
        days = self._snapshot.find(ROLLUP_DAYS, {"_id.d": self._day})
        compare_documents(self._day, self._of_others(hours), self._of_others(days), {}, self._compare)

    def _of_others(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Those of these documents whose product has no events today."""
        for document in documents:
            identity = document["_id"]
            if isinstance(identity, dict) and identity.get("p") not in self._seen_products:
                yield document

    def _compare(self, difference: Difference) -> None:
        compare_document(difference, self._findings, self._differs)

    def _wrong_day(self, product: int, time_ms: int, partition: int, offset: int, generation: int) -> None:
        """Report an event of another day; its offset counts as stored, its amounts are in no sum of today."""
        self._findings.add(
            Kind.WRONG_DAY,
            f"{self._collection} holds an event of another day, {day_collection(time_ms)}: product {product}, "
            f"partition {partition}, offset {offset}",
            collection=self._collection,
            product=product,
            hour=time_ms // HOUR_MS,
            partition=partition,
            offset=offset,
            generation=generation,
        )
        if not self._ledger.event(partition, generation, offset):
            self._ledger.report_misfit(product, time_ms, partition, generation, offset)

    def _malformed(self, identity: Any, problem: str) -> None:
        self._findings.add(
            Kind.MALFORMED_EVENT,
            f"{self._collection} holds a document that is not an event, {identity!r}: {problem}",
            collection=self._collection,
        )


class _ProductToday:
    """What today's events say of one product so far.

    `minutes` are its sums. The others are by Kafka partition: `first` the first event's time in milliseconds, `ratings`
    packed as in `PACKED_RATINGS`, `newest` and `rated` the fields of the newest event's and rating's `EventPosition`.
    """

    __slots__ = ("first", "minutes", "newest", "product", "rated", "ratings")

    def __init__(self, product: int) -> None:
        self.product = product
        self.minutes: SumsByTime = {}
        self.first: dict[int, int] = {}
        self.ratings: dict[int, int] = {}
        self.newest: dict[int, tuple[int, int, int]] = {}
        self.rated: dict[int, tuple[int, int, int]] = {}
