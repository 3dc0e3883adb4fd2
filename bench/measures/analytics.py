"""Measures the answers of a dashboard, one request at a time: beside a constant, beside the plain style, and whether
they take longer when the database holds a longer past."""

import time
from contextlib import ExitStack
from functools import partial
from typing import Final, NamedTuple

from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.reads import CONSTANT, SPREAD_SECONDS
from bench.measures.reads import ROUTES as COMPARED
from bench.options import Options
from bench.results.ratios import Spread, ratio, spread
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import alternate
from bench.serving.load import LoadResult, load
from bench.serving.past import consume
from bench.serving.plain_style import store_sales
from bench.serving.sealed_past import SALES_A_DAY, add_sealed_days
from bench.serving.served import READY_SECONDS, ServedApi, answers, serving
from stack.waiting import wait_until

IDS: Final = ",".join(map(str, range(1, 101)))
WINDOW_DAYS: Final = 60
"""The days that the longest window reads, with the one before it: sealed in both databases."""


class Asked(NamedTuple):
    """A route, and the plain style's address for the same question, if it has one."""

    path: str
    plain: str | None = None


ONE, BATCH = "sale/{id}", "sale?ids= (100)"
TOP = "top, 1 hour"
CURVE, CURVE_OF_ALL = "sale/{id}/series, 30 days", "sale/series, 30 days"
ROUTES: Final = {
    ONE: Asked("/api/product/sale/{product}", "/bench/plain/hour/{product}"),
    BATCH: Asked(f"/api/product/sale?ids={IDS}", f"/bench/plain/ids/{IDS}"),
    "sale/{id}, 30 days": Asked("/api/product/sale/{product}?window=30d", "/bench/plain/month/{product}"),
    "… compared": Asked("/api/product/sale/{product}?window=30d&compare=previous", "/bench/plain/compared/{product}"),
    "sale, 30 days": Asked("/api/product/sale?window=30d", "/bench/plain/month/all"),
    "{id}": Asked("/api/product/{product}"),
    CURVE: Asked(
        "/api/product/sale/{product}/series?window=30d&step=1d&tz=Asia/Kathmandu", "/bench/plain/days/{product}"
    ),
    CURVE_OF_ALL: Asked("/api/product/sale/series?window=30d&step=1d&tz=Asia/Kathmandu", "/bench/plain/days/all"),
    "sale/{id}/series, 24 h by 10 min": Asked(
        "/api/product/sale/{product}/series?window=24h&step=10m", "/bench/plain/minutes/{product}"
    ),
    "rating/{id}/series, 7 days": Asked("/api/product/rating/{product}/series?window=7d&step=1h"),
    "rating/{id}/distribution": Asked("/api/product/rating/{product}/distribution"),
    "… of the last hour": Asked("/api/product/rating/{product}/distribution?window=1h"),
    TOP: Asked("/api/product/top?by=amount&window=1h", "/bench/plain/top/all"),
    "?name=": Asked("/api/product?name=pro&limit=20"),
}

OF_ONE, OF_ALL, OF_BATCH, OF_HISTORY = 5.0, 10.0, 5.0, 1.1
"""The project's goals: milliseconds of a curve of 30 days, of one product and of all; a hundred products against one;
forty times as much history."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure all routes on a short and on a long history; on the short one also a constant and the plain style."""
    topic = publish(lab, options.short_history, options.products, spread_seconds=SPREAD_SECONDS)
    with ExitStack() as stack:
        short, long = (stack.enter_context(lab.database()) for _ in range(2))
        consume(lab, topic, short)
        consume(lab, topic, long)
        now_ms = time.time_ns() // 1_000_000
        for database in (short, long):
            add_sealed_days(database, now_ms, range(1, WINDOW_DAYS + 1))
        store_sales(short)
        days = -(-options.history // (options.products * SALES_A_DAY))
        sales = add_sealed_days(long, now_ms, range(WINDOW_DAYS + 1, WINDOW_DAYS + 1 + days))
        first = stack.enter_context(serving(lab, short.name, "bench.serving.api_with_peers"))
        second = stack.enter_context(serving(lab, long.name))
        for served in (first, second):
            _wait_for_top(served)
        asked = {name: (first, route.path) for name, route in ROUTES.items()}
        asked |= {_after(name): (second, route.path) for name, route in ROUTES.items()}
        asked |= {_plain(name): (first, route.plain) for name, route in ROUTES.items() if route.plain}
        asked[CONSTANT] = first, COMPARED[CONSTANT]
        loads = alternate(
            {
                name: partial(load, served, path, options.products, options.load_seconds / 2, connections=1)
                for name, (served, path) in asked.items()
            },
            options.rounds,
            lambda seen: f"median {seen.median:.2f} ms",
        )
    return _section(loads, sales)


def _wait_for_top(served: ServedApi) -> None:
    """Block until the instance ranks products: it answers 503 while it reads the sums of all. Raises StackError."""
    with served.client() as client:
        wait_until("a top", lambda: answers(client, ROUTES[TOP].path), READY_SECONDS)


def _after(name: str) -> str:
    return f"{name} after a long history"


def _plain(name: str) -> str:
    return f"{name} in the plain style"


def _section(loads: dict[str, list[LoadResult]], sales: int) -> Section:
    section = Section(
        "Answers of a dashboard: one connection",
        header=("route", "median ms", "99 % ms", "against a constant", "the plain style against it", "long history"),
        figures=[
            (
                name,
                spread(loads, name, _median).text(),
                spread(loads, name, lambda seen: seen.p99).text(),
                f"{ratio(loads, name, CONSTANT, _median).text('{:.1f}')}×",
                f"{ratio(loads, _plain(name), name, _median).text('{:.1f}')}×" if ROUTES[name].plain else "",
                f"{ratio(loads, _after(name), name, _median).text()}×",
            )
            for name in ROUTES
        ],
    )
    batch = ratio(loads, BATCH, ONE, _median)
    slowest = max((ratio(loads, _after(name), name, _median) for name in ROUTES), key=lambda reached: reached.median)
    section.rows = [
        _row("a curve of 30 days of one product", OF_ONE, spread(loads, CURVE, _median), " ms"),
        _row("… of all products", OF_ALL, spread(loads, CURVE_OF_ALL, _median), " ms"),
        _row("100 products at once against one", OF_BATCH, batch, "×"),
        _row(f"the route that {sales:,} sales more of history slow down most", OF_HISTORY, slowest, "×"),
    ]
    section.remarks.append(
        "The plain style stores only the sales, as doubles, in a collection whose two indexes, by product and by time, "
        f"hold all that is asked for: those of the last hour and of {WINDOW_DAYS} days. A curve there has days of UTC. "
        "Routes without a figure there ask for more than sales: names, or ratings."
    )
    return section


def _row(measure: str, goal: float, reached: Spread, unit: str) -> GoalRow:
    return GoalRow(measure, f"≤ {goal:g}{unit}", f"{reached.text()}{unit}", at_most(reached.median, goal))


def _median(seen: LoadResult) -> float:
    return seen.median
