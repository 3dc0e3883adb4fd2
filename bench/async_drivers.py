"""Compares Motor with PyMongo's own asynchronous client: MONGODB_URI=… python -m bench.async_drivers

64 concurrent readers run the same small query: first each for itself, then through the batching reader. The command
prints this process's processor time a read, which does not depend on what else runs on the machine.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import typer
import uvloop
from motor.motor_asyncio import AsyncIOMotorClient
from rich.console import Console

from api.reads.batching import BatchingReader
from api.reads.queries import Stages
from shared.mongo import connect_async
from shared.settings import SharedSettings

READERS = 64
"""Reads under way at a time, as many as requests in the benchmarks' load. One query of the batching reader answers many
of them: with half as many, a batched read is dearer; with twice as many, cheaper."""

READS = 8_000
"""Reads of one measurement. Half of them give noisier figures; twice of them take twice as long."""

PIPELINE: Stages = [{"$match": {"_id": {"$in": []}}}]

console = Console()
ReadMany = Callable[[Sequence[int]], Awaitable[dict[int, int]]]


def main() -> None:
    """Measure both clients twice, in turn, and print. Needs MongoDB at MONGODB_URI."""
    uvloop.run(_measure())


async def _measure() -> None:
    settings = SharedSettings.load()
    own = connect_async(settings, "bench")
    motor: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(settings.mongodb_uri.get_secret_value())

    async def by_motor(keys: Sequence[int]) -> dict[int, int]:
        await motor[settings.mongodb_database]["bench"].aggregate(PIPELINE).to_list(None)
        return dict.fromkeys(keys, 0)

    async def by_pymongo(keys: Sequence[int]) -> dict[int, int]:
        cursor = await own["bench"].aggregate(PIPELINE)
        await cursor.to_list()
        return dict.fromkeys(keys, 0)

    for name, query in (("Motor", by_motor), ("PyMongo", by_pymongo)) * 2:
        alone = await _processor_time(partial(_alone, query))
        batched = await _processor_time(BatchingReader(query, limit=200, deadline=30).read)
        console.print(f"{name}: {alone:.0f} µs a read alone, {batched:.0f} µs batched")
    motor.close()
    await own.client.close()


async def _alone(query: ReadMany, key: int) -> None:
    await query([key])


async def _processor_time(read: Callable[[int], Awaitable[object]]) -> float:
    """Return this process's processor time for one read, in microseconds."""
    keys = iter(range(READS))

    async def reader() -> None:
        for key in keys:
            await read(key)

    before = time.process_time()
    await asyncio.gather(*(reader() for _ in range(READERS)))
    return (time.process_time() - before) / READS * 1e6


if __name__ == "__main__":
    typer.run(main)
