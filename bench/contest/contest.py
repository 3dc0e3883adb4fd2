"""Lets one contestant copy one topic, and watches it from outside: by the same clock and counts for all contestants."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psutil
from pymongo.database import Database

from bench.contest.usage import Memory, processor_seconds, sample_memory
from bench.lab.laboratory import Lab
from bench.lab.topics import Topic
from tests.support.process import Running

EVENTS_PREFIX = "events"
"""Every contestant stores events in collections whose names begin with this."""

POLL_SECONDS = 0.05
"""The pause between two counts of stored events, in seconds.

A count is off by what is stored in one pause. Over the seven seconds in which this project copies 800,000 events,
that is 0.7 %; with twice of it 1.4 %. Half of it would ask MongoDB twice as often while MongoDB is being measured.
"""

WARM_UP = 0.2
"""The share of a backlog that a contestant stores before the measurement begins.

Kafka Connect is a Java program, which compiles its most used parts meanwhile. With half of it, the measurement would
hold some of that; with twice of it, less would be measured.
"""

WARM_UP_SECONDS = 20.0
"""The measurement begins after this time at the latest, in seconds: the plain style would take half an hour to warm up.
Kafka Connect needs ten of them; with half, a busy machine would measure a Java program that still compiles itself; with
twice as much, a slow peer takes longer without a better figure."""

FIRST_EVENT_SECONDS = 60.0
"""How long a contestant may take to store its first event, in seconds.

Starting is not measured, so it only has to be enough for the slowest: Quix Streams took 7 s (docs/benchmarks.md). Half
of it may be too short on a busy machine; twice of it delays the report of a contestant that does not work.
"""


@dataclass(frozen=True)
class CopyTask:
    """What a contestant has to do: copy the topic's events into this database."""

    lab: Lab
    topic: Topic
    database: "Database[dict[str, Any]]"

    def stored(self) -> int:
        """Return how many events the database holds, by MongoDB's own counts."""
        names = [name for name in self.database.list_collection_names() if name.startswith(EVENTS_PREFIX)]
        return sum(self.database[name].estimated_document_count() for name in names)


@dataclass(frozen=True)
class PublishedEvent:
    """An event that Kafka has acknowledged, by its product and its coordinates."""

    product: int
    topic: str
    partition: int
    offset: int


class Contestant(Protocol):
    """Something that copies events from Kafka to MongoDB."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    @property
    def configuration(self) -> str:
        """How it is set up, in words for the report."""

    def processes(self, task: CopyTask) -> list[Running]:
        """Return its processes, not started. Raises PartMissing where the contestant cannot be had."""


@dataclass(frozen=True)
class ContestResult:
    """What was measured from the end of a contestant's warm-up to the last event that it stored."""

    events: int
    seconds: float
    processor_seconds: float
    """Processor time of the contestant's processes and of mongod."""
    memory: Memory
    """Resident memory of the contestant's processes."""
    write_conflicts: int
    """Write conflicts that MongoDB counted."""
    first_event_seconds: float
    """Seconds from the start of the contestant's processes to its first stored event."""

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def processor_seconds_per_million(self) -> float:
        """Processor seconds of the contestant's processes and of mongod, for a million events."""
        return self.processor_seconds / self.events * 1e6


def run(lab: Lab, contestant: Contestant, topic: Topic, seconds: float) -> ContestResult:
    """Let the contestant copy the topic into a new database, and return what was measured.

    Blocks meanwhile. The contestant starts and warms up, which is not measured, since a consumer starts once and then
    reads for weeks. Then it has at most `seconds`; when they are over, the rate of what was stored counts. Raises
    AssertionError with the process's output when a process ends early, SystemExit when nothing was stored.
    """
    with lab.database() as database:
        task = CopyTask(lab, topic, database)
        running = contestant.processes(task)
        try:
            return _watched(task, running, seconds)
        finally:
            for process in running:
                end(process)


def end(process: Running) -> None:
    """End a process in good order.

    A process that is killed leaves a transaction open in MongoDB, which would delay the drop of its database by up to a
    minute.
    """
    try:
        if process.is_running:
            process.stop()
    except subprocess.TimeoutExpired:  # `stop` has killed it
        return


def _watched(task: CopyTask, running: Sequence[Running], seconds: float) -> ContestResult:
    conflicts = task.lab.write_conflicts()
    launched = time.perf_counter()
    for process in running:
        process.start()
    processes = [psutil.Process(process.pid) for process in running]
    measured = [*processes, task.lab.mongod]
    with sample_memory(processes) as memory:
        _await(task, running, lambda stored: stored > 0, FIRST_EVENT_SECONDS)
        seen = time.perf_counter()
        first = _await(task, running, lambda stored: stored >= WARM_UP * task.topic.events, WARM_UP_SECONDS)
        begun, spent = time.perf_counter(), processor_seconds(measured)
        last = _await(task, running, lambda stored: stored >= task.topic.events, seconds)
        ended, used = time.perf_counter(), processor_seconds(measured)
    events, took = last - first, ended - begun
    if first >= task.topic.events:  # a small backlog may be stored whole between two counts
        events, took = first, POLL_SECONDS
    if not events:
        raise SystemExit(f"{running[0].output}\nnothing was stored in {seconds:.0f} s")
    return ContestResult(
        events=events,
        seconds=took,
        processor_seconds=used - spent,
        memory=memory,
        write_conflicts=task.lab.write_conflicts() - conflicts,
        first_event_seconds=seen - launched,
    )


def _await(task: CopyTask, running: Sequence[Running], enough: Callable[[int], bool], seconds: float) -> int:
    """Block until enough events are stored, for at most `seconds`; return how many are stored then."""
    deadline = time.perf_counter() + seconds
    while not enough(stored := task.stored()) and time.perf_counter() < deadline:
        for process in running:
            assert process.is_running, process.output  # noqa: S101
        time.sleep(POLL_SECONDS)
    return stored
