"""Events of one batch -> the sums that its aggregates grow by, and its documents, grouped. Pure.

Each event is added once, to its product's minute and to its second over all products; coarser levels are sums of
these (`consumer.storage.upserts`).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from consumer.events.event import Event, Rated, Sold
from shared.documents import HISTOGRAM_BINS, MINUTE_MS, SECOND_MS


class Sums:
    """Sums over some events: `amount` in millionths, `rating_sum` in hundredths, the others are counts."""

    __slots__ = ("amount", "rating_sum", "ratings", "sales", "units")

    def __init__(self) -> None:
        self.amount = self.units = self.sales = self.ratings = self.rating_sum = 0

    def add(self, other: "Sums") -> Self:
        """Add another's sums to these."""
        self.amount += other.amount
        self.units += other.units
        self.sales += other.sales
        self.ratings += other.ratings
        self.rating_sum += other.rating_sum
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sums) and all(getattr(self, name) == getattr(other, name) for name in Sums.__slots__)

    def __repr__(self) -> str:
        return f"Sums({', '.join(f'{name}={getattr(self, name)}' for name in Sums.__slots__)})"


class Minute(Sums):
    """One product's minute: the sums, and the documents of its events in the order in which they were added."""

    __slots__ = ("documents",)

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[bytes] = []


class Latest(NamedTuple):
    """The newest of some events by time, then offset; ordered as MongoDB's `$max` orders the stored subdocument."""

    time_ms: int
    offset: int
    name: str
    category: str = ""


class ProductFold:
    """What one batch says of one product in one partition: sums by minute since 1970, and what is newest."""

    __slots__ = (
        "at", "first_seen_ms", "histogram", "minute", "minutes", "name", "newest_ms", "newest_offset", "rated",
        "rated_offset",
    )  # fmt: skip

    def __init__(self, time_ms: int, offset: int, name: str) -> None:
        self.at, self.minute = time_ms // MINUTE_MS, Minute()  # of the last event: neighbours mostly share it
        self.minutes = {self.at: self.minute}
        self.first_seen_ms = time_ms
        self.newest_ms, self.newest_offset, self.name = time_ms, offset, name
        self.rated: Rated | None = None  # the newest
        self.rated_offset = -1
        self.histogram: list[int] | None = None

    @property
    def latest(self) -> Latest:
        """The newest event of any kind."""
        return Latest(self.newest_ms, self.newest_offset, self.name)

    @property
    def latest_rated(self) -> Latest | None:
        """The newest rating."""
        rated = self.rated
        return None if rated is None else Latest(rated.time_ms, self.rated_offset, rated.name, rated.category)

    def turn_to(self, at: int) -> Minute:
        """The minute `at`, to which the next event is added."""
        minute = self.minutes.get(at)
        if minute is None:
            minute = self.minutes[at] = Minute()
        self.at, self.minute = at, minute
        return minute

    def rate(self, rated: Rated, offset: int) -> None:
        """Note a rating."""
        if self.histogram is None:
            self.histogram = [0] * HISTOGRAM_BINS
        self.histogram[histogram_bin(rated.rating)] += 1
        newest = self.rated
        if newest is None or (rated.time_ms, offset) > (newest.time_ms, self.rated_offset):
            self.rated, self.rated_offset = rated, offset


class Fold:
    """The increments of one partition's events: `products` by id, `seconds` (over all products) since 1970.

    Order-independent: adding any permutation of events, or summing the parts of any split, gives the same.
    """

    __slots__ = ("_at", "_minute_at", "_second", "products", "seconds")

    def __init__(self) -> None:
        self.products: dict[int, ProductFold] = {}
        self.seconds: dict[int, Sums] = {}
        self._at, self._minute_at, self._second = -1, -1, Sums()  # neighbours mostly share their second

    def add(self, event: Event, offset: int, document: bytes) -> None:
        """Add the event that was read at `offset` and is stored as `document`."""
        time_ms = event.time_ms
        product = self.products.get(event.product)
        if product is None:
            product = self.products[event.product] = ProductFold(time_ms, offset, event.name)
        elif time_ms > product.newest_ms or (time_ms == product.newest_ms and offset > product.newest_offset):
            product.newest_ms, product.newest_offset, product.name = time_ms, offset, event.name
        elif time_ms < product.first_seen_ms:
            product.first_seen_ms = time_ms
        at = time_ms // SECOND_MS
        if at != self._at:
            self._at, self._minute_at, self._second = at, time_ms // MINUTE_MS, self.seconds.setdefault(at, Sums())
        second, at = self._second, self._minute_at
        minute = product.minute if product.at == at else product.turn_to(at)
        minute.documents.append(document)
        if type(event) is Sold:
            units, amount = event.units, event.amount
            minute.amount += amount
            second.amount += amount
            minute.units += units
            second.units += units
            minute.sales += 1
            second.sales += 1
        elif type(event) is Rated:
            rating = event.rating
            minute.rating_sum += rating
            second.rating_sum += rating
            minute.ratings += 1
            second.ratings += 1
            product.rate(event, offset)


def histogram_bin(rating: int) -> int:
    """Bin of a rating in hundredths: ten bins of half a point, 5.00 in the last."""
    return min(rating // 50, HISTOGRAM_BINS - 1)


def coarser(sums: Iterable[tuple[int, Sums]], size: int) -> Iterator[tuple[int, Sums]]:
    """Sums by minute (or second) -> by groups of `size` of them: 10 minutes a block, 60 an hour."""
    groups: dict[int, Sums] = {}
    for at, part in sums:
        groups.setdefault(at // size, Sums()).add(part)
    return iter(groups.items())
