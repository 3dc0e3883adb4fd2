"""The events of one partition in one batch -> what its aggregates grow by, and its documents, grouped. Pure.

Each event is added twice: to its product's minute, and to its second over all products. Everything coarser (ten-minute
blocks, hours, and minutes over all products) is a sum of these, made once when the batch is complete.
"""

from typing import NamedTuple

from consumer.batches.sums import IN_ITS_BIN, Sums, added_up
from consumer.events.event import Event, Rated, Sold
from shared.documents import MINUTE_MS, SECOND_MS


class MinuteIncrements(Sums):
    """One product's minute: the sums, and the documents of its events in the order in which they were added."""

    __slots__ = ("documents",)

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[bytes] = []


class Latest(NamedTuple):
    """The newest of some events of a product: the one with the latest time, and of these the one with the highest
    offset.

    Compares as MongoDB's `$max` compares the stored subdocument, field by field.
    """

    time_ms: int
    offset: int
    name: str
    category: str = ""


class ProductIncrements:
    """What one batch adds to one product in one partition: sums by minute since 1970, the newest event."""

    __slots__ = (
        "_newest_rating", "_newest_rating_offset", "first_seen_ms", "last_at", "last_minute", "minutes", "name",
        "newest_ms", "newest_offset",
    )  # fmt: skip

    def __init__(self, time_ms: int, offset: int, name: str) -> None:
        # The minute of the event added last is at hand, because neighbours mostly share their minute.
        self.last_at, self.last_minute = time_ms // MINUTE_MS, MinuteIncrements()
        self.minutes = {self.last_at: self.last_minute}
        self.first_seen_ms = time_ms
        self.newest_ms, self.newest_offset, self.name = time_ms, offset, name
        self._newest_rating: Rated | None = None
        self._newest_rating_offset = -1

    @property
    def latest(self) -> Latest:
        """The newest event of any kind."""
        return Latest(self.newest_ms, self.newest_offset, self.name)

    @property
    def latest_rated(self) -> Latest | None:
        """The newest rating, None where there was none."""
        rated = self._newest_rating
        return None if rated is None else Latest(rated.time_ms, self._newest_rating_offset, rated.name, rated.category)

    @property
    def is_rated(self) -> bool:
        """Whether there was a rating."""
        return self._newest_rating is not None

    @property
    def sums(self) -> Sums:
        """The sums of all minutes. They may be those of the only one, so nothing must be added to them."""
        return self.last_minute if len(self.minutes) == 1 else added_up(self.minutes.values())

    def turn_to(self, at: int) -> MinuteIncrements:
        """The increments of the minute `at` (since 1970), to which the next event is added."""
        minute = self.minutes.get(at)
        if minute is None:
            minute = self.minutes[at] = MinuteIncrements()
        self.last_at, self.last_minute = at, minute
        return minute

    def rate(self, rated: Rated, offset: int) -> None:
        """Note a rating where it is the newest."""
        newest = self._newest_rating
        if newest is None or (rated.time_ms, offset) > (newest.time_ms, self._newest_rating_offset):
            self._newest_rating, self._newest_rating_offset = rated, offset


class Increments:
    """What one partition's events add: `products` by id, and `seconds` (since 1970) over all products.

    The order of events does not matter: adding any permutation of them, or summing the parts of any split, gives the
    same increments.
    """

    __slots__ = ("_at", "_minute_at", "_second", "products", "seconds")

    def __init__(self) -> None:
        self.products: dict[int, ProductIncrements] = {}
        self.seconds: dict[int, Sums] = {}
        # The second of the last event is at hand: neighbours mostly share it.
        self._at, self._minute_at, self._second = -1, -1, Sums()

    def add(self, event: Event, offset: int, document: bytes) -> None:
        """Add the event that was read at `offset` and is stored as `document`.

        This runs once an event, so what could be small methods of `ProductIncrements` stands here in line.
        """
        time_ms = event.time_ms
        product = self.products.get(event.product)
        if product is None:
            product = self.products[event.product] = ProductIncrements(time_ms, offset, event.name)
        elif time_ms > product.newest_ms or (time_ms == product.newest_ms and offset > product.newest_offset):
            product.newest_ms, product.newest_offset, product.name = time_ms, offset, event.name
        elif time_ms < product.first_seen_ms:
            product.first_seen_ms = time_ms
        at = time_ms // SECOND_MS
        if at != self._at:
            self._at, self._minute_at, self._second = at, time_ms // MINUTE_MS, self.seconds.setdefault(at, Sums())
        second, at = self._second, self._minute_at
        minute = product.last_minute if product.last_at == at else product.turn_to(at)
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
            minute.bins += IN_ITS_BIN[rating]
            product.rate(event, offset)
