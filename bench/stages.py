"""Measures where the consumer's processor time goes, stage by stage: `python -m bench.stages`

The command runs the consumer's own code in one process, without Kafka, against a MongoDB of the local stack. It judges
messages that were made beforehand, sums them and commits them in batches, one stage after the other. It prints the
processor time of this thread (`time.thread_time`) and of mongod, in microseconds an event, so what else runs on the
machine matters little.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import psutil
import typer
from confluent_kafka import Message
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bench.lab.laboratory import CACHE_GB
from consumer.batches.batch import Batch, Rules
from consumer.partitions.assigned import Assigned
from consumer.partitions.brokers import NO_TOPIC_ID
from consumer.partitions.lease import Lease
from consumer.process.clocks import Clocks, utc_now
from consumer.process.runtime import tune_python
from consumer.storage.committer import Committer
from consumer.storage.preparation import prepare
from scripts.publish.generated.generate import generate
from shared.documents import PARTITIONS, partition_id
from shared.mongo import SyncDatabase, connect, ensure_collections
from shared.settings import SharedSettings
from tests.support.servers import local

GROUP = TOPIC = "stages"
PARTITIONS_READ = 12

CHUNK = 2_000
"""Messages that one poll returns. With half of it, the cost of a poll (stage "take") counts twice as much an event."""

CREATE_TIME = 1
"""Kafka's number for a message whose timestamp was set by its producer."""

R = TypeVar("R")


class StageTimes:
    """Adds up the processor time of each stage, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def time(self, stage: str, call: Callable[[], R]) -> R:
        """Call, add the processor time of this thread to the stage, and return what the call returned."""
        started = time.thread_time()
        result = call()
        self.seconds[stage] += time.thread_time() - started
        return result


def main(
    events: Annotated[int, typer.Option(min=1_000)] = 300_000,
    products: Annotated[int, typer.Option(min=1)] = 1_000,
    batch: Annotated[int, typer.Option(min=1, help="Most events in a transaction.")] = 20_000,
    keyed: Annotated[bool, typer.Option(help="A product's events are in one partition.")] = True,
    spread: Annotated[int, typer.Option(help="Seconds over which events happened; 0: Kafka's time.")] = 0,
) -> None:
    """Measure and print. Raises PartMissing where mongod cannot be had."""
    tune_python()
    with database_of_stages() as (database, server, _):
        times, before = StageTimes(), sum(server.cpu_times()[:2])
        _run(database, times, _chunks(events, products, keyed, spread), batch)
        times.seconds["mongod"] = sum(server.cpu_times()[:2]) - before
    table = Table("stage", "µs an event", title=f"{events:,} events, {products:,} products, batches up to {batch:,}")
    for stage, seconds in times.seconds.items():
        table.add_row(stage, f"{seconds / events * 1e6:.2f}")
    Console().print(table)


def _chunks(events: int, products: int, keyed: bool, spread: int) -> Iterator[list[Message]]:
    """Yield messages as polling returns them: up to CHUNK of one partition, then of the next."""
    now_ms = time.time_ns() // 1_000_000
    waiting: dict[int, list[Message]] = defaultdict(list)
    offsets: dict[int, int] = defaultdict(int)
    stream = generate(count=events, products=products, seed=7, spread_seconds=spread, now_ms=now_ms)
    for number, (key, value, _) in enumerate(stream):
        partition = (int(key or b"0") if keyed else number) % PARTITIONS_READ
        offset = offsets[partition]
        offsets[partition] += 1
        waiting[partition].append(
            Message(
                topic=TOPIC, partition=partition, offset=offset, key=key, value=value,
                timestamp=(CREATE_TIME, now_ms + number // 1000),
            )
        )  # fmt: skip
        if len(waiting[partition]) == CHUNK:
            yield waiting.pop(partition)
    yield from waiting.values()


def _run(database: SyncDatabase, times: StageTimes, chunks: Iterator[list[Message]], most: int) -> None:
    rules, clocks = Rules(TOPIC, 400, copy_rejections=False), Clocks(database, utc_now)
    committer = Committer(database, GROUP, TOPIC, clocks, lambda: lambda: NO_TOPIC_ID, lambda _: None)
    assigned = {partition: Assigned(partition, _lease(database, partition)) for partition in range(PARTITIONS_READ)}
    batch = Batch(rules)

    def commit() -> None:
        prepared = times.time("prepare", lambda: prepare(batch, committer.recall))
        times.time("commit", lambda: committer.commit(batch, prepared))

    for chunk in chunks:
        one = assigned[chunk[0].partition() or 0]
        assert one.lease is not None  # noqa: S101  # made above
        lease = one.lease
        taken = times.time("take", lambda: one.take(lease, chunk, utc_now()))  # noqa: B023  # called at once
        times.time("judge", lambda: batch.add(taken))  # noqa: B023  # called at once
        if batch.is_full(most):
            commit()
            batch = Batch(rules)
    if batch:
        commit()


def _lease(database: SyncDatabase, partition: int) -> Lease:
    database[PARTITIONS].insert_one({"_id": partition_id(GROUP, TOPIC, partition), "epoch": 1, "next_offset": 0})
    return Lease(partition, epoch=1, generation=1, next_offset=0, read_from=0, topic_id=NO_TOPIC_ID)


@contextmanager
def database_of_stages() -> Iterator[tuple[SyncDatabase, psutil.Process, SharedSettings]]:
    """A database of its own MongoDB, that server's process, and how to connect to it."""
    with tempfile.TemporaryDirectory(prefix="stages-") as folder:
        mongo = local.mongo(Path(folder), CACHE_GB)
        try:
            mongo.start()
            settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_timeout_ms=10_000)
            database = connect(settings, "stages")
            ensure_collections(database)
            processes = psutil.Process().children(recursive=True)
            yield database, next(one for one in processes if "mongod" in one.name()), settings
            database.client.close()
        finally:
            mongo.close()


if __name__ == "__main__":
    typer.run(main)
