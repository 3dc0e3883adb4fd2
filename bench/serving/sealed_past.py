"""Fills a database with sealed days, as if the products that it knows had been sold and rated on each of them.

The consumer seals a day long after it is over, so no benchmark can wait for it. These are the documents that it would
leave: its own code lays them out (`consumer.sealing.day_sums`), with the same sales and ratings on every day.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from consumer.sealing.day_sums import BIN_SHIFTS, day_document
from consumer.storage.statements.bson_parts import embedded, integer
from shared.documents import BIN_FIELDS, DAY_MS, PRODUCTS, ROLLUP_DAYS, TOTAL_DAYS, Document, rating_bin, total_day_id

Documents = Database[dict[str, Any]]
Place = tuple[int, int]
"""A product and a partition in which it was seen."""

AMOUNT: Final = 12_340_000
"""Of one sale, in millionths."""
RATING: Final = 450
"""Of one rating, in hundredths."""
_BIN: Final = BIN_FIELDS[rating_bin(RATING)]
BATCH: Final = 20_000
"""Documents in one insert, as in `bench.serving.past`."""


class EachDay(NamedTuple):
    """What happens to a product on each day."""

    quarters: tuple[int, ...]
    """The quarter hours in which it is sold and rated."""
    sales: int
    """In each of these quarter hours."""
    ratings: int
    """The same of ratings."""

    @property
    def sales_a_day(self) -> int:
        """Sales in all quarter hours."""
        return len(self.quarters) * self.sales


BUSY: Final = EachDay((0, 37, 50, 95), sales=5, ratings=2)
"""Both ends of the day and two quarter hours within it."""
QUIET: Final = EachDay((50,), sales=1, ratings=1)
"""The least that makes a product active on each day, where products are very many."""


def add_sealed_days(database: Documents, now_ms: int, ages: range, each_day: EachDay = BUSY) -> int:
    """Add sealed days, `ages` days before today, of each product that the database knows. Return how many sales.

    Blocks while MongoDB stores them. The database knows some products.
    """
    places = sorted((found["_id"]["p"], found["_id"]["k"]) for found in database[PRODUCTS].find({}, {"_id": 1}))
    today = now_ms // DAY_MS
    days = days_of(places, [today - age for age in ages], each_day)
    while some := list(islice(days, BATCH)):
        database[ROLLUP_DAYS].insert_many(map(RawBSONDocument, some), ordered=False)
    by_partition = [sum(k == partition for _, k in places) for partition in range(max(k for _, k in places) + 1)]
    database[TOTAL_DAYS].insert_many(
        _of_products(total_day_id(today - age, partition), products, each_day)
        for age in ages
        for partition, products in enumerate(by_partition)
        if products
    )
    return len(places) * len(ages) * each_day.sales_a_day


def days_of(places: Iterable[Place], days: Sequence[int], each_day: EachDay) -> Iterator[bytes]:
    """The encoded documents of `rollup_days` of these products, on these days (since 1970)."""
    document = _of_products({}, 1, each_day, in_bins=True)
    del document["_id"]
    fields = bson.encode(document)[4:-1]
    for product, partition in places:
        for day in days:
            identity = integer(b"p", product) + integer(b"d", day) + integer(b"k", partition)
            yield embedded(b"\x03_id\0" + embedded(identity) + fields)


def _of_products(identity: Document, products: int, each_day: EachDay, *, in_bins: bool = False) -> Document:
    """A day of so many products. Ratings of one product are in bins, too, and those over all products are not."""
    sales, ratings = products * each_day.sales, products * each_day.ratings
    sums = sales * AMOUNT, sales, sales, ratings, ratings * RATING, ratings << BIN_SHIFTS[_BIN] if in_bins else 0
    return day_document(identity, dict.fromkeys(each_day.quarters, sums))
