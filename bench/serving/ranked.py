"""Asks an API process for tops, and measures what a board costs that process.

A *board* is what a process keeps of all products while it is asked for one measure and window (`api.reads.top`).
"""

import math
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
"""Questions ask for 1, 2, … 100 products in turn, since the process gives a kept answer to a repeated question."""
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
    """Milliseconds of some answers, infinite where there was none."""

    median: float
    p99: float
    refused: int = 0
    """Questions without an answer: the status was not 200, or it took more than PATIENCE_SECONDS."""

    @classmethod
    def of(cls, milliseconds: list[float], refused: int = 0) -> "Times":
        """Of any number of answers."""
        known = milliseconds or [math.inf]
        return cls(percentile(known, 0.5), percentile(known, 0.99), refused)


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


def timed(client: httpx.Client, path_of: Callable[[int], str], asked: int, seconds: float = math.inf) -> Times:
    """Time so many answers one after another, or as many as fit into `seconds`. `path_of` gives the path of each."""
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(asked):
        started = time.perf_counter()
        if _answers(client, path_of(number)):
            taken.append((time.perf_counter() - started) * 1e3)
        if time.perf_counter() - began > seconds:
            return Times.of(taken, number + 1 - len(taken))
        time.sleep(PAUSE_SECONDS)
    return Times.of(taken, asked - len(taken))


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path, timeout=PATIENCE_SECONDS).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


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
