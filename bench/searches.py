"""Measures searches for products by name: `python -m bench.searches`

The command makes products in a MongoDB of the local stack, and asks the API's own reader for pages, one after another.
It prints the milliseconds that each kind of search takes, the median and the slowest.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import typer
from bson.int64 import Int64
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.names.search import Search, SearchReader
from bench.lab.laboratory import CACHE_GB
from shared.documents import PRODUCTS, Document, product_id
from shared.mongo import connect, connect_async, ensure_collections
from shared.name_index import index_names
from shared.name_key import name_key
from shared.settings import SharedSettings
from tests.support.servers import local

WORDS: Final = ("Armchair", "Bench", "Chair", "Desk", "Étagère", "Lamp", "Möbel", "Sofa", "Table", "椅子")
"""Each follows the word that all names begin with, in a tenth of them."""
TIMES: Final = 100
"""Searches of a kind. With half of it the slowest says less; twice as many take twice as long."""
AT_ONCE: Final = 10_000
"""Documents that one insert sends, some 2 MB. Nothing that is measured depends on it."""


def main(
    products: Annotated[int, typer.Option(min=1_000)] = 100_000,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions in which each product was seen.")] = 1,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
) -> None:
    """Measure and print. Raises PartMissing where mongod cannot be had."""
    with tempfile.TemporaryDirectory(prefix="searches-") as folder:
        mongo = local.mongo(Path(folder), CACHE_GB)
        try:
            mongo.start()
            settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_timeout_ms=10_000)
            Console().print(f"keys and index: {_fill(settings, products, partitions):.1f} s")
            Console().print(asyncio.run(_measured(settings, products, limit)))
        finally:
            mongo.close()


def _fill(settings: SharedSettings, products: int, partitions: int) -> float:
    """Store products as version 2 of the schema has them, and migrate them. Returns the seconds of the migration."""
    database = connect(settings, "searches")
    ensure_collections(database)
    waiting: list[Document] = []
    for document in _documents(products, partitions):
        waiting.append(document)
        if len(waiting) == AT_ONCE:
            database[PRODUCTS].insert_many(waiting)
            waiting = []
    if waiting:
        database[PRODUCTS].insert_many(waiting)
    started = time.perf_counter()
    index_names(database)
    took = time.perf_counter() - started
    database.client.close()
    return took


def _documents(products: int, partitions: int) -> Iterator[Document]:
    for product in range(products):
        latest = {"t": Int64(1_796_000_000_000 + product), "o": Int64(product), "name": _name(product)}
        for partition in range(partitions):
            yield {"_id": product_id(product, (product + partition) % 12), "latest": latest, "first_seen": Int64(0)}


def _name(product: int) -> str:
    return f"Product {WORDS[product % len(WORDS)]} {product:06}"


async def _measured(settings: SharedSettings, products: int, limit: int) -> Table:
    database = connect_async(settings, "searches")
    mongo = MongoReader(database)
    reader = SearchReader(mongo, Freshness(mongo), 10.0)
    table = Table("search", "median ms", "slowest ms", "found", title=f"{products:,} products, pages of {limit}")
    middle = products // 2
    for kind, text, after in (
        ("without a name", "", None),
        ("a prefix that all share", "PRODUCT ", None),
        ("the same, from the middle on", "PRODUCT ", middle),
        ("a prefix of a tenth", "product é", None),
        ("one product", _name(middle), None),
        ("nothing", "nothing", None),
        ("longer than every name", _name(middle) + "x" * 100, None),
    ):
        search = Search(name_key(text), limit, after)
        times: list[float] = []
        for _ in range(TIMES):
            started = time.perf_counter()
            page = await reader.page(search)
            times.append((time.perf_counter() - started) * 1000)
        found = 0 if page is None else len(page.products)
        table.add_row(kind, f"{median(times):.2f}", f"{max(times):.2f}", str(found))
    await database.client.close()
    return table


if __name__ == "__main__":
    typer.run(main)
