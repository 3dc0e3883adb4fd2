"""Which documents of `rollups` and `totals` are due to be sealed: their `_id`s, a page at a time.

Neither collection has an index by time, and each further index would cost every batch. So the `_id`s of all documents
are walked through in their order, from the index on `_id` alone: no document is read that is not due. 10,000 `_id`s
take some 35 ms, so 2 million of them take 7 s once a day (docs/adr/0020-sealed-days.md).
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

from bson.max_key import MaxKey
from bson.min_key import MinKey

from shared.documents import ROLLUPS, TOTALS, Document
from shared.mongo import SyncDatabase

PAGE: Final = 10_000
"""`_id`s that are read at once: about 35 ms of work, after which the thread rests. With twice as many it holds the
interpreter from the batches for twice as long at a time; with half as many it asks twice as often."""
HOURS_OF_TOTAL: Final = 6
"""Hours over all products that are sealed at once, with their minutes: 366 documents with 2 MB, a quarter of a second.
With twice as many, a late event that meets them may wait for twice as long, and a slow machine comes nearer to the
transaction's deadline; with half as many, each day's document is written eight times."""

IsMine = Callable[[int], bool]
"""Whether this process seals a partition at the moment."""


class ProductDay(NamedTuple):
    """Hours (since 1970) of one product, day (since 1970) and partition that have documents, some of the day's or
    all."""

    product: int
    day: int
    partition: int
    hours: tuple[int, ...]

    @property
    def whose(self) -> str:
        """Whose sums these are, for a person."""
        return f"product {self.product}, partition {self.partition}"


class TotalDay(NamedTuple):
    """The same over all products."""

    day: int
    partition: int
    hours: tuple[int, ...]

    @property
    def whose(self) -> str:
        """Whose sums these are, for a person."""
        return f"all products, partition {self.partition}"


def product_day_pages(database: SyncDatabase, end_hour: int, is_mine: IsMine) -> Iterator[list[ProductDay]]:
    """The product days before `end_hour` (since 1970), a page at a time; pages may be empty. Raises PyMongoError.

    Each step asks MongoDB once. A day that a page cuts comes in two parts.
    """
    after: Any = {}
    while page := _page(database, ROLLUPS, {"_id": {"$gt": after}}):
        keys = sorted(
            (identity["p"], identity["h"] // 24, identity["k"], identity["h"])
            for identity in page
            if _is_id(identity, "phk") and identity["h"] < end_hour and is_mine(identity["k"])
        )
        by_day = groupby(keys, key=lambda key: key[:3])
        yield [ProductDay(day[0], day[1], day[2], tuple(hour for *_, hour in group)) for day, group in by_day]
        after = page[-1]
        if _is_id(after, "phk") and after["h"] >= end_hour:
            after = {"p": after["p"], "h": MaxKey()}  # the rest of this product is not due either


def total_day_pages(database: SyncDatabase, end_hour: int, is_mine: IsMine) -> Iterator[list[TotalDay]]:
    """The days of `totals` before `end_hour`, as `product_day_pages` gives those of products, in parts of at most
    `HOURS_OF_TOTAL` hours."""
    after: Any = {"h": MinKey()}
    while page := _page(database, TOTALS, {"_id": {"$gt": after, "$lt": {"h": end_hour}}}):
        keys = sorted(
            (identity["h"] // 24, identity["k"], identity["h"])
            for identity in page
            if _is_id(identity, "hk") and is_mine(identity["k"])
        )
        by_day = groupby(keys, key=lambda key: key[:2])
        hours = [(*day, tuple(hour for *_, hour in group)) for day, group in by_day]
        yield [
            TotalDay(day, partition, of_day[first : first + HOURS_OF_TOTAL])
            for day, partition, of_day in hours
            for first in range(0, len(of_day), HOURS_OF_TOTAL)
        ]
        after = page[-1]


def _page(database: SyncDatabase, collection: str, chosen: Document) -> list[Any]:
    """The next `_id`s. The projection and the hint keep MongoDB in the index."""
    found = database[collection].find(chosen, {"_id": 1}).sort("_id", 1).hint([("_id", 1)]).limit(PAGE)
    return [document["_id"] for document in found.batch_size(PAGE)]


def _is_id(identity: Any, names: str) -> bool:
    """Whether this is an `_id` as the consumer writes it; any other is the audit's business."""
    if not isinstance(identity, dict) or "".join(identity) != names:
        return False
    return all(map(_is_number, identity.values())) and identity["h"] >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
