"""Measures boards of 100,000 products without MongoDB: `python -m bench.boards`

All products sell, or are rated, in each minute. For one measure after the other the command prints, in processor time
of this thread, how long the steps of a board take and how long the event loop had to wait at most, and how much memory
the board takes. Other work of the machine prolongs neither by much.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

import psutil
import typer
from rich.console import Console
from rich.table import Table

from api.reads.top.board import Board, ProductNumbers
from api.reads.top.cut_seconds import CutSeconds
from api.reads.top.measures import Measure, rating_sum
from api.reads.top.ranking import Ranking
from api.reads.top.view import View

_FIRST_MINUTE: Final = 29_000_000
"""Any minute would do."""
_ROWS: Final = 100
"""Rows that are added at once, as while a board is loaded."""

SUMS: Final[dict[Measure, Callable[[int, int], int]]] = {
    Measure.AMOUNT: lambda product, minute: (100 + product * 31 % 9_973 + minute) * 10_000,
    Measure.SALES: lambda product, minute: 1 + product % 3,
    Measure.RATING: lambda product, minute: rating_sum(1, product * 7 % 500),
}


class LongestSlice:
    """The longest time for which other tasks kept the event loop, in seconds of this thread's processor time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            started = time.thread_time()
            await asyncio.sleep(0)
            self.seconds = max(self.seconds, time.thread_time() - started)


class _NoEvents(CutSeconds):
    """Nothing is to be read: the windows here begin at full minutes."""

    def __init__(self) -> None:
        pass


def main(
    products: Annotated[int, typer.Option(min=1_000)] = 100_000,
    minutes: Annotated[int, typer.Option(min=2, max=60, help="Minutes in which all products have an event.")] = 60,
) -> None:
    """Measure and print."""
    found = {measure: asyncio.run(measured(measure, products, minutes)) for measure in SUMS}
    table = Table("what", *(measure.value for measure in found), title=f"{products:,} products, {minutes} minutes")
    for what in next(iter(found.values())):
        table.add_row(what, *(results[what] for results in found.values()))
    Console().print(table)


async def measured(measure: Measure, products: int, minutes: int) -> dict[str, str]:
    """The results of one measure, by what was measured."""
    gc.collect()
    before = psutil.Process().memory_info().rss
    board = Board(measure, _FIRST_MINUTE, moves=True, numbers=ProductNumbers())
    await _fill(board, products, minutes)
    gc.collect()
    results = {"memory": f"{(psutil.Process().memory_info().rss - before) / 1e6:.0f} MB"}
    changed = [
        (product * 7_919 % products, _FIRST_MINUTE + minutes, SUMS[measure](product, 0)) for product in range(10_000)
    ]
    # Nothing but steps of the board runs while the watch measures.
    ranking, longest = Ranking(_NoEvents()), LongestSlice()
    watching = asyncio.create_task(longest.watch())
    view = View(board, _FIRST_MINUTE * 60, 0, None)
    results["the first of all"] = await _timed(ranking.of_all(view, 10, 1))
    results["an answer from the shortlist"] = await _timed(ranking.of_all(view, 100, 1))
    results["a minute leaves"] = await _timed(board.advance(_FIRST_MINUTE + 1))
    results["10,000 rows are added"] = await _timed(board.add(changed))
    results["an answer after that"] = await _timed(ranking.of_all(view._replace(begin=view.begin + 60), 100, 1))
    watching.cancel()
    return results | {"the event loop waits at most": _milliseconds(longest.seconds)}


async def _fill(board: Board, products: int, minutes: int) -> None:
    sum_of = SUMS[board.measure]
    for minute in range(minutes):
        for first in range(0, products, _ROWS):
            some = range(first, min(first + _ROWS, products))
            board.add_some([(product, _FIRST_MINUTE + minute, sum_of(product, minute)) for product in some])
        await board.pack(before=_FIRST_MINUTE + minute + 1)


async def _timed(step: Coroutine[Any, Any, object]) -> str:
    started = time.thread_time()
    await step
    return _milliseconds(time.thread_time() - started)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    typer.run(main)
