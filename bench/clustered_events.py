"""Measures what a clustered collection saves: MONGODB_URI=… python -m bench.clustered_events --events 300000

The command works in a database of its own, which it drops at the end. It

- writes the same events into a collection that is clustered on `_id`, and into a plain (not clustered) collection with
  an index on product and time, in batches and transactions as the consumer does;
- reads one product's minute from both;
- reads 50 products' rollups by `$in` of their ids, from a plain and from a clustered collection.

It prints ratios, which differ less from machine to machine than seconds do.
"""

import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Annotated, Any

import bson
import typer
from bson.raw_bson import RawBSONDocument
from pymongo import IndexModel, WriteConcern
from rich.console import Console

from shared.decimals import decimal128
from shared.documents import EVENT_COLLECTION_OPTIONS, Document, event_id, rollup_id
from shared.mongo import SyncDatabase, connect
from shared.settings import SharedSettings

BATCH = 10_000
"""Events in one transaction. With half of it, a transaction's own cost counts twice as much on both sides; with twice
of it, half as much."""

PRODUCTS = 1_000
MINUTE_MS = 60_000

ROLLUPS = 3_000
"""Rollups that are stored: three hours of each product."""

ASKED = 50
"""Rollups that one query asks for. With fewer, the cost of a query itself hides more of the difference."""

REPEATS = 200
"""How often each read is timed; the median counts. With half of it the ratios vary more from run to run; twice of it
takes twice as long."""

console = Console()


def main(
    events: Annotated[
        int, typer.Option(min=BATCH, help="How many events each collection gets, three times.")
    ] = 300_000,
) -> None:
    """Measure and print. Needs MongoDB at MONGODB_URI; raises SystemExit when the two collections differ."""
    database = connect(SharedSettings.load(), "bench").client["bench_clustered_events"]
    clustered, plain = [], []
    try:
        for _ in range(3):  # in turn, so that a slow moment of the machine meets both
            clustered.append(_processor_time(database, "clustered", events))
            plain.append(_processor_time(database, "plain", events))
        console.print(f"mongod's work to write, plain with an index : clustered = {_ratio(plain, clustered):.2f} : 1")
        last = database["clustered"].find_one(sort=[("_id", -1)]) or {}
        minute = _minute(last["_id"]["p"])
        if not _count(database, minute):
            raise SystemExit("the two collections do not hold the same events: this measures nothing")
        by_range = _median(lambda: list(database["clustered"].find({"_id": minute})))
        by_index = _median(lambda: list(database["plain"].find(_fields(minute))))
        console.print(f"one product's minute, index : clustered = {by_index / by_range:.2f} : 1")
        scattered = _rollups(database)
        console.print(f"{ASKED} rollups by $in, clustered : plain = {scattered:.2f} : 1")
        size = {name: _size(database, name) for name in ("plain", "clustered")}
        console.print(
            f"bytes on disk, plain with its indexes : clustered = {size['plain'] / size['clustered']:.2f} : 1"
        )
    finally:
        database.client.drop_database(database.name)


def _processor_time(database: SyncDatabase, name: str, events: int) -> float:
    database.drop_collection(name)
    database.create_collection(name, **(EVENT_COLLECTION_OPTIONS if name == "clustered" else {}))
    if name == "plain":
        database[name].create_indexes([IndexModel([("p", 1), ("t", 1)])])
    batches = [_batch(name, first) for first in range(0, events, BATCH)]
    before = _processor_seconds(database)
    with database.client.start_session() as session:
        for batch in batches:
            with session.start_transaction(write_concern=WriteConcern("majority")):
                database[name].insert_many(batch, session=session)
    # MongoDB writes now what its next checkpoint would write: that belongs to this side, not to the next.
    database.client.admin.command("fsync")
    return _processor_seconds(database) - before


def _processor_seconds(database: SyncDatabase) -> float:
    """Return the processor seconds that mongod has used. Unlike a clock, they do not depend on what else runs here."""
    spent = database.client.admin.command("serverStatus")["extra_info"]
    seconds: float = (spent["user_time_us"] + spent["system_time_us"]) / 1e6
    return seconds


def _batch(name: str, first: int) -> list[RawBSONDocument]:
    random = Random(first)
    documents: list[Document] = []
    for offset in range(first, first + BATCH):
        product, at = random.randrange(PRODUCTS), 1_780_000_000_000 + random.randrange(10 * MINUTE_MS)
        identity: dict[str, Any] = event_id(product, at, product % 12, offset, 1)
        fields = {"event": "productSold", "name_of_product": f"Product {product}", "no_of_units": 3}
        key: dict[str, Any] = {"_id": identity} if name == "clustered" else {"_id": offset, **identity}
        documents.append({**key, **fields, "amount": decimal128(random.randrange(10**10), 6)})
    if name == "clustered":
        documents.sort(key=lambda document: tuple(document["_id"].values()))
    return [RawBSONDocument(bson.encode(document)) for document in documents]


def _minute(product: int) -> Document:
    low, high = 1_780_000_000_000, 1_780_000_000_000 + MINUTE_MS
    return {"$gte": {"p": product, "t": low}, "$lt": {"p": product, "t": high}}


def _fields(minute: Document) -> Document:
    return {"p": minute["$gte"]["p"], "t": {"$gte": minute["$gte"]["t"], "$lt": minute["$lt"]["t"]}}


def _count(database: SyncDatabase, minute: Document) -> int:
    """Return how many events both collections hold of the product's minute; 0 if the two numbers differ."""
    clustered = database["clustered"].count_documents({"_id": minute})
    return clustered if clustered == database["plain"].count_documents(_fields(minute)) else 0


def _rollups(database: SyncDatabase) -> float:
    ids = [rollup_id(number % PRODUCTS, 494_000 + number // PRODUCTS, 0) for number in range(ROLLUPS)]
    asked = [rollup_id(number * 19 % PRODUCTS, 494_001, 0) for number in range(ASKED)]
    took = {}
    for name, options in (("rollups_plain", {}), ("rollups_clustered", EVENT_COLLECTION_OPTIONS)):
        database.drop_collection(name)
        database.create_collection(name, **options)
        database[name].insert_many({"_id": identity, "amount": decimal128(5, 6)} for identity in ids)
        took[name] = _median(lambda name=name: list(database[name].find({"_id": {"$in": asked}})))  # type: ignore[misc]
    return took["rollups_clustered"] / took["rollups_plain"]


def _size(database: SyncDatabase, name: str) -> int:
    stats = database.command("collStats", name)
    total: int = stats["storageSize"] + stats["totalIndexSize"]
    return total


def _median(work: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def _ratio(left: list[float], right: list[float]) -> float:
    return statistics.median(left) / statistics.median(right)


if __name__ == "__main__":
    typer.run(main)
