"""Fills a database with sealed days, as if the products of its last hour had been sold on each of them.

The consumer seals a day long after it is over, so no benchmark can wait for it. These are the documents that it would
leave (`shared.documents`), with the same sales on every day.
"""

from collections.abc import Iterator
from typing import Any, Final

from pymongo.database import Database

from shared.decimals import decimal128
from shared.documents import (
    AMOUNT_DECIMALS,
    DAY_MS,
    ROLLUP_DAYS,
    ROLLUPS,
    TOTAL_DAYS,
    rollup_day_id,
    total_day_id,
)

Documents = Database[dict[str, Any]]

QUARTERS: Final = (0, 37, 50, 95)
"""The quarter hours of a day in which a product is sold: both ends of the day and two within it."""
SALES_A_QUARTER: Final = 5
SALES_A_DAY: Final = len(QUARTERS) * SALES_A_QUARTER
AMOUNT: Final = 12_340_000
"""Of one sale, in millionths."""
BATCH: Final = 20_000
"""Documents in one insert, as in `bench.serving.past`."""


def add_sealed_days(database: Documents, now_ms: int, ages: range) -> int:
    """Add sealed days, `ages` days before today, of each product that the database knows. Return how many sales.

    Blocks while MongoDB stores them. The database holds some rollups.
    """
    places = sorted({(identity["p"], identity["k"]) for identity in database[ROLLUPS].distinct("_id")})
    today = now_ms // DAY_MS
    documents = list(_days_of(places, today, ages))
    for first in range(0, len(documents), BATCH):
        database[ROLLUP_DAYS].insert_many(documents[first : first + BATCH], ordered=False)
    by_partition = [sum(k == partition for _, k in places) for partition in range(max(k for _, k in places) + 1)]
    database[TOTAL_DAYS].insert_many(
        {"_id": total_day_id(today - age, partition), **_day(products)}
        for age in ages
        for partition, products in enumerate(by_partition)
        if products
    )
    return len(documents) * SALES_A_DAY


def _days_of(places: list[tuple[int, int]], today: int, ages: range) -> Iterator[dict[str, Any]]:
    of_one_product = _day(1)
    for product, partition in places:
        for age in ages:
            yield {"_id": rollup_day_id(product, today - age, partition), **of_one_product}


def _day(products: int) -> dict[str, Any]:
    """A day's sums of so many products."""
    quarters = {str(quarter): _sums(products * SALES_A_QUARTER) for quarter in QUARTERS}
    return {**_sums(products * SALES_A_DAY), "q": quarters}


def _sums(sales: int) -> dict[str, Any]:
    return {"amount": decimal128(sales * AMOUNT, AMOUNT_DECIMALS), "units": sales, "sales": sales}
