"""What readers notice of a consumer that works off a backlog at full speed."""

from typing import Any

from pymongo.database import Database

from bench.contest.contest import Task
from bench.lab import topics
from bench.lab.laboratory import Lab
from bench.measures.reads import PRODUCT, ROUTES
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.ratios import ratio, spread
from bench.results.report import Row, Section, at_most
from bench.results.rounds import alternate
from bench.serving.load import CONNECTIONS, Load, load
from bench.serving.past import consume
from bench.serving.served import Served, serving
from stack.waiting import wait_until

IDLE, BUSY = "nothing else runs", "the consumer ingests"
GOAL = 5.0
BACKLOG_PER_SECOND = 120_000
"""More than a consumer works off, so that it is busy to the end of the load."""
STARTED_SECONDS = 60.0


def measure(lab: Lab, options: Options) -> Section:
    """The same load with and without a consumer at work on the same database."""
    topic = topics.publish(lab, options.short_history, options.products)
    with lab.database() as database:
        consume(lab, topic, database)
        task = Task(lab, topic, database)
        with serving(lab, database.name) as served:

            def idle() -> Load:
                return load(served, ROUTES[PRODUCT], options.products, options.load_seconds)

            loads = alternate(
                {IDLE: idle, BUSY: lambda: _while_ingesting(task, served, options)},
                options.rounds,
                lambda seen: f"99 % {seen.p99:.1f} ms, {seen.rate:,.0f} answers/s",
            )
    return _section(loads)


def _while_ingesting(task: Task, served: Served, options: Options) -> Load:
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


def _section(loads: dict[str, list[Load]]) -> Section:
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
        Row(
            "99th percentile while the consumer ingests at full speed, against idle",
            f"≤ {GOAL:g}×",
            f"{reached.text()}×",
            at_most(reached.median, GOAL),
        )
    )
    return section
