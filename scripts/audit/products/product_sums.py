"""What the raw events say of a product in a partition: its ratings, and when it was first seen, last seen, last rated.

An audit holds about 600 bytes for each product and partition that has events.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from bson.max_key import MaxKey

from scripts.audit.reading.raw_events import NO_RATING, PROJECTION, events_of
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import EVENT_COLLECTIONS, HISTOGRAM_BINS, Document
from shared.mongo import SyncDatabase

_BIN_BITS: Final = 48
"""Room for 2^48 ratings a bin. A product would need 9 million ratings a second for a year to fill a bin."""
_SUM_SHIFT: Final = _BIN_BITS * HISTOGRAM_BINS
PACKED_RATINGS: Final = tuple(
    rating << _SUM_SHIFT | 1 << _BIN_BITS * min(rating // 50, HISTOGRAM_BINS - 1) for rating in range(501)
)
"""By a rating in hundredths: the rating as packed ratings, so adding a rating is one addition.

    bit                480           432       384          48             0
      ┌────────────────┬─────────────┬─────────┬─     ─┬────┬──────────────┐
      │ sum, hundredths│ count bin 9 │ bin 8   │  ...  │    │ count bin 0  │
      └────────────────┴─────────────┴─────────┴─     ─┴────┴──────────────┘

A bin is half a star wide, and 5.0 belongs to the last one. Example: a rating of 4.5 is 450 hundredths and falls into
bin 450 // 50 = 9, so it adds 450 << 480 | 1 << 432.
"""

ProductInPartition = tuple[int, int]
"""Product id and Kafka partition: what a document of `products` is about."""


class EventPosition(NamedTuple):
    """When an event of a product happened (UTC milliseconds), and its coordinates in its Kafka partition.

    Of two events of a product in a partition, the newer one has the larger position.
    """

    time_ms: int
    offset: int
    generation: int


@dataclass(slots=True)
class ProductSums:
    """What raw events of a product in a partition say. `ratings` are packed as in `PACKED_RATINGS`."""

    ratings: int
    first_seen_ms: int
    newest: EventPosition
    latest_rated: EventPosition | None

    @classmethod
    def of_event(cls, position: EventPosition, rating: int) -> Self:
        """What one event says; `rating` in hundredths, `NO_RATING` for a sale."""
        rated = None if rating == NO_RATING else position
        return cls(PACKED_RATINGS[rating] if rated else 0, position.time_ms, position, rated)

    def add(self, other: "ProductSums") -> None:
        """Add what further events say, such as those of another day."""
        self.ratings += other.ratings
        self.first_seen_ms = min(self.first_seen_ms, other.first_seen_ms)
        self.newest = max(self.newest, other.newest)
        if other.latest_rated is not None:
            self.latest_rated = max(self.latest_rated or other.latest_rated, other.latest_rated)

    @property
    def histogram(self) -> list[int]:
        """The count of ratings in each bin."""
        mask = (1 << _BIN_BITS) - 1
        return [self.ratings >> _BIN_BITS * bin_ & mask for bin_ in range(HISTOGRAM_BINS)]

    @property
    def by_path(self) -> dict[str, int]:
        """The sums by their path in a document of `products`, without zeros; `rating_sum` in hundredths."""
        bins = {f"histogram.{bin_}": count for bin_, count in enumerate(self.histogram)}
        sums = {"ratings": sum(bins.values()), "rating_sum": self.ratings >> _SUM_SHIFT} | bins
        return {path: value for path, value in sums.items() if value}


def events_of_product(key: ProductInPartition) -> Document:
    """A filter for the events of one product in one partition."""
    product, partition = key
    return {"_id": {"$gte": {"p": product}, "$lt": {"p": product, "t": MaxKey()}}, "_id.k": partition}


def read_product(database: SyncDatabase, snapshot: Snapshot, key: ProductInPartition) -> ProductSums | None:
    """What all stored events of one product in one partition say at the snapshot's moment; None without events."""
    all_days: ProductSums | None = None
    for name in database.list_collection_names(filter=EVENT_COLLECTIONS):
        for batch in snapshot.raw_batches(name, events_of_product(key), PROJECTION):
            for _, time_ms, _, offset, generation, _, rating in events_of(batch, lambda _, __: None):
                of_event = ProductSums.of_event(EventPosition(time_ms, offset, generation), rating)
                if all_days is None:
                    all_days = of_event
                else:
                    all_days.add(of_event)
    return all_days
