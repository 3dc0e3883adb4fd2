"""Measures tops over many products, and the way that was not taken: `python -m bench.tops`

The command makes products with sales in the last two hours in a MongoDB of the local stack, and asks a `TopReader` in
this process. It prints how long a board takes to load and an answer to be made, how long the event loop waited at most,
and how much memory the boards take. Beside it stands an aggregation over an index on the rollups' hour, which would
need nothing of the consumers but that index.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import psutil
import pymongo
import typer
from bson.decimal128 import Decimal128
from rich.console import Console
from rich.table import Table

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.spans.windows import Window
from api.reads.top.measures import Measure
from api.reads.top.reader import TopReader
from api.reads.top.view import NotReady
from api.services import system_clock
from bench.stages import database_of_stages
from shared.documents import (
    HOUR_MS,
    MINUTE_MS,
    PARTITIONS,
    PRODUCTS,
    ROLLUPS,
    event_collection,
    event_id,
    minute_path,
    partition_id,
)
from shared.events import PRODUCT_SOLD
from shared.mongo import AsyncDatabase, SyncDatabase, connect_async, ensure_event_collection
from shared.settings import SharedSettings

_INSERTED = 5_000
"""Documents of one insert. It trades memory for round trips."""
_MANY_CENTS = 10_000
_FIRST = 1_000
"""What the first products by amount cost at least, and how many come first where all have as many sales. Only these
have raw events."""

_SCANS = 3
_SCAN_SECONDS = 120.0
"""So long the scans may take together, far more than they are of use for."""


class LoopDelay:
    """How long the event loop let others wait at most, in milliseconds."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0)
            self.worst = max(self.worst, (time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.001)


def main(
    products: Annotated[int, typer.Option(min=100)] = 100_000,
    minutes: Annotated[int, typer.Option(min=1, max=60, help="Minutes with sales, of each hour of a product.")] = 12,
    answers: Annotated[int, typer.Option(min=1)] = 100,
    boards: Annotated[bool, typer.Option(help="Measure boards too, not only the way that was not taken.")] = True,
) -> None:
    """Measure and print. Raises PartMissing where mongod cannot be had."""
    with database_of_stages() as (database, server, settings):
        fill(database, products, minutes)
        rows = asyncio.run(measured(settings, answers)) if boards else []
        rows += scanned(database, server)
    table = Table("what", "result", title=f"{products:,} products, {minutes} minutes of each hour with sales")
    for what, result in rows:
        table.add_row(what, result)
    Console().print(table)


def fill(database: SyncDatabase, products: int, minutes: int) -> None:
    """Make the documents that the answers are made of."""
    hour = system_clock() // HOUR_MS
    database[PARTITIONS].insert_one({
        "_id": partition_id("bench", "bench", 0), "epoch": 1, "next_offset": 0, "generation": 1,
    })  # fmt: skip
    for first in range(0, products, _INSERTED):
        some = range(first, min(first + _INSERTED, products))
        database[PRODUCTS].insert_many([
            {"_id": {"p": p, "k": 0}, "latest": {"t": 0, "o": 0, "name": f"Product {p}"}} for p in some
        ])  # fmt: skip
        database[ROLLUPS].insert_many([_rollup(p, hour - back, minutes) for p in some for back in (0, 1)])
    _add_raw_events(database, [p for p in range(products) if _cents(p, 0) > _MANY_CENTS or p < _FIRST], hour, minutes)


def _add_raw_events(database: SyncDatabase, products: list[int], hour: int, minutes: int) -> None:
    """Add the raw events of the products that may be among the first, which the cut minute is made of."""
    for back in (0, 1):
        events: dict[str, list[dict[str, Any]]] = {}
        for product in products:
            for number in range(minutes):
                time_ms = ((hour - back) * 60 + _minute(product, number)) * MINUTE_MS + 30_000
                identity = event_id(product, time_ms, 0, number, 1)
                sale = {"event": PRODUCT_SOLD, "no_of_units": 1, "amount": _amount(_cents(product, number))}
                name = event_collection(time_ms)
                events.setdefault(name, []).append({"_id": identity, **sale, "name_of_product": f"Product {product}"})
        for name, documents in events.items():
            ensure_event_collection(database, name)
            database[name].insert_many(documents)


def _rollup(product: int, hour: int, minutes: int) -> dict[str, Any]:
    """A product's hour, some of whose minutes have a sale. The amounts differ by product and minute."""
    document: dict[str, Any] = {"_id": {"p": product, "h": hour, "k": 0}, "b": {}}
    total = 0
    for number in range(minutes):
        minute, cents = _minute(product, number), _cents(product, number)
        total += cents
        _, block, _, name = minute_path(minute).split(".")
        of_block = document["b"].setdefault(block, {"m": {}})
        of_block["m"][name] = {"amount": _amount(cents), "units": 1, "sales": 1}
    return document | {"amount": _amount(total), "units": minutes, "sales": minutes}


def _minute(product: int, number: int) -> int:
    return (product * 7 + number * 5) % 60


def _cents(product: int, number: int) -> int:
    return 100 + product * 31 % 9_973 + number


def _amount(cents: int) -> Decimal128:
    return Decimal128(f"{cents // 100}.{cents % 100:02}0000")


async def measured(settings: SharedSettings, answers: int) -> list[tuple[str, str]]:
    """Load boards and ask them."""
    async with _reader(settings) as (reader, database):
        delay, rows = LoopDelay(), list[tuple[str, str]]()
        watching = asyncio.create_task(delay.watch())
        asked = (Measure.AMOUNT, Window.HOUR), (Measure.SALES, Window.HOUR), (Measure.AMOUNT, Window.DAY)
        for measure, window in asked:
            gc.collect()
            before, started = psutil.Process().memory_info().rss, time.perf_counter()
            await _until_ready(lambda m=measure, w=window: reader.top(m, w, 10))  # type: ignore[misc]
            seconds = time.perf_counter() - started
            gc.collect()
            more = (psutil.Process().memory_info().rss - before) / 1e6
            rows.append((f"{measure.value}, {window.value}: load", f"{seconds:.1f} s, {more:.0f} MB"))
            taken = []
            for _ in range(answers):
                started = time.perf_counter()
                await reader.top(measure, window, 10)
                taken.append((time.perf_counter() - started) * 1000)
                await asyncio.sleep(0.05)
            median, worst = statistics.median(taken), max(taken)
            rows.append((f"{measure.value}, {window.value}: answer", f"{median:.1f} ms median, {worst:.1f} ms worst"))
            for row in rows[-2:]:
                Console(stderr=True).print(*row)
        watching.cancel()
        rows.append(("event loop", f"waited {delay.worst:.1f} ms at most"))
        process = psutil.Process()
        before_idle = sum(process.cpu_times()[:2])
        await asyncio.sleep(5)
        busy = (sum(process.cpu_times()[:2]) - before_idle) / 5
        rows.append(("rounds without a request", f"{busy:.1%} of a core"))
        await database.client.close()
    return rows


@asynccontextmanager
async def _reader(settings: SharedSettings) -> AsyncIterator[tuple[TopReader, AsyncDatabase]]:
    database = connect_async(settings, "tops")
    mongo = MongoReader(database)
    reader = TopReader.of(database, lambda name, seconds: None, Freshness(mongo), system_clock, deadline=10)
    yield reader, database
    for task in reader.tasks():
        task.cancel()
    await asyncio.gather(*reader.tasks(), return_exceptions=True)


async def _until_ready(ask: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await ask()
        except NotReady:
            continue
        return


def scanned(database: SyncDatabase, server: psutil.Process) -> list[tuple[str, str]]:
    """The way that was not taken: an index on the hour, and one scan of all products' hours."""
    database[ROLLUPS].create_index([("_id.h", 1)], name="hour")
    minute = system_clock() // MINUTE_MS
    hour = minute // 60
    amounts = [f"${minute_path(number)}.amount" for number in range(60)]
    stages: list[dict[str, Any]] = [
        {"$match": {"_id.h": {"$gte": hour - 1}}},
        {"$group": {"_id": "$_id.p", "amount": {"$sum": {"$sum": amounts}}}},
        {"$sort": {"amount": -1, "_id": 1}},
        {"$limit": 10},
    ]
    taken, used = [], sum(server.cpu_times()[:2])
    with pymongo.timeout(_SCAN_SECONDS):
        for _ in range(_SCANS):
            started = time.perf_counter()
            list(database[ROLLUPS].aggregate(stages, hint="hour", allowDiskUse=True))
            taken.append(time.perf_counter() - started)
    processor = (sum(server.cpu_times()[:2]) - used) / _SCANS
    result = f"{statistics.median(taken):.1f} s, of which MongoDB works for {processor:.1f} s"
    return [("one scan by an index on the hour", result)]


if __name__ == "__main__":
    typer.run(main)
