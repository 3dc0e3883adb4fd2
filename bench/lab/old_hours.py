"""Hours and minutes of a month ago, as a consumer stores them of busy products. They fill a database that is sealed.

The consumer's own code adds up the sums and lays out the documents, so they have whatever fields it writes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Final

from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from consumer.batches.increments import Increments
from consumer.batches.sums import IN_ITS_BIN, Sums, hours_of
from consumer.storage.statements.rollups import rollup_document
from consumer.storage.statements.totals import total_updates
from shared.documents import HOUR_MS, ROLLUPS, TOTALS, Document, milliseconds

AGE_HOURS: Final = 24 * 30
"""How old the old hours are: due at the setting's default, and not due at its highest value."""
AT_ONCE: Final = 500
"""Documents that one insert brings when a database is filled: 4 MB. It is not measured."""
PARTITION: Final = 0
"""The partition of all hours, as if the key of every product led there."""


def fill_rollups(database: "Database[Document]", products: int, hours: int) -> None:
    """Insert so many hours of products into `rollups`."""
    documents = islice(hours_of_products(products), hours)
    while chunk := list(islice(documents, AT_ONCE)):
        database[ROLLUPS].insert_many(map(RawBSONDocument, chunk), ordered=False)


def fill_totals(database: "Database[Document]") -> None:
    """Store the hours and minutes of a day over all products, with events in each second, in `totals`."""
    random, first = Random(7), _first_hour()
    for hour in range(first, first + 24):
        of_hour = Increments()
        of_hour.seconds = {second: _sums(random, 5) for second in range(hour * 3_600, hour * 3_600 + 3_600)}
        updates = total_updates({PARTITION: of_hour})
        database.command({"update": TOTALS, "updates": list(map(RawBSONDocument, updates)), "ordered": False})


def hours_of_products(products: int) -> Iterator[bytes]:
    """Endless encoded hours, day after day backwards, each of all products, with a sale and a rating in each minute."""
    random, first = Random(7), _first_hour()
    while True:
        for product in range(products):
            for number in range(first, first + 24):
                minutes = {minute: _rated(_sums(random, 1), random) for minute in range(number * 60, number * 60 + 60)}
                (hour,) = hours_of(minutes)
                yield rollup_document(product, PARTITION, hour)
        first -= 24


def _first_hour() -> int:
    """The first hour of a day that is `AGE_HOURS` old."""
    return (milliseconds(datetime.now(UTC)) // HOUR_MS - AGE_HOURS) // 24 * 24


def _sums(random: Random, sales: int) -> Sums:
    """Some sales, and a rating that is in no bin, as over all products."""
    sums = Sums()
    sums.amount, sums.sales = random.randrange(10**8, 10**9) * 1_000, sales
    sums.units = sales * random.randint(1, 9)
    sums.ratings, sums.rating_sum = 1, random.randint(0, 500)
    return sums


def _rated(sums: Sums, random: Random) -> Sums:
    """The same with the rating in its bin, as a product has it."""
    sums.bins = IN_ITS_BIN[sums.rating_sum]
    return sums
