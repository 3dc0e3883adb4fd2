"""Compares ways to find many products' last hours in `rollups`: MONGODB_URI=… python -m bench.rollup_reads

The ways are

- `$in` of every `_id` that could exist, which needs to know the number of partitions;
- `$or` of one range of `_id` for each product;
- the same with a hint that names the index;
- the same as an aggregation that adds up each product's rollups.

The command prints mongod's processor time a product, which does not depend on what else runs on the machine. It works
in a database of its own, which it drops at the end.
"""

from collections.abc import Callable, Sequence
from random import Random

import typer
from pymongo.collection import Collection
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor
from rich.console import Console

from api.reads.queries import BY_ID, sales_by_product
from api.reads.window import Window
from shared.decimals import decimal128
from shared.documents import Document, rollup_id
from shared.mongo import SyncDatabase, connect
from shared.settings import SharedSettings

PRODUCTS = 1_000
PARTITIONS = 12
HOURS = 24
ASKED = (1, 10, 50, 200)
READS = 2_000
"""Products that each way asks for in total, a few at a time. With half of it the figures vary more; twice of it takes
twice as long."""

NOW_MS = 1_780_000_000_000
"""The time of the question, in milliseconds since 1970. Any other time would do."""

MOST_ROWS = 10_000
"""More rows than any answer has, so that MongoDB gives each answer at once."""

Rows = Cursor[Document] | CommandCursor[Document]
RollupRead = Callable[[Collection[Document], Sequence[int]], Rows]

console = Console()


def main() -> None:
    """Measure and print. Needs MongoDB at MONGODB_URI; raises SystemExit when a way finds other products than asked."""
    database = connect(SharedSettings.load(), "bench").client["bench_rollup_reads"]
    window = Window.at(NOW_MS)
    fields = sales_by_product([], window).fields
    try:
        _fill(database, window)
        for asked in ASKED:
            ways: dict[str, RollupRead] = {
                "$in of ids": lambda rollups, products: rollups.find(_by_ids(products, window), fields),
                "$or of ranges": lambda rollups, products: rollups.find(_by_range(products, window), fields),
                "… hint": lambda rollups, products: rollups.find(_by_range(products, window), fields, hint=BY_ID),
                "… grouped": lambda rollups, products: rollups.aggregate(_grouped(products, window), hint=BY_ID),
            }
            took = {name: _processor_time(database, asked, way) for name, way in ways.items()}
            console.print(f"{asked:>3} products: " + ", ".join(f"{name} {us:.0f} µs" for name, us in took.items()))
    finally:
        database.client.drop_database(database.name)


def _fill(database: SyncDatabase, window: Window) -> None:
    """Store the last day's rollups: each product in one partition, as with keyed events, and sales in every minute."""
    sums = {"amount": decimal128(12_500_000, 6), "sales": 1}
    minutes = {str(block): sums | {"m": {str(block * 10 + m): sums for m in range(10)}} for block in range(6)}
    hours = range(window.hours.stop - HOURS, window.hours.stop)
    for product in range(PRODUCTS):
        ids = (rollup_id(product, hour, product % PARTITIONS) for hour in hours)
        database["rollups"].insert_many({"_id": identity, **sums, "b": minutes} for identity in ids)


def _by_ids(products: Sequence[int], window: Window) -> Document:
    hours = range(window.cut_hour, window.hours.stop)
    ids = [rollup_id(product, hour, k) for product in products for hour in hours for k in range(-1, PARTITIONS)]
    return {"_id": {"$in": ids}}


def _by_range(products: Sequence[int], window: Window) -> Document:
    return sales_by_product(products, window).filter


def _grouped(products: Sequence[int], window: Window) -> list[Document]:
    query = sales_by_product(products, window)
    sums = {name: {"$sum": f"${name}"} for name in ("amount", "cut_sales")}
    return [{"$match": query.filter}, {"$project": query.fields}, {"$group": {"_id": "$p", **sums}}]


def _processor_time(database: SyncDatabase, asked: int, way: RollupRead) -> float:
    """Return mongod's processor time a product, in microseconds."""
    random = Random(asked)
    before = _processor_microseconds(database)
    for _ in range(READS // asked):
        products = random.sample(range(PRODUCTS), asked)
        found = {row.get("p", row.get("_id")) for row in way(database["rollups"], products).batch_size(MOST_ROWS)}
        if found != set(products):
            raise SystemExit(f"asked for {asked} products, got {len(found)}: this measures nothing")
    return (_processor_microseconds(database) - before) / (READS // asked * asked)


def _processor_microseconds(database: SyncDatabase) -> float:
    spent = database.client.admin.command("serverStatus")["extra_info"]
    microseconds: float = spent["user_time_us"] + spent["system_time_us"]
    return microseconds


if __name__ == "__main__":
    typer.run(main)
