"""One contestant works off one topic, watched from outside: the same clock, the same counts for all of them."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psutil
from pymongo.database import Database

from bench.contest.usage import Memory, processor_seconds, watching
from bench.lab.laboratory import Lab
from bench.lab.topics import Topic
from tests.support.process import Running

EVENTS_PREFIX = "events"
"""Every contestant stores events in collections whose names begin so."""

POLL_SECONDS = 0.05
FIRST_EVENT_SECONDS = 60.0


@dataclass(frozen=True)
class Task:
    """Copy the topic's events into this database."""

    lab: Lab
    topic: Topic
    database: "Database[dict[str, Any]]"

    def stored(self) -> int:
        """How many events are in the database."""
        names = [name for name in self.database.list_collection_names() if name.startswith(EVENTS_PREFIX)]
        return sum(self.database[name].estimated_document_count() for name in names)


@dataclass(frozen=True)
class Published:
    """An event that Kafka has acknowledged."""

    product: int
    topic: str
    partition: int
    offset: int


class Contestant(Protocol):
    """Something that copies events from Kafka to MongoDB."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def processes(self, task: Task) -> list[Running]:
        """Its processes, not started. Raises stack.errors.PartMissing where it cannot be had."""


@dataclass(frozen=True)
class Outcome:
    """What was seen from the first event stored to the last."""

    events: int
    seconds: float
    processor_seconds: float
    """Of its processes and mongod."""
    memory: Memory
    write_conflicts: int
    first_event_seconds: float
    """From the start of its processes to the first event stored."""

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def processor_seconds_per_million(self) -> float:
        """Of its processes and mongod."""
        return self.processor_seconds / self.events * 1e6


def run(lab: Lab, contestant: Contestant, topic: Topic, seconds: float) -> Outcome:
    """Let it work off the topic into a new database, for at most `seconds`; a rate needs no more.

    Starting is left out: a consumer starts once and reads for weeks. Raises AssertionError, with its output, when one
    of its processes ends early.
    """
    with lab.database() as database:
        task = Task(lab, topic, database)
        running = contestant.processes(task)
        try:
            return _watched(task, running, seconds)
        finally:
            for process in running:
                end(process)


def end(process: Running) -> None:
    """In order: what a killed one leaves open in MongoDB would hold the drop of its database up for a minute."""
    try:
        if process.is_running:
            process.stop()
    except subprocess.TimeoutExpired:  # it was killed then
        return


def _watched(task: Task, running: Sequence[Running], seconds: float) -> Outcome:
    conflicts = task.lab.write_conflicts()
    launched = time.perf_counter()
    for process in running:
        process.start()
    processes = [psutil.Process(process.pid) for process in running]
    measured = [*processes, task.lab.mongod]
    with watching(processes) as memory:
        first = _await(task, running, lambda stored: stored > 0, FIRST_EVENT_SECONDS)
        begun, spent = time.perf_counter(), processor_seconds(measured)
        last = _await(task, running, lambda stored: stored >= task.topic.events, seconds)
        ended, used = time.perf_counter(), processor_seconds(measured)
    events, took = last - first, ended - begun
    if first >= task.topic.events:  # a small backlog may come whole between two looks
        events, took = first, POLL_SECONDS
    if not events:
        raise SystemExit(f"{running[0].output}\nnothing was stored in {seconds:.0f} s")
    return Outcome(
        events=events,
        seconds=took,
        processor_seconds=used - spent,
        memory=memory,
        write_conflicts=task.lab.write_conflicts() - conflicts,
        first_event_seconds=begun - launched,
    )


def _await(task: Task, running: Sequence[Running], enough: Callable[[int], bool], seconds: float) -> int:
    """How many events are stored once that is enough, or the time is over."""
    deadline = time.perf_counter() + seconds
    while not enough(stored := task.stored()) and time.perf_counter() < deadline:
        for process in running:
            assert process.is_running, process.output  # noqa: S101
        time.sleep(POLL_SECONDS)
    return stored
