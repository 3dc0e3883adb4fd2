"""Measures what it costs to seal old days: ingestion beside it, its speed alone, and the storage that it saves."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from random import Random
from typing import Final

from pymongo.database import Database

from bench.contest.contest import CopyTask, run
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.consume import rate
from bench.options import Options
from bench.peers.ours import consumer_settings
from bench.results.ratios import ratio, spread
from bench.results.report import GoalRow, Section, at_least
from bench.results.rounds import alternate
from consumer.process.clocks import Clocks, utc_now
from consumer.sealing.duty import Sealing
from shared.decimals import decimal128
from shared.documents import (
    AMOUNT_DECIMALS,
    HOUR_MS,
    RATING_DECIMALS,
    ROLLUP_DAYS,
    ROLLUPS,
    TOTAL_DAYS,
    TOTALS,
    Document,
    hour_total_id,
    milliseconds,
    minute_total_id,
    partition_id,
    rollup_id,
)
from shared.mongo import ensure_collections
from tests.support.process import Running, module

GOAL: Final = 0.9
"""The project's goal: a backlog is read at so much of its usual rate while an old database is sealed."""
AGE_HOURS: Final = 24 * 30
"""How old the old hours are: due at the setting's default, and not due at its highest value."""
NEVER: Final = {"SEAL_AFTER_HOURS": "8760"}
AT_ONCE: Final = 500
"""Documents that one insert brings when a database is filled: 4 MB. It is not measured."""
MIB: Final = 2**20


@dataclass(frozen=True)
class BesideOldHours:
    """This project's consumer on a database with hours of a month ago, which it seals or, with `settings`, leaves."""

    name: str
    hours: int
    settings: dict[str, str]

    @property
    def configuration(self) -> str:
        """How it is set up, in words for the report."""
        return f"a database with {self.hours:,} hours of busy products of a month ago"

    def processes(self, task: CopyTask) -> list[Running]:
        """Fill the database, which is not measured. Returns the consumer, not started."""
        ensure_collections(task.database)
        _fill(task.database, ROLLUPS, islice(_hours_of_products(1_000), self.hours))
        log = task.lab.folder / f"{task.database.name}.log"
        return [module("consumer", log, consumer_settings(task) | self.settings)]


SEALING: Final = "this project, sealing"
RESTING: Final = "this project, not sealing"


def measure(lab: Lab, options: Options) -> Section:
    """Measure a backlog beside sealing, then sealing alone."""
    topic = publish(lab, options.events, options.products)
    contestants = [
        BesideOldHours(SEALING, options.old_hours, {}),
        BesideOldHours(RESTING, options.old_hours, NEVER),
    ]
    results = alternate(
        {one.name: partial(run, lab, one, topic, options.seconds) for one in contestants},
        options.rounds,
        lambda result: f"{result.rate:,.0f} events/s",
    )
    reached = ratio(results, SEALING, RESTING, rate)
    section = Section(
        f"Sealing: {options.events:,} events beside {options.old_hours:,} old hours", header=("consumer", "events/s")
    )
    section.figures = [(name, spread(results, name, rate).text("{:,.0f}")) for name in results]
    goal = GoalRow(
        "a backlog, while an old database is sealed",
        f"≥ {GOAL:g}×",
        f"{reached.text()}×",
        at_least(reached.median, GOAL),
    )
    section.rows.append(goal)
    section.remarks += _storage(lab, options.sealed_products)
    return section


def _storage(lab: Lab, products: int) -> list[str]:
    """Fill a day of busy products, seal it at once, and say what it took before and after."""
    with lab.database() as named:
        database = lab.client.get_database(named.name)
        ensure_collections(database)
        database.partitions.insert_one({"_id": partition_id("bench", "bench", 0)})
        _fill(database, ROLLUPS, islice(_hours_of_products(products), products * 24))
        _fill(database, TOTALS, _total_documents())
        before = {name: _sizes(database, name) for name in (ROLLUPS, TOTALS)}
        sealing = Sealing(database, Clocks(database, utc_now), 72, lambda: [0], "bench", "bench", utc_now, share=1.0)
        began, used = time.perf_counter(), time.process_time()
        with lab.client.start_session() as session:
            one = sealing.seal_due_days(session)
        seconds, processor = time.perf_counter() - began, time.process_time() - used
        assert one is not None and one.complete and not one.unsealable  # noqa: PT018, S101
        after = {name: _sizes(database, name) for name in (ROLLUP_DAYS, TOTAL_DAYS)}
    documents = sum(one.documents.values())
    return [
        f"A day of {products:,} products with sales and ratings in each minute, in one partition, was sealed in "
        f"{seconds:.1f} s without rests: {documents / seconds:,.0f} documents a second, "
        f"{processor / documents * 1e6:.0f} µs of the consumer's processor each.",
        *(f"- {name}: {line}" for name, line in (before | after).items()),
    ]


def _sizes(database: "Database[Document]", name: str) -> str:
    """The sizes of a collection, once MongoDB has written it to its files."""
    database.client.admin.command("fsync")
    sizes = database.command("collStats", name)
    index = sizes["totalIndexSize"] / MIB
    return (
        f"{sizes['count']:,} documents, {sizes['size'] / MIB:.1f} MiB of data, "
        f"{sizes['storageSize'] / MIB:.1f} MiB on disk, {index:.1f} MiB of indexes"
    )


def _fill(database: "Database[Document]", name: str, documents: Iterator[Document]) -> None:
    while chunk := list(islice(documents, AT_ONCE)):
        database[name].insert_many(chunk, ordered=False)


def _first_hour() -> int:
    """The first hour of a day that is `AGE_HOURS` old."""
    return (milliseconds(datetime.now(UTC)) // HOUR_MS - AGE_HOURS) // 24 * 24


def _hours_of_products(products: int) -> Iterator[Document]:
    """Endless hours, day after day backwards, each of all products."""
    random, first = Random(7), _first_hour()
    while True:
        for product in range(products):
            for hour in range(first, first + 24):
                yield {"_id": rollup_id(product, hour, 0), **_hour([_sums(random, 1) for _ in range(60)])}
        first -= 24


def _total_documents() -> Iterator[Document]:
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
