"""Events of one batch -> the sums that its aggregates grow by. Pure.

Each event is added once, to its product's minute and to its second over all products; coarser levels are sums of
these (`consumer.updates`).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self, TypeAlias

from consumer.decode import Event, Rated, Sold
from shared.documents import HISTOGRAM_BINS, MINUTE_MS, SECOND_MS

StoredEvent: TypeAlias = tuple[int, int, Event]
"""Partition, offset and the accepted event; the partition is -1 for one replayed from the dead letters."""


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
        return isinstance(other, Sums) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __repr__(self) -> str:
        return f"Sums({', '.join(f'{name}={getattr(self, name)}' for name in self.__slots__)})"


class Latest(NamedTuple):
    """The newest of some events by time, then offset; ordered as MongoDB's `$max` orders the stored subdocument."""

    time_ms: int
    offset: int
    name: str
    category: str = ""


class ProductFold:
    """What one batch says of one product in one partition: sums by minute since 1970, and what is newest."""

    __slots__ = ("first_seen_ms", "histogram", "latest_rated", "minutes", "name", "newest_ms", "newest_offset")

    def __init__(self, time_ms: int, offset: int, name: str) -> None:
        self.minutes: dict[int, Sums] = {}
        self.first_seen_ms = time_ms
        self.newest_ms, self.newest_offset, self.name = time_ms, offset, name
        self.latest_rated: Latest | None = None
        self.histogram: list[int] | None = None

    @property
    def latest(self) -> Latest:
        """The newest event of any kind."""
        return Latest(self.newest_ms, self.newest_offset, self.name)

    def see(self, time_ms: int, offset: int, name: str) -> None:
        """Note an event's time and the name that the product had then."""
        if time_ms > self.newest_ms or (time_ms == self.newest_ms and offset > self.newest_offset):
            self.newest_ms, self.newest_offset, self.name = time_ms, offset, name
        elif time_ms < self.first_seen_ms:
            self.first_seen_ms = time_ms


class Increments(NamedTuple):
    """The sums of one batch, by (product, partition) and by (second since 1970, partition)."""

    products: dict[tuple[int, int], ProductFold]
    seconds: dict[tuple[int, int], Sums]


def fold(events: Iterable[StoredEvent]) -> Increments:
    """Sum one batch into the increments of its aggregates.

    Order-independent: folding any permutation, or the parts of any split, gives the same sums and the same newest.
    """
    products: dict[tuple[int, int], ProductFold] = {}
    seconds: dict[tuple[int, int], Sums] = {}
    at, second = (-1, -1), Sums()  # neighbours mostly share their second
    for partition, offset, event in events:
        time_ms = event.time_ms
        product = products.get((event.product, partition))
        if product is None:
            product = products[event.product, partition] = ProductFold(time_ms, offset, event.name)
        else:
            product.see(time_ms, offset, event.name)
        minute = product.minutes.get(time_ms // MINUTE_MS)
        if minute is None:
            minute = product.minutes[time_ms // MINUTE_MS] = Sums()
        if at != (time_ms // SECOND_MS, partition):
            at = (time_ms // SECOND_MS, partition)
            second = seconds.setdefault(at, Sums())
        if isinstance(event, Sold):
            _add_sale(event, minute, second)
        else:
            _add_rating(event, offset, product, minute, second)
    return Increments(products, seconds)


def _add_sale(event: Sold, minute: Sums, second: Sums) -> None:
    minute.amount += event.amount
    second.amount += event.amount
    minute.units += event.units
    second.units += event.units
    minute.sales += 1
    second.sales += 1


def _add_rating(event: Rated, offset: int, product: ProductFold, minute: Sums, second: Sums) -> None:
    minute.rating_sum += event.rating
    second.rating_sum += event.rating
    minute.ratings += 1
    second.ratings += 1
    if product.histogram is None:
        product.histogram = [0] * HISTOGRAM_BINS
    product.histogram[histogram_bin(event.rating)] += 1
    rated = Latest(event.time_ms, offset, event.name, event.category)
    if product.latest_rated is None or rated > product.latest_rated:
        product.latest_rated = rated


def histogram_bin(rating: int) -> int:
    """Bin of a rating in hundredths: ten bins of half a point, 5.00 in the last."""
    return min(rating // 50, HISTOGRAM_BINS - 1)


def coarser(sums: Iterable[tuple[int, Sums]], size: int) -> Iterator[tuple[int, Sums]]:
    """Sums by minute (or second) -> by groups of `size` of them: 10 minutes a block, 60 an hour."""
    groups: dict[int, Sums] = {}
    for at, part in sums:
        groups.setdefault(at // size, Sums()).add(part)
    return iter(groups.items())
