"""One day's events, read once in order of product and time, against that day's rollups and totals.

Holds one product's minutes and the day's seconds: about 150 bytes a second and partition that had events.
"""

from collections.abc import Callable
from typing import Any, Final

from scripts.audit.findings import Findings, Kind, day_of
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.products.product_sums import PACKED_RATINGS, Newest, Place, ProductSums
from scripts.audit.reading.raw_events import PROJECTION, events_of
from scripts.audit.reading.shapes import MOST_PARTITION, is_aggregates
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.sums import levels, totals
from scripts.audit.sums.differences import Difference, compare
from scripts.audit.sums.levels import Levels
from scripts.audit.sums.totals import PARTITION_BITS, Sums
from shared.documents import DAY_MS, HOUR_MS, REPLAYED_PARTITION, ROLLUPS, event_collection

ROLLUPS_AT_ONCE: Final = 50
MINUTES_AT_ONCE: Final = 50_000


class Day:
    """Compares one day, as `snapshot` has it. `differs` is called for each document that is wrong."""

    def __init__(
        self,
        day: int,
        snapshot: Snapshot,
        ledger: Ledger,
        products: dict[Place, ProductSums],
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
        self._current = _Product(-1)
        self._seconds: Sums = {}
        self._pending: dict[int, Sums] = {}
        self._pending_minutes = 0
        self._seen_products: set[int] = set()
        self._rollups = 0

    def run(self, rollups: int, advance: Callable[[int], None]) -> None:
        """Read and compare everything; `rollups` is how many documents the day has there. `advance` is told of
        events as they are read."""
        for batch in self._snapshot.raw_batches(self._collection, {}, PROJECTION):
            advance(self._add(batch))
        self._end_product()
        self._compare_rollups()
        if self._rollups < rollups:
            self._find_surplus_rollups()
        totals.compare_day(self._day, self._seconds, self._snapshot, self._compare)
        self._seconds.clear()
        self._ledger.compact()

    def _add(self, batch: bytes) -> int:
        """Take in a batch of events; how many. One step an event, so names are local and nothing is called twice."""
        first_ms, end_ms = self._day * DAY_MS, (self._day + 1) * DAY_MS
        seconds, current = self._seconds, self._current
        count = 0
        for product, time_ms, partition, offset, generation, packed, rating in events_of(batch, self._malformed):
            count += 1
            if partition not in current.newest and not REPLAYED_PARTITION <= partition < MOST_PARTITION:
                self._malformed({"p": product, "t": time_ms, "k": partition, "o": offset}, "no such partition")
                continue
            if not first_ms <= time_ms < end_ms:
                self._wrong_day(product, time_ms, partition, offset, generation)
                continue
            if product != current.product:
                self._end_product()
                current = self._current = _Product(product)
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
                self._ledger.tell_again(product, time_ms, partition, generation, offset)
        return count

    def _end_product(self) -> None:
        """No more events of the current product will come today."""
        ended = self._current
        if not ended.first:
            return
        self._seen_products.add(ended.product)
        for partition, first_seen_ms in ended.first.items():
            rated = ended.rated.get(partition)
            newest = Newest(*ended.newest[partition])
            ratings, latest_rated = ended.ratings.get(partition, 0), Newest(*rated) if rated else None
            of_day = ProductSums(ratings, first_seen_ms, newest, latest_rated)
            known = self._products.setdefault((ended.product, partition), of_day)
            if known is not of_day:
                known.add(of_day)
        self._pending[ended.product] = ended.minutes
        self._pending_minutes += len(ended.minutes)
        if len(self._pending) >= ROLLUPS_AT_ONCE or self._pending_minutes >= MINUTES_AT_ONCE:
            self._compare_rollups()

    def _compare_rollups(self) -> None:
        """The rollups of the products whose events have been read."""
        expected = {
            (product, hour, partition): hour_levels
            for product, minutes in self._pending.items()
            for hour, partition, hour_levels in totals.hours_of(minutes)
        }
        hours = {"$gte": self._day * 24, "$lt": (self._day + 1) * 24}
        ranges = [
            {"_id": {order: {"p": product, "h": hour} for order, hour in hours.items()}} for product in self._pending
        ]
        for document in self._snapshot.find(ROLLUPS, {"$or": ranges}) if ranges else ():
            identity = document["_id"]
            if not is_aggregates(identity, "phk"):
                continue  # told by the census
            self._rollups += 1
            place = identity["p"], identity["h"], identity["k"]
            self._compare(ROLLUPS, identity, expected.pop(place, {}), levels.as_stored(document))
        for (product, hour, partition), wanted in expected.items():
            self._compare(ROLLUPS, {"p": product, "h": hour, "k": partition}, wanted, {})
        self._pending, self._pending_minutes = {}, 0

    def _find_surplus_rollups(self) -> None:
        """Documents of products that have no events today."""
        hours = {"_id.h": {"$gte": self._day * 24, "$lt": (self._day + 1) * 24}}
        for document in self._snapshot.find(ROLLUPS, hours):
            if is_aggregates(document["_id"], "phk") and document["_id"]["p"] not in self._seen_products:
                self._compare(ROLLUPS, document["_id"], {}, levels.as_stored(document))

    def _compare(self, collection: str, identity: dict[str, int], expected: Levels, stored: Levels) -> None:
        compare(collection, identity, expected, stored, self._findings, self._differs)

    def _wrong_day(self, product: int, time_ms: int, partition: int, offset: int, generation: int) -> None:
        self._findings.add(
            Kind.WRONG_DAY,
            f"{self._collection} holds an event of {day_of(time_ms)}: product {product}, "
            f"partition {partition}, offset {offset}",
            collection=self._collection,
            product=product,
            hour=time_ms // HOUR_MS,
            partition=partition,
            offset=offset,
            generation=generation,
        )
        if not self._ledger.event(partition, generation, offset):
            self._ledger.tell_again(product, time_ms, partition, generation, offset)

    def _malformed(self, identity: Any, problem: str) -> None:
        self._findings.add(
            Kind.MALFORMED_EVENT,
            f"{self._collection} holds a document that is no event, {identity!r}: {problem}",
            collection=self._collection,
        )


class _Product:
    """What today's events say of one product so far; times are in milliseconds, partitions the keys."""

    __slots__ = ("first", "minutes", "newest", "product", "rated", "ratings")

    def __init__(self, product: int) -> None:
        self.product = product
        self.minutes: Sums = {}
        self.first: dict[int, int] = {}
        self.ratings: dict[int, int] = {}
        self.newest: dict[int, tuple[int, int, int]] = {}
        self.rated: dict[int, tuple[int, int, int]] = {}
