"""Measures what a hundred products at once cost, stage by stage: `python -m bench.batch_reads`

The command makes products with events of the last two hours in a MongoDB of the local stack, and asks the API's own
readers for the last hour of all of them, and of one. It prints the processor time of this process and of mongod, in
milliseconds a call, so what else runs on the machine matters little.

Beside the way of the API (a row for each product) stand a row for each product and hour with all five sums, which the
API would have to add up; what MongoDB needs to find and read the documents alone; and the same without a hint that
names the index.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from typing import Annotated, Any, Final, NamedTuple
from unittest.mock import patch

import typer
from rich.console import Console
from rich.table import Table

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.queries import BY_ID, Stages
from api.reads.spans import pipelines, window_sums
from api.reads.spans.division import divide, open_end, sealed_before
from api.reads.spans.pipelines import Asked, sums
from api.reads.spans.reader import SpanReader
from api.reads.spans.window_sums import WindowReader
from api.reads.spans.windows import Window
from api.web.bodies.sales import product_totals
from api.web.responses import total_sales
from bench.results.ratios import Rounds, ratio, spread
from bench.results.rounds import alternate
from bench.serving.active_products import Activity, fill
from bench.stages import database_of_stages
from shared.documents import SUMS
from shared.mongo import AsyncDatabase, SyncDatabase, connect_async
from shared.settings import SharedSettings

SECONDS: Final = 7_200
PRODUCTS: Final = tuple(range(1, 101))
"""The products of a call about a hundred. A call about one product is about the middle one of them."""

Call = Callable[[], Awaitable[object]]

BY_PRODUCT: Final = "100 products: a row for each product, as the API asks"
BY_HOUR: Final = "100 products: a row for each product and hour, five sums"
FOUND: Final = "MongoDB finds and reads the documents of 100 products"
WITHOUT_HINT: Final = "… without a hint"
ONE: Final = "1 product"
ONE_TIMES: Final = 5
"""So many times as many calls for one product, since each of them is short."""


class Cost(NamedTuple):
    """Processor milliseconds of a call."""

    api: float
    mongod: float


def main(
    products: Annotated[int, typer.Option(min=100, help="Products in the database.")] = 1_000,
    least: Annotated[int, typer.Option(min=1, help="Events of a product in two hours: so many or more.")] = 100,
    most: Annotated[int, typer.Option(min=1, help="And so many or fewer.")] = 400,
    calls: Annotated[int, typer.Option(min=1, help="Calls about a hundred products in a round.")] = 60,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Measure and print. Raises PartMissing where mongod cannot be had."""
    with database_of_stages() as (database, _, settings), asyncio.Runner() as runner:
        now_ms = time.time_ns() // 1_000_000
        fill(database, range(1, products + 1), Activity(now_ms, SECONDS, least, most))
        costs = measured(runner, database, settings, now_ms, calls, rounds)
    Console().print(table(costs, f"{products:,} products, {least} to {most} events of each in two hours"))


def measured(
    runner: asyncio.Runner, database: SyncDatabase, settings: SharedSettings, now_ms: int, calls: int, rounds: int
) -> Rounds[Cost]:
    """The costs of each way, in turn. All calls are of one moment, so no cut minute is read more than once."""
    reading = runner.run(_connected(settings))
    ways = _ways(reading, now_ms)
    run = {name: (call, calls * ONE_TIMES if name == ONE else calls) for name, call in ways.items()}
    costs = alternate(
        {name: partial(_cost, runner, database, name, call, times) for name, (call, times) in run.items()},
        rounds,
        lambda cost: f"{cost.api:.2f} ms of the API, {cost.mongod:.2f} ms of mongod",
    )
    runner.run(reading.client.close())
    return costs


async def _connected(settings: SharedSettings) -> AsyncDatabase:
    return connect_async(settings, "batch-reads")


def _ways(database: AsyncDatabase, now_ms: int) -> Mapping[str, Call]:
    """What is called."""
    mongo = MongoReader(database)
    windows = WindowReader(mongo, Freshness(mongo), lambda: now_ms, SpanReader())
    one = PRODUCTS[len(PRODUCTS) // 2]

    async def of_hundred() -> bytes:
        key = PRODUCTS, Window.HOUR
        return product_totals((await windows.of_batches([key]))[key].of)

    async def of_one() -> bytes:
        key = one, Window.HOUR
        found = (await windows.of_products([key]))[key]
        assert found is not None  # noqa: S101  # it was stored
        return total_sales(found.total)

    collection, stages = _documents(now_ms)
    return {
        BY_PRODUCT: of_hundred,
        BY_HOUR: of_hundred,
        FOUND: lambda: mongo.aggregate("found", collection, stages, BY_ID),
        WITHOUT_HINT: lambda: mongo.aggregate("found", collection, stages),
        ONE: of_one,
    }


def _documents(now_ms: int) -> tuple[str, Stages]:
    """The collection and the stages that read the documents of a call and give one row."""
    cuts = Window.HOUR.begin(now_ms), open_end(now_ms)
    collection, (match, *_) = sums(Asked(PRODUCTS, ("amount",)), divide(cuts, sealed_before(now_ms)))
    return collection, [match, {"$group": {"_id": None, "amount": {"$max": "$amount"}}}]


def _by_hour(name: str) -> AbstractContextManager[Any]:
    """Has the readers ask for rows by product and hour with all sums, where the way is that one."""
    if name != BY_HOUR:
        return nullcontext()
    stack = ExitStack()
    stack.enter_context(patch.object(pipelines, "_FEW_BUCKETS", 0))
    stack.enter_context(patch.object(window_sums, "_SALES", SUMS))
    return stack


def _cost(runner: asyncio.Runner, database: SyncDatabase, name: str, call: Call, times: int) -> Cost:
    async def all_calls() -> None:
        for _ in range(times):
            await call()

    pipelines._group.cache_clear()  # what it remembers is of the other rows
    with _by_hour(name):
        runner.run(_called(call))  # the cut minutes are read, and stages made
        mongod, api = _mongod_ms(database), time.thread_time()
        runner.run(all_calls())
        return Cost((time.thread_time() - api) * 1e3 / times, (_mongod_ms(database) - mongod) / times)


async def _called(call: Call) -> None:
    await call()


def _mongod_ms(database: SyncDatabase) -> float:
    spent = database.client.admin.command("serverStatus")["extra_info"]
    return float(spent["user_time_us"] + spent["system_time_us"]) / 1e3


def table(costs: Rounds[Cost], title: str) -> Table:
    """The table: each way, then what follows from several of them."""
    found = Table("what", "ms of the API", "ms of mongod", title=title)
    for name in costs:
        api, mongod = spread(costs, name, lambda cost: cost.api), spread(costs, name, _mongod)
        found.add_row(name, api.text(), mongod.text())
    found.add_section()
    for name, what in ((BY_PRODUCT, "MongoDB adds up, a row for each product"), (BY_HOUR, "… and hour, five sums")):
        added = spread(costs, name, _mongod).median - spread(costs, FOUND, _mongod).median
        found.add_row(what, "", f"{added:.2f}")
    found.add_section()
    found.add_row("a row for each product against one for each product and hour, both together",
                  f"{ratio(costs, BY_PRODUCT, BY_HOUR, _both).text()}×", "")  # fmt: skip
    found.add_row("100 products against 1, both together", f"{ratio(costs, BY_PRODUCT, ONE, _both).text()}×", "")
    return found


def _mongod(cost: Cost) -> float:
    return cost.mongod


def _both(cost: Cost) -> float:
    return cost.api + cost.mongod


if __name__ == "__main__":
    typer.run(main)
