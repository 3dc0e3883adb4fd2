"""Measures the time from the start of a process until it does something for somebody."""

import time
from functools import partial

from bench.contest.contest import CopyTask
from bench.lab import topics
from bench.lab.laboratory import Lab
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.ratios import Spread
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import alternate
from bench.serving.past import consume
from bench.serving.served import ServedApi, answers, api_settings, token
from stack.ports import pick
from tests.support.process import Running, module

API_GOAL, CONSUMER_GOAL = 1.5, 5.0
"""The project's goals, in seconds."""

PATIENCE_SECONDS = 60.0
"""How long to wait before the run fails, in seconds: far beyond the goals. At half of it a very busy machine may fail;
at twice of it a process that does not work is noticed after two minutes."""

POLL_SECONDS = 0.01
"""The pause between two questions, in seconds, which is how far off a time may be: under 1 % of a start. Twice of it
doubles that; half of it takes more processor time from the process that starts."""


def measure(lab: Lab, options: Options) -> Section:
    """Measure the API until it answers a request, and a consumer in a new group until it has stored its first event."""
    topic = topics.publish(lab, min(options.events, 50_000), options.products)
    with lab.database() as database:
        consume(lab, topic, database)
        shown = token(lab, database.name)
        starts = {
            "API": partial(_api, lab, database.name, shown),
            "consumer": partial(_consumer, lab, topic),
        }
        seconds = alternate(starts, options.rounds, lambda took: f"{took:.2f} s")
    api, consumer = (Spread.of(seconds[name]) for name in ("API", "consumer"))
    section = Section("Start")
    section.rows = [
        GoalRow(
            "start to first answer: API",
            f"≤ {API_GOAL:g} s",
            f"{api.text()} s",
            at_most(api.median, API_GOAL),
        ),
        GoalRow(
            "start to first event stored: consumer",
            f"≤ {CONSUMER_GOAL:g} s",
            f"{consumer.text()} s",
            at_most(consumer.median, CONSUMER_GOAL),
        ),
    ]
    return section


def _api(lab: Lab, database: str, shown: str) -> float:
    (port,) = pick(1)
    log = lab.folder / f"{database}-start-{port}.log"
    running = module("api", log, api_settings(lab, database) | {"API_PORT": str(port)})
    with ServedApi(f"http://127.0.0.1:{port}", shown, running).client() as client:
        started = time.perf_counter()
        running.start()
        try:
            while not answers(client, "/api/product/sale/1"):
                _pause(started, running)
            return time.perf_counter() - started
        finally:
            running.stop()


def _consumer(lab: Lab, topic: topics.Topic) -> float:
    with lab.database() as database:
        task = CopyTask(lab, topic, database)
        (running,) = Ours().processes(task)
        started = time.perf_counter()
        running.start()
        try:
            while not task.stored():
                _pause(started, running)
            return time.perf_counter() - started
        finally:
            running.stop()


def _pause(started: float, running: Running) -> None:
    if time.perf_counter() - started > PATIENCE_SECONDS:
        raise SystemExit(f"nothing in {PATIENCE_SECONDS:.0f} s\n{running.output}")
    time.sleep(POLL_SECONDS)
