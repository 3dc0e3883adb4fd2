"""Measures how fast each contestant, at its best on this machine, copies a backlog, and what that costs."""

import os
from functools import partial

from bench.contest.contest import WARM_UP, WARM_UP_SECONDS, Contestant, ContestResult, run
from bench.lab.laboratory import Lab
from bench.lab.topics import Topic, publish
from bench.options import Options
from bench.peers.kafka_connect import KafkaConnect
from bench.peers.limit import Limit
from bench.peers.ours import Ours
from bench.peers.programs import FAST_STREAM, PLAIN, QUIX_STREAMS
from bench.results.ratios import Rounds, ratio, spread
from bench.results.report import GoalRow, Section, at_least, at_most
from bench.results.rounds import alternate

OURS, CONNECT, LIMIT, LIMIT_OF_ALL = Ours(), KafkaConnect(), Limit(), Limit(os.cpu_count() or 1)
GOALS = {CONNECT.name: 3.0, QUIX_STREAMS.name: 3.5, LIMIT.name: 0.7}
"""The project's goals: at least so many times as fast as this contestant, by the median ratio."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure events a second and processor time of this project, all peers and the limit, on the same topic."""
    topic = publish(lab, options.events, options.products)
    fetched: list[Contestant] = [CONNECT, QUIX_STREAMS, FAST_STREAM] if options.downloads else []
    contestants: list[Contestant] = [OURS, LIMIT, LIMIT_OF_ALL, *fetched, PLAIN]
    results = race(lab, topic, contestants, options)
    section = Section(f"Consume: {options.events:,} events, {options.products:,} products")
    section.header, section.figures = HEADER, figures(results)
    for peer, goal in GOALS.items():
        if peer in results:
            reached = ratio(results, OURS.name, peer, rate)
            section.rows.append(
                GoalRow(f"consume against {peer}", f"≥ {goal:g}×", f"{reached.text()}×", at_least(reached.median, goal))
            )
    if CONNECT.name in results:
        section.rows.append(processor_row(results))
    if LIMIT_OF_ALL.name in results:
        reached = ratio(results, OURS.name, LIMIT_OF_ALL.name, rate)
        section.rows.append(GoalRow(f"… against {LIMIT_OF_ALL.name}", "report", f"{reached.text()}×"))
    section.remarks.append(
        f"The first {WARM_UP:.0%} of the events, or {WARM_UP_SECONDS:g} s, are each contestant's warm-up, in which "
        "Java compiles; the rate is taken from there to the last event; of the plain style over "
        f"{options.plain_seconds:g} s of that. Only this project also validates events, keeps aggregates and dead "
        "letters, and moves the offsets, and each event counts exactly once. All others copy raw events, at least "
        "once."
    )
    section.remarks += [f"- {contestant.name}: {contestant.configuration}" for contestant in contestants]
    return section


def race(lab: Lab, topic: Topic, contestants: list[Contestant], options: Options) -> dict[str, list[ContestResult]]:
    """Let every contestant copy the same topic, in turn; return each one's results by its name.

    The plain style, which would take hours, gets `plain_seconds` for it, the others `seconds`.
    """
    runs = {
        each.name: partial(run, lab, each, topic, options.plain_seconds if each is PLAIN else options.seconds)
        for each in contestants
    }
    return alternate(runs, options.rounds, _describe)


HEADER = (
    "consumer", "events/s", "this project is faster by", "processor seconds per million events", "memory, peak MiB",
    "first event stored after",
)  # fmt: skip


def figures(results: Rounds[ContestResult]) -> list[tuple[str, ...]]:
    """Return a line of the table for each contestant; the cells are those of HEADER."""
    return [
        (
            name,
            spread(results, name, rate).text("{:,.0f}"),
            "" if name == OURS.name else f"{ratio(results, OURS.name, name, rate).text()}×",
            spread(results, name, lambda result: result.processor_seconds_per_million).text("{:.1f}"),
            spread(results, name, lambda result: result.memory.peak).text("{:.0f}"),
            f"{spread(results, name, lambda result: result.first_event_seconds).text('{:.1f}')} s",
        )
        for name in results
    ]


def processor_row(results: Rounds[ContestResult]) -> GoalRow:
    """Compare the processor time of this project with Kafka Connect's."""
    ours, theirs = (
        spread(results, name, lambda result: result.processor_seconds_per_million) for name in (OURS.name, CONNECT.name)
    )
    return GoalRow(
        "processor seconds per million events, consumer and mongod",
        f"below Kafka Connect's {theirs.text('{:.1f}')}",
        ours.text("{:.1f}"),
        at_most(ours.median, theirs.median),
    )


def rate(result: ContestResult) -> float:
    """Return the events a second of one result."""
    return result.rate


def _describe(result: ContestResult) -> str:
    return f"{result.rate:,.0f} events/s, {result.processor_seconds_per_million:.1f} processor seconds a million"
