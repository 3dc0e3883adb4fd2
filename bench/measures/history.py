"""Whether an answer takes longer when more has happened before."""

from contextlib import ExitStack
from functools import partial

from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.reads import ALL, PRODUCT, ROUTES, SPREAD_SECONDS
from bench.options import Options
from bench.results.ratios import ratio, spread
from bench.results.report import Row, Section, at_most
from bench.results.rounds import alternate
from bench.serving.load import Load, load
from bench.serving.past import add_past, consume
from bench.serving.served import serving

GOAL = 1.1


def measure(lab: Lab, options: Options) -> Section:
    """Two databases with the same last hour, one of them with a long past, each behind a worker of its own."""
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


def _section(loads: dict[str, list[Load]], short: str, long: str) -> Section:
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
            Row(
                f"latency of {route} after {long} of history against after {short}",
                f"≤ {GOAL:g}×",
                f"{reached.text()}×",
                at_most(reached.median, GOAL),
            )
        )
    section.remarks.append("The long past is the last hour as the consumer stored it, shifted back again and again.")
    return section


def _median(seen: Load) -> float:
    return seen.median
