"""Hours and minutes of a month ago, as a consumer stores them of busy products. They fill a database that is sealed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Final

from pymongo.database import Database

from shared.decimals import decimal128
from shared.documents import (
    AMOUNT_DECIMALS,
    HOUR_MS,
    RATING_DECIMALS,
    Document,
    hour_total_id,
    milliseconds,
    minute_total_id,
    rollup_id,
)

AGE_HOURS: Final = 24 * 30
"""How old the old hours are: due at the setting's default, and not due at its highest value."""
AT_ONCE: Final = 500
"""Documents that one insert brings when a database is filled: 4 MB. It is not measured."""


def fill(database: "Database[Document]", name: str, documents: Iterator[Document]) -> None:
    """Insert documents into a collection."""
    while chunk := list(islice(documents, AT_ONCE)):
        database[name].insert_many(chunk, ordered=False)


def _first_hour() -> int:
    """The first hour of a day that is `AGE_HOURS` old."""
    return (milliseconds(datetime.now(UTC)) // HOUR_MS - AGE_HOURS) // 24 * 24


def hours_of_products(products: int) -> Iterator[Document]:
    """Endless hours, day after day backwards, each of all products."""
    random, first = Random(7), _first_hour()
    while True:
        for product in range(products):
            for hour in range(first, first + 24):
                yield {"_id": rollup_id(product, hour, 0), **_hour([_sums(random, 1) for _ in range(60)])}
        first -= 24


def total_documents() -> Iterator[Document]:
    """The hours and minutes of a day over all products, with events in each second."""
    random, first = Random(7), _first_hour()
    for hour in range(first, first + 24):
        minutes = [[_sums(random, 5) for _ in range(60)] for _ in range(60)]
        yield {"_id": hour_total_id(hour, 0), **_hour([_added(seconds) for seconds in minutes])}
        for minute, seconds in enumerate(minutes):
            parts = {str(second): _fields(sums) for second, sums in enumerate(seconds)}
            yield {"_id": minute_total_id(hour * 60 + minute, 0), "s": parts}


_Sums = tuple[int, int, int, int, int]


def _sums(random: Random, sales: int) -> _Sums:
    return random.randrange(10**8, 10**9) * 1_000, sales * random.randint(1, 9), sales, 1, random.randint(0, 500)


def _added(sums: list[_Sums]) -> _Sums:
    amount, units, sales, ratings, rating_sum = map(sum, zip(*sums, strict=True))
    return amount, units, sales, ratings, rating_sum


def _fields(sums: _Sums) -> Document:
    amount, units, sales, ratings, rating_sum = sums
    return {
        "amount": decimal128(amount, AMOUNT_DECIMALS),
        "units": units,
        "sales": sales,
        "ratings": ratings,
        "rating_sum": decimal128(rating_sum, RATING_DECIMALS),
    }


def _hour(minutes: list[_Sums]) -> Document:
    """An hour's fields, at all levels."""
    blocks = {}
    for block in range(6):
        inside = minutes[block * 10 : block * 10 + 10]
        parts = {str(block * 10 + number): _fields(sums) for number, sums in enumerate(inside)}
        blocks[str(block)] = _fields(_added(inside)) | {"m": parts}
    return _fields(_added(minutes)) | {"b": blocks}
