"""The ratings of all days against `products`: count, sum, histogram; and when a product was first seen, last rated, and
last seen at all.

Holds about 600 bytes a product and partition that has events.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from bson.max_key import MaxKey

from scripts.audit.findings import Findings, Kind
from scripts.audit.reading.packed_sums import NotASum, stored
from scripts.audit.reading.raw_events import NO_RATING, PROJECTION, events_of
from scripts.audit.reading.shapes import is_integer
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import EVENT_COLLECTIONS, HISTOGRAM_BINS, PRODUCTS, Document
from shared.mongo import SyncDatabase

_FIELDS: Final = {"_id", "ratings", "rating_sum", "histogram", "latest", "latest_rated", "first_seen"}
_BIN_BITS: Final = 48
_SUM_SHIFT: Final = _BIN_BITS * HISTOGRAM_BINS
PACKED_RATINGS: Final = tuple(
    rating << _SUM_SHIFT | 1 << _BIN_BITS * min(rating // 50, HISTOGRAM_BINS - 1) for rating in range(501)
)
"""What a rating, in hundredths, adds to the packed ratings of its product: the sum above ten bins."""

Place = tuple[int, int]
"""Product and partition."""


class Newest(NamedTuple):
    """Where the newest event, or rating, stands."""

    time_ms: int
    offset: int
    generation: int


@dataclass(slots=True)
class ProductSums:
    """What the raw events of a product in a partition say."""

    ratings: int
    first_seen_ms: int
    newest: Newest
    latest_rated: Newest | None

    @classmethod
    def of_event(cls, event: Newest, rating: int) -> Self:
        """Of one event alone; `rating` is `NO_RATING` for a sale."""
        rated = None if rating == NO_RATING else event
        return cls(PACKED_RATINGS[rating] if rated else 0, event.time_ms, event, rated)

    def add(self, other: "ProductSums") -> None:
        """Take in the events of another day."""
        self.ratings += other.ratings
        self.first_seen_ms = min(self.first_seen_ms, other.first_seen_ms)
        self.newest = max(self.newest, other.newest)
        if other.latest_rated is not None:
            self.latest_rated = max(self.latest_rated or other.latest_rated, other.latest_rated)

    @property
    def histogram(self) -> list[int]:
        """Count of ratings by bin."""
        mask = (1 << _BIN_BITS) - 1
        return [self.ratings >> _BIN_BITS * bin_ & mask for bin_ in range(HISTOGRAM_BINS)]

    @property
    def fields(self) -> dict[str, int]:
        """The sums by their path in `products`, `rating_sum` in hundredths; zeros left out."""
        bins = {f"histogram.{bin_}": count for bin_, count in enumerate(self.histogram)}
        named = {"ratings": sum(bins.values()), "rating_sum": self.ratings >> _SUM_SHIFT} | bins
        return {name: value for name, value in named.items() if value}


def events_at(place: Place) -> Document:
    """What matches the events of one product in one partition."""
    product, partition = place
    return {"_id": {"$gte": {"p": product}, "$lt": {"p": product, "t": MaxKey()}}, "_id.k": partition}


def read_again(database: SyncDatabase, snapshot: Snapshot, place: Place) -> ProductSums | None:
    """What all stored events of one product in one partition say, at the snapshot's moment."""
    all_days: ProductSums | None = None
    for name in database.list_collection_names(filter=EVENT_COLLECTIONS):
        for batch in snapshot.raw_batches(name, events_at(place), PROJECTION):
            for _, time_ms, _, offset, generation, _, rating in events_of(batch, lambda _, __: None):
                one = ProductSums.of_event(Newest(time_ms, offset, generation), rating)
                if all_days is None:
                    all_days = one
                else:
                    all_days.add(one)
    return all_days


def stored_fields(document: Document) -> dict[str, int | None]:
    """The same of a stored document; None for what no sum of ratings can be."""
    fields: dict[str, int | None] = dict.fromkeys(document.keys() - _FIELDS)
    histogram = document.get("histogram", {})
    if isinstance(histogram, dict):
        fields |= {f"histogram.{bin_}": count if is_integer(count) else None for bin_, count in histogram.items()}
    else:
        fields["histogram"] = None
    try:
        packed = stored({name: document[name] for name in ("ratings", "rating_sum") if name in document})
        fields |= {"ratings": packed >> 64, "rating_sum": packed & (1 << 64) - 1}
    except NotASum:
        fields |= {"ratings": None, "rating_sum": None}
    return {name: value for name, value in fields.items() if value != 0}


def problems(expected: ProductSums | None, document: Document | None, whole: bool) -> Iterator[tuple[str, str, str]]:
    """Each field in which a stored document is wrong: its path, what the events say, what it holds.

    `whole` tells that `expected` comes of all events there ever were; otherwise it is a lower bound.
    """
    wanted: dict[str, Any] = {} if expected is None else dict(expected.fields)
    found: dict[str, Any] = {} if document is None else stored_fields(document)
    for name in sorted({*wanted, *found}):
        want, have = wanted.get(name, 0), found.get(name, 0)
        if have is None or have < want or (whole and have != want):
            yield name, str(want), str(have)
    if expected is None or document is None:
        if expected is not None:
            yield "", "a document", "none"
        elif document is not None and whole:
            yield "", "no document", "one"
        return
    yield from _wrong_moments(expected, document, whole)


def _wrong_moments(expected: ProductSums, document: Document, whole: bool) -> Iterator[tuple[str, str, str]]:
    """The same of when the product was first seen, last seen and last rated."""
    first = document.get("first_seen")
    if not is_integer(first) or first > expected.first_seen_ms or (whole and first < expected.first_seen_ms):
        yield "first_seen", str(expected.first_seen_ms), str(first)
    # The days that were read are the last ones, so their newest event is the newest of all.
    latest, newest = _order(document.get("latest"), "ton"), expected.newest[:2]
    if latest is None or latest > newest:
        yield "latest", f"{newest} or before", str(document.get("latest"))
    rated = document.get("latest_rated")
    if expected.latest_rated is not None:
        if _order(rated, "tonc") != expected.latest_rated[:2]:
            yield "latest_rated", str(expected.latest_rated[:2]), str(rated)
    elif rated is not None and whole:
        yield "latest_rated", "None", str(rated)


def _order(latest: object, initials: str) -> tuple[int, int] | None:
    """Time and offset of `latest` or `latest_rated`; None where it is not made as it must be. Fields are named by
    their initials."""
    if not isinstance(latest, dict) or "".join(name[0] for name in latest if name) != initials:
        return None
    texts = [latest[name] for name in ("name", "category") if name in latest]
    if not all(isinstance(text, str) for text in texts) or len(texts) != len(initials) - 2:
        return None
    time_ms, offset = latest.get("t"), latest.get("o")
    return (time_ms, offset) if is_integer(time_ms) and is_integer(offset) else None


def note(place: Place, wrong: tuple[str, str, str], findings: Findings) -> None:
    """Tell one wrong field."""
    path, expected, found = wrong
    product, partition = place
    findings.add(
        Kind.SUM_DIFFERS,
        f"{PRODUCTS} of product {product}, partition {partition}, {path or 'the document'}: "
        f"holds {found}, the raw events give {expected}",
        collection=PRODUCTS,
        level="histogram" if path.startswith("histogram") else "product",
        partition=partition,
        product=product,
        path=path,
        expected=expected,
        found=found,
    )
