"""Measures how much slower answers become while a consumer works through a backlog at full speed."""

from typing import Any

from pymongo.database import Database

from bench.contest.contest import CopyTask
from bench.lab import topics
from bench.lab.laboratory import Lab
from bench.measures.reads import PRODUCT, ROUTES
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.ratios import ratio, spread
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import alternate
from bench.serving.load import CONNECTIONS, LoadResult, load
from bench.serving.past import consume
from bench.serving.served import ServedApi, serving
from stack.waiting import wait_until

IDLE, BUSY = "nothing else runs", "the consumer ingests"
GOAL = 5.0
"""The project's goal: the 99th percentile of the latency may be at most so many times that of an idle system."""

BACKLOG_PER_SECOND = 120_000
"""How many events to publish for each second of the load.

The consumer copies about 125,000 events a second when nothing else runs (docs/benchmarks.md), and fewer beside the
load, so it is busy to the end of the load. With half of it the consumer might be idle before the end; twice of it takes
twice as long to publish and to read.
"""

STARTED_SECONDS = 60.0
"""How long the consumer may take to store its first events, in seconds; twice that, to store the backlog. At half of it
a busy machine may fail; at twice of it a consumer that does not work is noticed after two minutes."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure the same load with and without a consumer that works on the same database."""
    topic = topics.publish(lab, options.short_history, options.products)
    with lab.database() as database:
        consume(lab, topic, database)
        task = CopyTask(lab, topic, database)
        with serving(lab, database.name) as served:

            def idle() -> LoadResult:
                return load(served, ROUTES[PRODUCT], options.products, options.load_seconds)

            loads = alternate(
                {IDLE: idle, BUSY: lambda: _while_ingesting(task, served, options)},
                options.rounds,
                lambda seen: f"99 % {seen.p99:.1f} ms, {seen.rate:,.0f} answers/s",
            )
    return _section(loads)


def _while_ingesting(task: CopyTask, served: ServedApi, options: Options) -> LoadResult:
    backlog = int(options.load_seconds * BACKLOG_PER_SECOND)
    before = _handled(task.database)
    topics.add(task.lab, task.topic.name, backlog, options.products, seed=before)
    (consumer,) = Ours().processes(task)
    consumer.start()
    try:
        wait_until("the consumer to read", lambda: _handled(task.database) > before, STARTED_SECONDS)
        return load(served, ROUTES[PRODUCT], options.products, options.load_seconds)
    finally:
        wait_until("the backlog to end", lambda: _handled(task.database) >= before + backlog, 2 * STARTED_SECONDS)
        consumer.stop()


def _handled(database: "Database[dict[str, Any]]") -> int:
    handled: int = sum(one["next_offset"] for one in database["partitions"].find())
    return handled


def _section(loads: dict[str, list[LoadResult]]) -> Section:
    reached = ratio(loads, BUSY, IDLE, lambda seen: seen.p99)
    section = Section(
        f"Reads while the consumer ingests: {PRODUCT}, {CONNECTIONS} connections",
        header=("meanwhile", "answers/s", "median ms", "99 % ms"),
        figures=[
            (
                name,
                spread(loads, name, lambda seen: seen.rate).text("{:,.0f}"),
                spread(loads, name, lambda seen: seen.median).text("{:.1f}"),
                spread(loads, name, lambda seen: seen.p99).text("{:.1f}"),
            )
            for name in loads
        ],
    )
    section.rows.append(
        GoalRow(
            "99th percentile while the consumer ingests at full speed, against idle",
            f"≤ {GOAL:g}×",
            f"{reached.text()}×",
            at_most(reached.median, GOAL),
        )
    )
    return section
