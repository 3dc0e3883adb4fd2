"""Measures whether an answer takes longer when the database holds a longer past."""

from contextlib import ExitStack
from functools import partial

from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.reads import ALL, PRODUCT, ROUTES, SPREAD_SECONDS
from bench.options import Options
from bench.results.ratios import ratio, spread
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import alternate
from bench.serving.load import LoadResult, load
from bench.serving.past import add_past, consume
from bench.serving.served import serving

GOAL = 1.1
"""The project's goal: a hundred times as much history may cost a tenth more, which is about the noise of a median."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure latencies on two databases with the same last hour, only one of which has a long past.

    Each database has its own API process, and each request waits for the answer before it.
    """
    topic = publish(lab, options.short_history, options.products, spread_seconds=SPREAD_SECONDS)
    with ExitStack() as stack:
        short, long = (stack.enter_context(lab.database()) for _ in range(2))
        consume(lab, topic, short)
        consume(lab, topic, long)
        events = options.short_history + add_past(long, options.history - options.short_history)
        apis = {
            f"{options.short_history:,} events": stack.enter_context(serving(lab, short.name)),
            f"{events:,} events": stack.enter_context(serving(lab, long.name)),
        }
        asked = {
            f"{route} after {name}": partial(
                load, served, ROUTES[route], options.products, options.load_seconds, connections=1
            )
            for route in (PRODUCT, ALL)
            for name, served in apis.items()
        }
        loads = alternate(asked, options.rounds, lambda seen: f"median {seen.median:.2f} ms")
    return _section(loads, *apis)


def _section(loads: dict[str, list[LoadResult]], short: str, long: str) -> Section:
    section = Section(
        "Latency and history: one connection",
        header=("route", "median ms", "99 % ms"),
        figures=[
            (
                name,
                spread(loads, name, _median).text("{:.2f}"),
                spread(loads, name, lambda seen: seen.p99).text("{:.2f}"),
            )
            for name in loads
        ],
    )
    for route in (PRODUCT, ALL):
        reached = ratio(loads, f"{route} after {long}", f"{route} after {short}", _median)
        section.rows.append(
            GoalRow(
                f"latency of {route} after {long} of history against after {short}",
                f"≤ {GOAL:g}×",
                f"{reached.text()}×",
                at_most(reached.median, GOAL),
            )
        )
    section.remarks.append(
        "The long past consists of copies of the last hour as the consumer stored it, each shifted further back."
    )
    return section


def _median(seen: LoadResult) -> float:
    return seen.median
