"""Asks one API process for tops, and watches what a board costs it.

A *board* is what a process keeps of all products while it is asked for one measure and window (`api.reads.top`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import httpx
import psutil

from api.reads.spans.windows import Window
from api.reads.top.measures import Measure
from bench.contest.usage import processor_seconds
from bench.results.ratios import percentile
from bench.serving.served import ServedApi, answers

LOAD_SECONDS: Final = 300.0
"""How long a board may take to load: MongoDB keeps the moment at which it is read for so long. Later there is no board,
and the report says so."""
POLL_SECONDS: Final = 0.01
"""The pause between two questions whether something is there, in seconds, by which a time may be off. A process keeps a
question about a board that is being loaded for 2 s, so few questions are asked meanwhile."""
PAUSE_SECONDS: Final = 0.05
"""The pause between two timed questions, so that the process does the work of its rounds between them, as beside a
dashboard. With half of it more of the questions meet a round; twice of it takes twice as long."""
LIMITS: Final = 100
"""Questions ask for 1, 2, … 100 products in turn. So hardly any answer is one that the process kept from another."""
PATIENCE_SECONDS: Final = 60.0
"""So long one answer of the plain style may take. It needs some seconds for millions of events."""


class Kind(NamedTuple):
    """What a board is about."""

    measure: Measure
    window: Window

    @property
    def name(self) -> str:
        """For tables: `amount, 1h`."""
        return f"{self.measure.value}, {self.window.value}"

    @property
    def path(self) -> str:
        """The route, to which a limit is appended."""
        return f"/api/product/top?by={self.measure.value}&window={self.window.value}&limit="

    @property
    def plain(self) -> str:
        """The plain style's address."""
        question = "top-ratings" if self.measure is Measure.RATING else "top-sales"
        return f"/bench/plain/{question}/{self.measure.value},{self.window.value}"


@dataclass(frozen=True)
class Loaded:
    """What it took to load a board: seconds until the first answer, processor seconds of the API, and megabytes."""

    seconds: float
    processor: float
    megabytes: float


@dataclass(frozen=True)
class Times:
    """Milliseconds of some answers."""

    median: float
    p99: float

    @classmethod
    def of(cls, milliseconds: list[float]) -> "Times":
        """Of at least one answer."""
        return cls(percentile(milliseconds, 0.5), percentile(milliseconds, 0.99))


def load(served: ServedApi, client: httpx.Client, kind: Kind) -> Loaded | None:
    """Ask for a top until there is one; None where there is none after LOAD_SECONDS."""
    process = psutil.Process(served.running.pid)
    megabytes, processor = _megabytes(process), processor_seconds([process])
    began = time.perf_counter()
    while not answers(client, f"{kind.path}1"):
        if time.perf_counter() - began > LOAD_SECONDS:
            return None
        time.sleep(POLL_SECONDS)
    seconds = time.perf_counter() - began
    return Loaded(seconds, processor_seconds([process]) - processor, _megabytes(process) - megabytes)


def timed(client: httpx.Client, path_of: Callable[[int], str], answered: int, seconds: float = float("inf")) -> Times:
    """Time so many answers one after another, or as many as fit into `seconds`, at least one.

    `path_of` gives the path of each. Raises HTTPStatusError where an answer is not 200.
    """
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(answered):
        started = time.perf_counter()
        client.get(path_of(number), timeout=PATIENCE_SECONDS).raise_for_status()
        taken.append((time.perf_counter() - started) * 1e3)
        if time.perf_counter() - began > seconds:
            break
        time.sleep(PAUSE_SECONDS)
    return Times.of(taken)


def limited(kind: Kind) -> Callable[[int], str]:
    """The path of each question: all ask for different numbers of products."""
    return lambda number: f"{kind.path}{number % LIMITS + 1}"


def used_a_minute(served: ServedApi, seconds: float) -> float:
    """Watch the process for so long; return the processor seconds that it uses in a minute."""
    process = psutil.Process(served.running.pid)
    before = processor_seconds([process])
    time.sleep(seconds)
    return (processor_seconds([process]) - before) / seconds * 60


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
