"""Measures the answers of a dashboard, one request at a time: beside a constant, beside the plain style, and whether
they take longer when the database holds a longer past."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, Final, NamedTuple

from pymongo.database import Database

from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.reads import CONSTANT, SPREAD_SECONDS
from bench.measures.reads import ROUTES as COMPARED
from bench.options import Options
from bench.results.ratios import Spread, ratio, spread
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import alternate
from bench.serving.active_products import Activity, fill
from bench.serving.load import LoadResult, load
from bench.serving.past import consume
from bench.serving.plain_style import store_plain
from bench.serving.questions import BATCH, CURVE, CURVE_OF_ALL, ONE, ROUTES, TOP, Asked, searches
from bench.serving.sealed_past import BUSY, add_sealed_days
from bench.serving.served import PEERS, READY_SECONDS, ServedApi, answers, serving
from stack.waiting import wait_until

WINDOW_DAYS: Final = 60
"""The days that the longest window reads, with the one before it: sealed in both databases."""
SEARCHED_SECONDS: Final = 3_600
"""The products that are searched have one sale each, within so many seconds."""

OF_ONE, OF_ALL, OF_BATCH, OF_HISTORY, OF_SEARCH = 5.0, 10.0, 5.0, 1.1, 10.0
"""The project's goals: milliseconds of a curve of 30 days, of one product and of all; a hundred products against one;
forty times as much history; milliseconds of a page of products."""


class Subject(NamedTuple):
    """An API process that answers questions about a database, and the constant that the same process answers."""

    served: ServedApi
    questions: Mapping[str, Asked]
    constant: str


def measure(lab: Lab, options: Options) -> Section:
    """Measure all routes on a short and on a long history, and searches among many products.

    The short history and the searches also have a constant and the plain style.
    """
    topic = publish(lab, options.short_history, options.products, spread_seconds=SPREAD_SECONDS)
    with ExitStack() as stack:
        short, long, many = (stack.enter_context(lab.database()) for _ in range(3))
        consume(lab, topic, short)
        consume(lab, topic, long)
        now_ms = time.time_ns() // 1_000_000
        for database in (short, long):
            add_sealed_days(database, now_ms, range(1, WINDOW_DAYS + 1))
        store_plain(short)
        sales = _lengthen(long, now_ms, options)
        fill(many, range(1, options.many_products + 1), Activity(now_ms, SEARCHED_SECONDS, 1, 1))
        store_plain(many)
        first = stack.enter_context(serving(lab, short.name, PEERS))
        second = stack.enter_context(serving(lab, long.name))
        third = stack.enter_context(serving(lab, many.name, PEERS))
        for served in (first, second):
            _wait_for_top(served)
        subjects = [
            Subject(first, ROUTES, CONSTANT),
            Subject(third, searches(options.many_products), f"{CONSTANT}, where names are searched"),
        ]
        asked: dict[str, tuple[ServedApi, str]] = {}
        for subject in subjects:
            asked |= _asked(subject)
        loads = _alternated(asked, options.rounds, options.load_seconds / 2, options)
        # One after the other, and often: from minute to minute the machine's speed changes by more than the goal.
        pairs: dict[str, tuple[ServedApi, str]] = {}
        for name, route in ROUTES.items():
            pairs |= {_after(name, "long"): (second, route.path), _after(name, "short"): (first, route.path)}
        loads |= _alternated(pairs, options.history_rounds, options.load_seconds / 5, options)
    return _section(loads, subjects, sales)


def _alternated(
    asked: Mapping[str, tuple[ServedApi, str]], rounds: int, seconds: float, options: Options
) -> dict[str, list[LoadResult]]:
    """Ask each address so often, for so many seconds, on one connection."""
    return alternate(
        {
            name: partial(load, served, path, options.products, seconds, connections=1)
            for name, (served, path) in asked.items()
        },
        rounds,
        lambda seen: f"median {seen.median:.2f} ms",
    )


def _lengthen(database: "Database[dict[str, Any]]", now_ms: int, options: Options) -> int:
    """Add sealed days for the long history. Return how many sales they are made of."""
    days = -(-options.history // (options.products * BUSY.sales_a_day))
    return add_sealed_days(database, now_ms, range(WINDOW_DAYS + 1, WINDOW_DAYS + 1 + days))


def _asked(subject: Subject) -> dict[str, tuple[ServedApi, str]]:
    """All that is asked of one process: its routes, the plain style's, and a constant."""
    served, questions, constant = subject
    return {
        **{name: (served, route.path) for name, route in questions.items()},
        **{_plain(name): (served, route.plain) for name, route in questions.items() if route.plain},
        constant: (served, COMPARED[CONSTANT]),
    }


def _wait_for_top(served: ServedApi) -> None:
    """Block until the instance ranks products: it answers 503 while it reads the sums of all. Raises StackError."""
    with served.client() as client:
        wait_until("a top", lambda: answers(client, ROUTES[TOP].path), READY_SECONDS)


def _after(name: str, history: str) -> str:
    return f"{name} after a {history} history"


def _slowed(loads: dict[str, list[LoadResult]], name: str) -> Spread:
    """How many times as long a route takes after the long history as after the short one."""
    return ratio(loads, _after(name, "long"), _after(name, "short"), _median)


def _plain(name: str) -> str:
    return f"{name} in the plain style"


def _section(loads: dict[str, list[LoadResult]], subjects: list[Subject], sales: int) -> Section:
    section = Section(
        "Answers of a dashboard: one connection",
        header=("route", "median ms", "99 % ms", "against a constant", "the plain style against it", "long history"),
        figures=[_line(loads, name, subject) for subject in subjects for name in subject.questions],
    )
    batch = ratio(loads, BATCH, ONE, _median)
    slowest = max((_slowed(loads, name) for name in ROUTES), key=lambda reached: reached.median)
    few, many, *_ = subjects[-1].questions
    section.rows = [
        _row("a curve of 30 days of one product", OF_ONE, spread(loads, CURVE, _median), " ms"),
        _row("… of all products", OF_ALL, spread(loads, CURVE_OF_ALL, _median), " ms"),
        _row("100 products at once against one", OF_BATCH, batch, "×"),
        _row(f"products by name: {few}", OF_SEARCH, spread(loads, few, _median), " ms"),
        _row(f"… {many}", OF_SEARCH, spread(loads, many, _median), " ms"),
        _row(f"the route that {sales:,} sales more of history slow down most", OF_HISTORY, slowest, "×"),
    ]
    section.remarks.append(
        "The plain style stores sales and ratings in a collection each, with amounts and ratings as doubles, and with "
        "indexes by product, by time and by name that hold all that sums are made of: those of the last hour and of "
        f"{WINDOW_DAYS} days. A curve there has days of UTC. Searches have a database of their own, of more products, "
        "which has no longer past: a search reads the products alone."
    )
    return section


def _line(loads: dict[str, list[LoadResult]], name: str, subject: Subject) -> tuple[str, ...]:
    """A route's line of the table."""
    plain = _plain(name)
    return (
        name,
        spread(loads, name, _median).text(),
        spread(loads, name, lambda seen: seen.p99).text(),
        f"{ratio(loads, name, subject.constant, _median).text('{:.1f}')}×",
        f"{ratio(loads, plain, name, _median).text('{:.1f}')}×" if plain in loads else "",
        f"{_slowed(loads, name).text()}×" if _after(name, "long") in loads else "",
    )


def _row(measure: str, goal: float, reached: Spread, unit: str) -> GoalRow:
    return GoalRow(measure, f"≤ {goal:g}{unit}", f"{reached.text()}{unit}", at_most(reached.median, goal))


def _median(seen: LoadResult) -> float:
    return seen.median
