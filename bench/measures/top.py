"""Measures tops over very many active products: their answers, and what the boards behind them cost a process.

Beside them stand a constant of the same process, the plain style, and the way that was not taken: one scan of all
products' hours by an index on the hour, for all instances, which would need nothing of the consumers but that index.
"""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo.database import Database

from api.reads.spans.windows import Window
from api.reads.top.measures import Measure
from bench.contest.contest import CopyTask, end
from bench.contest.usage import processor_seconds
from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.reads import CONSTANT
from bench.measures.reads import ROUTES as COMPARED
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.ratios import percentile
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import console
from bench.serving.active_products import Activity, fill
from bench.serving.past import consume
from bench.serving.plain_style import store_plain
from bench.serving.ranked import LOAD_SECONDS, Kind, Loaded, Times, limited, load, timed, used_a_minute
from bench.serving.sealed_past import QUIET, add_sealed_days
from bench.serving.served import PEERS, serving, token
from bench.serving.staleness import staleness
from shared.documents import HOUR_MS, ROLLUPS, minute_path

ANSWER_MS, STALE_MS, IDLE_SECONDS = 20.0, 1_000.0, 1.2
"""The project's goals: milliseconds of an answer and of what a top is behind a commit, and the processor seconds a
minute of a process that nobody asks: 2 % of a core."""

FOLLOWED: Final = Kind(Measure.AMOUNT, Window.HOUR)
"""The top that is watched for sales that have just been committed."""
KINDS: Final = (
    Kind(Measure.RATING, Window.MONTH),
    FOLLOWED,
    Kind(Measure.UNITS, Window.HOUR),
    Kind(Measure.SALES, Window.HOUR),
    Kind(Measure.RATING, Window.HOUR),
    Kind(Measure.AMOUNT, Window.QUARTER_HOUR),
    Kind(Measure.AMOUNT, Window.DAY),
    Kind(Measure.AMOUNT, Window.WEEK),
    Kind(Measure.AMOUNT, Window.MONTH),
    Kind(Measure.UNITS, Window.MONTH),
    Kind(Measure.SALES, Window.MONTH),
)
"""All measures of both classes of windows, those to the second and those to the hour, and by amount all windows. The
first is of the other class than the one that is followed, so a run of few boards has both."""
MOVING: Final = (Window.QUARTER_HOUR, Window.HOUR)

SECONDS, MOST_EVENTS = 7_200, 24
"""Each product has one to so many events within so many last seconds: some six in each hour."""
FIRST_PRODUCT: Final = 10_001
"""The first of the many products: behind those that the consumer knows."""
CONSUMED: Final = 1_000
"""Events that the consumer stores first, so that all partitions are known."""
PLAIN_ANSWERS: Final = 20
"""The most answers of the plain style that are timed; each may take seconds."""
SCANS: Final = 3


@dataclass(frozen=True)
class Measured:
    """A board, its answers, and those of the same process's constant and of the plain style."""

    loaded: Loaded
    top: Times
    constant: Times
    plain: Times
    kept: float
    """Processor seconds a minute while the board is kept and nobody asks."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure each board in a process of its own, an idle process, how far a top is behind commits, and the scan."""
    topic = publish(lab, CONSUMED, options.products)
    with lab.database() as database:
        task = CopyTask(lab, topic, database)
        consume(lab, topic, database)
        now_ms = time.time_ns() // 1_000_000
        products = range(FIRST_PRODUCT, FIRST_PRODUCT + options.many_products)
        fill(database, products, Activity(now_ms, SECONDS, 1, MOST_EVENTS))
        add_sealed_days(database, now_ms, range(1, options.board_days + 1), QUIET)
        store_plain(database, QUIET)
        shown = token(lab, database.name)
        boards = {kind: _board(lab, database.name, shown, kind, options) for kind in KINDS[: options.boards]}
        idle, stale = _unasked_and_behind(task, shown, options)
        scan = _scanned(lab, database)
    return _section(options, boards, idle, stale, scan)


def _board(lab: Lab, database: str, shown: str, kind: Kind, options: Options) -> Measured | None:
    """Measure the board of one kind; None where it was not loaded within LOAD_SECONDS."""
    with serving(lab, database, PEERS, shown) as served, served.client() as client:
        loaded = load(served, client, kind)
        if loaded is None:
            return None
        top = timed(client, limited(kind), options.top_answers)
        constant = timed(client, lambda _: COMPARED[CONSTANT], options.top_answers // 4)
        kept = used_a_minute(served, options.idle_seconds / 4)
        plain = timed(client, lambda _: kind.plain, PLAIN_ANSWERS, options.load_seconds)
    console.print(f"  {kind.name}: loaded in {loaded.seconds:.1f} s, median {top.median:.2f} ms", highlight=False)
    return Measured(loaded, top, constant, plain, kept)


def _unasked_and_behind(task: CopyTask, shown: str, options: Options) -> tuple[float, list[float]]:
    """Processor seconds a minute of a process that nobody has asked; then, while a consumer works and a board is kept,
    milliseconds from commits to the top."""
    (consumer,) = Ours().processes(task)
    with serving(task.lab, task.database.name, shown=shown) as served, served.client() as client:
        idle = used_a_minute(served, options.idle_seconds)
        consumer.start()
        try:
            if load(served, client, FOLLOWED) is None:
                raise SystemExit(f"no top of {FOLLOWED.name} after {LOAD_SECONDS:.0f} s")
            return idle, staleness(task, client, f"{FOLLOWED.path}1", options.top_probes)
        finally:
            end(consumer)


def _scanned(lab: Lab, database: "Database[dict[str, Any]]") -> str:
    """The way that was not taken."""
    database[ROLLUPS].create_index([("_id.h", 1)], name="hour")
    amounts = [f"${minute_path(number)}.amount" for number in range(60)]
    stages: list[dict[str, Any]] = [
        {"$match": {"_id.h": {"$gte": time.time_ns() // 1_000_000 // HOUR_MS - 1}}},
        {"$group": {"_id": "$_id.p", "amount": {"$sum": {"$sum": amounts}}}},
        {"$sort": {"amount": -1, "_id": 1}},
        {"$limit": 10},
    ]
    taken, used = [], processor_seconds([lab.mongod])
    for _ in range(SCANS):
        started = time.perf_counter()
        list(database[ROLLUPS].aggregate(stages, hint="hour", allowDiskUse=True))
        taken.append(time.perf_counter() - started)
    processor = (processor_seconds([lab.mongod]) - used) / SCANS
    return f"{statistics.median(taken):.2f} s, of which MongoDB works for {processor:.2f} s"


def _section(
    options: Options, boards: Mapping[Kind, Measured | None], idle: float, stale: list[float], scan: str
) -> Section:
    found = {kind: board for kind, board in boards.items() if board is not None}
    section = Section(
        f"Tops of {options.many_products:,} active products, {options.board_days} sealed days",
        header=(
            "top", "median ms", "99 % ms", "against a constant", "the plain style against it", "board loaded after",
            "… of the API's processor", "memory", "kept, nobody asks: processor seconds a minute",
        ),
        figures=[_line(kind, board) for kind, board in boards.items()],
    )  # fmt: skip
    section.rows = [
        *_answer_rows(found, len(boards) == len(found)),
        GoalRow("a sale in the top, after its commit: median", "report", f"{percentile(stale, 0.5):.0f} ms"),
        _row("… 99 %", STALE_MS, percentile(stale, 0.99), " ms", 0),
        _row("processor seconds a minute of an API process that nobody asks", IDLE_SECONDS, idle, " s", 2),
    ]
    if found:
        slowest = max(found, key=lambda kind: found[kind].loaded.seconds)
        largest = max(found, key=lambda kind: found[kind].loaded.megabytes)
        least = min(board.plain.median / board.top.median for board in found.values())
        section.rows += [
            GoalRow(f"longest load of a board: {slowest.name}", "report", f"{found[slowest].loaded.seconds:.1f} s"),
            GoalRow(f"largest board: {largest.name}", "report", f"{found[largest].loaded.megabytes:.0f} MB"),
            GoalRow("the plain style against a top, where it is closest", "report", f"{least:.1f}×"),
        ]
    section.rows.append(GoalRow("one scan of all hours, the way that was not taken", "report", scan))
    section.remarks.append(
        f"Each product has 1 to {MOST_EVENTS} events in the last two hours, and a sale and a rating on each sealed "
        "day. Each board has a process that has just started; it is loaded at the first question, and its memory is "
        "what the process grew by. Questions come one at a time with pauses, each for another number of products, so "
        "that hardly any answer is kept from another. The plain style aggregates raw events by indexes that hold all "
        "that it needs, and gives no names."
    )
    return section


def _answer_rows(found: Mapping[Kind, Measured], all_loaded: bool) -> list[GoalRow]:
    """The slowest median of each class of windows, and what went wrong."""
    rows = []
    for windows, moving in (("15m and 1h", True), ("24h, 7d and 30d", False)):
        medians = {kind: board.top.median for kind, board in found.items() if (kind.window in MOVING) is moving}
        if medians:
            slowest = max(medians, key=lambda kind: medians[kind])
            row = _row(f"top of {windows}: the slowest, {slowest.name}", ANSWER_MS, medians[slowest], " ms", 2)
            rows.append(row)
    refused = sum(board.top.refused for board in found.values())
    if refused:
        rows.append(_row("questions that a board did not answer, though it was loaded", 0, refused, "", 0))
    if not all_loaded:
        rows.append(GoalRow("all boards are loaded", f"within {LOAD_SECONDS:.0f} s", "no", "no"))
    return rows


def _line(kind: Kind, board: Measured | None) -> tuple[str, ...]:
    """A board's line of the table."""
    if board is None:
        return kind.name, *[""] * 4, f"not within {LOAD_SECONDS:.0f} s", *[""] * 3
    loaded, top = board.loaded, board.top
    return (
        kind.name,
        f"{top.median:.2f}",
        f"{top.p99:.2f}",
        f"{top.median / board.constant.median:.1f}×",
        f"{board.plain.median / top.median:.1f}×",
        f"{loaded.seconds:.1f} s",
        f"{loaded.processor:.1f} s",
        f"{loaded.megabytes:.0f} MB",
        f"{board.kept:.1f}",
    )


def _row(measure: str, goal: float, reached: float, unit: str, digits: int) -> GoalRow:
    return GoalRow(measure, f"≤ {goal:,g}{unit}", f"{reached:,.{digits}f}{unit}", at_most(reached, goal))
