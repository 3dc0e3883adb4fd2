"""Measures what it costs to seal old days: ingestion beside it, its speed alone, and the storage that it saves."""

import json
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from pymongo.database import Database

from bench.contest.contest import CopyTask, run
from bench.lab.laboratory import Lab
from bench.lab.old_hours import fill_rollups, fill_totals
from bench.lab.topics import publish
from bench.measures.consume import rate
from bench.options import Options
from bench.peers.ours import consumer_settings
from bench.results.ratios import Spread, ratio, spread
from bench.results.report import GoalRow, Section, at_least, at_most
from bench.results.rounds import alternate
from consumer.process.clocks import Clocks, utc_now
from consumer.sealing.duty import Sealing
from shared.documents import (
    ROLLUP_DAYS,
    ROLLUPS,
    TOTAL_DAYS,
    TOTALS,
    Document,
    partition_id,
)
from shared.mongo import ensure_collections
from tests.support.process import Running, module

GOAL: Final = 0.9
"""The project's goal: a backlog is read at so much of its usual rate while an old database is sealed."""
STORAGE_GOAL: Final = 0.1
"""The project's goal: a sealed day takes so much of the disk that its hours and minutes took."""
UNSEALED: Final = (ROLLUPS, TOTALS)
SEALED: Final = (ROLLUP_DAYS, TOTAL_DAYS)
NEVER: Final = {"SEAL_AFTER_HOURS": "8760"}
MIB: Final = 2**20


@dataclass(frozen=True)
class BesideOldHours:
    """This project's consumer on a database with hours of a month ago, which it seals or, with `settings`, leaves."""

    name: str
    hours: int
    settings: dict[str, str]
    logs: list[Path] = field(default_factory=list)
    """Of each round's process."""

    @property
    def configuration(self) -> str:
        """How it is set up, in words for the report."""
        return f"a database with {self.hours:,} hours of busy products of a month ago"

    def processes(self, task: CopyTask) -> list[Running]:
        """Fill the database, which is not measured. Returns the consumer, not started."""
        ensure_collections(task.database)
        fill_rollups(task.database, 1_000, self.hours)
        self.logs.append(task.lab.folder / f"{task.database.name}.log")
        return [module("consumer", self.logs[-1], consumer_settings(task) | self.settings)]

    def sealed(self) -> list[int]:
        """How many documents were sealed in each round, by the processes' logs."""
        lines = (
            [json.loads(line) for line in log.read_text().splitlines() if "were sealed" in line] for log in self.logs
        )
        return [sum(line["documents"] for line in of_round) for of_round in lines]


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
    beside, resting = (one.sealed() for one in contestants)
    assert not any(resting), resting  # noqa: S101
    section.remarks.append(f"Beside the backlog it sealed {Spread.of(beside).text('{:,.0f}')} documents.")
    if not all(beside):
        section.rows[-1] = replace(goal, holds="", measure=f"{goal.measure} (too short: nothing was sealed meanwhile)")
    _measure_storage(lab, options.sealed_products, section)
    return section


def _measure_storage(lab: Lab, products: int, section: Section) -> None:
    """Fill a day of busy products, seal it without rests, and report what it took before and after."""
    with lab.database() as named:
        database = lab.client.get_database(named.name)
        ensure_collections(database)
        database.partitions.insert_one({"_id": partition_id("bench", "bench", 0)})
        fill_rollups(database, products, products * 24)
        fill_totals(database)
        before = {name: _sizes(database, name) for name in UNSEALED}
        sealing = Sealing(database, Clocks(database, utc_now), 72, lambda: [0], "bench", "bench", utc_now, share=1.0)
        began, used = time.perf_counter(), time.process_time()
        one = sealing.seal_due_days()
        seconds, processor = time.perf_counter() - began, time.process_time() - used
        assert one is not None and one.complete and not one.unsealable  # noqa: PT018, S101
        emptied = {name: _sizes(database, name) for name in UNSEALED}
        after = {name: _sizes(database, name) for name in SEALED}
    documents = sum(one.documents.values())
    share = _on_disk(after) / _on_disk(before)
    section.rows.append(
        GoalRow("disk of a sealed day", f"≤ {STORAGE_GOAL:g}×", f"{share:.3f}×", at_most(share, STORAGE_GOAL))
    )
    section.remarks += [
        f"A day of {products:,} products with sales and ratings in each minute, in one partition, was sealed in "
        f"{seconds:.1f} s without rests: {documents / seconds:,.0f} documents a second, "
        f"{processor / documents * 1e6:.0f} µs of the consumer's processor each.",
        *(f"- {name}: {_in_words(sizes)}" for name, sizes in (before | after).items()),
        f"The files of {' and '.join(UNSEALED)} keep {_on_disk(emptied) / MIB:.1f} MiB, of which MongoDB uses "
        f"{sum(one['freeStorageSize'] for one in emptied.values()) / MIB:.1f} MiB again for the next days' documents.",
    ]


def _sizes(database: "Database[Document]", name: str) -> Document:
    """The sizes of a collection, once MongoDB has written it to its files."""
    database.client.admin.command("fsync")
    return database.command("collStats", name)


def _on_disk(sizes: dict[str, Document]) -> float:
    """Bytes on disk, indexes included."""
    return float(sum(one["storageSize"] + one["totalIndexSize"] for one in sizes.values()))


def _in_words(sizes: Document) -> str:
    return (
        f"{sizes['count']:,} documents, {sizes['size'] / MIB:.1f} MiB of data, "
        f"{sizes['storageSize'] / MIB:.1f} MiB on disk, {sizes['totalIndexSize'] / MIB:.1f} MiB of indexes"
    )
