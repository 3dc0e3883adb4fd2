"""Measures the time from publishing an event until it can be seen, beside a steady stream of other events."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from confluent_kafka import Message, Producer

from bench.contest.contest import EVENTS_PREFIX, FIRST_EVENT_SECONDS, Contestant, CopyTask, PublishedEvent, end
from bench.lab import topics
from bench.lab.laboratory import Lab
from bench.options import Options
from bench.peers import kafka_connect, ours
from bench.peers.kafka_connect import KafkaConnect
from bench.peers.ours import Ours, consumer_settings
from bench.results.ratios import Spread, percentile
from bench.results.report import GoalRow, Section, at_most
from bench.results.rounds import alternate
from bench.serving.served import answers, serving
from stack.waiting import wait_until
from tests.support.process import module

MEDIAN_GOAL_MS, P99_GOAL_MS = 40.0, 120.0
"""The project's goals, in milliseconds."""

FIRST_PRODUCT = 1_000_000_000
"""The product of the first probe; the others follow. The stream has no such products, so each is seen only once."""

PATIENCE_SECONDS = 30.0
"""How long a probe may take before the run fails, in seconds: far beyond the goals. At half of it a very busy machine
may fail; at twice of it a consumer that does not work is noticed after a minute."""

POLL_SECONDS = 0.002
"""The pause between two questions whether the event can be seen, in seconds. A time is off by up to a pause: 5 % of the
median's goal, twice as much with twice of it. Half of it would take processor time that the answer needs."""

ROUNDS = 3
"""The most rounds of this measure: 300 probes in each are many, so fewer rounds than elsewhere are enough."""

ENDLESS = 10_000_000
"""Events of the stream: at 1,000 a second, enough for almost three hours. The stream is ended long before."""

DocumentFilter = Callable[[PublishedEvent], dict[str, Any]]
"""Returns the filter that finds an event's document in its collection."""


def measure(lab: Lab, options: Options) -> Section:
    """Publish one sale after another, each of a product of its own, and time it until it can be seen.

    "Seen" is an answer of the API in one case, a document in the events' collection in the others.
    """
    connect = {
        "Kafka Connect, in its collection": partial(
            _in_collection, lab, options, KafkaConnect(), kafka_connect.document_of
        )
    }
    probed = {
        "this project, in an answer of the API": partial(_in_answer, lab, options),
        "this project, in its collection": partial(_in_collection, lab, options, Ours(), ours.document_of),
        **(connect if options.downloads else {}),
    }
    rounds = min(ROUNDS, options.rounds)
    times = alternate(probed, rounds, lambda probes: f"median {percentile(probes, 0.5):.0f} ms")
    medians = {name: Spread.of([percentile(probes, 0.5) for probes in runs]) for name, runs in times.items()}
    highest = {name: Spread.of([percentile(probes, 0.99) for probes in runs]) for name, runs in times.items()}
    section = Section(
        f"Publish to visible, {options.rate:,} events/s, {options.probes} probes a round, {rounds} rounds",
        header=("visible where", "median ms", "99 % ms"),
        figures=[(name, medians[name].text("{:.0f}"), highest[name].text("{:.0f}")) for name in times],
    )
    answered = next(iter(probed))
    section.rows = [
        GoalRow(
            f"publish → visible in an answer, {options.rate:,} events/s: median",
            f"≤ {MEDIAN_GOAL_MS:.0f} ms",
            f"{medians[answered].text('{:.0f}')} ms",
            at_most(medians[answered].median, MEDIAN_GOAL_MS),
        ),
        GoalRow("… 99 %", f"≤ {P99_GOAL_MS:.0f} ms", f"{highest[answered].text('{:.0f}')} ms",
            at_most(highest[answered].median, P99_GOAL_MS)),
    ]  # fmt: skip
    return section


def _in_answer(lab: Lab, options: Options) -> list[float]:
    with _working(lab, options, Ours()) as task, serving(lab, task.database.name) as served, served.client() as client:
        return _probes(task, options.probes, lambda sale: answers(client, f"/api/product/sale/{sale.product}"))


def _in_collection(lab: Lab, options: Options, contestant: Contestant, which: DocumentFilter) -> list[float]:
    with _working(lab, options, contestant) as task:
        (name,) = (name for name in task.database.list_collection_names() if name.startswith(EVENTS_PREFIX))
        collection = task.database[name]
        return _probes(task, options.probes, lambda sale: collection.find_one(which(sale)) is not None)


@contextmanager
def _working(lab: Lab, options: Options, contestant: Contestant) -> Iterator[CopyTask]:
    """Run the contestant on a steady stream of events into a new database; yield once it stores the stream."""
    topic = topics.publish(lab, options.rate, options.products)
    stream = module(
        "scripts.publish",
        lab.folder / f"{topic.name}-stream.log",
        consumer_settings(CopyTask(lab, topic, lab.client["unused"])),
        *("generate", "--count", str(ENDLESS), "--products", str(options.products), "--rate", str(options.rate)),
    )
    with lab.database() as database, ExitStack() as running:
        task = CopyTask(lab, topic, database)
        for process in (*contestant.processes(task), stream):
            process.start()
            running.callback(end, process)
        wait_until("the stream to be stored", lambda: task.stored() > topic.events, FIRST_EVENT_SECONDS)
        yield task


def _probes(task: CopyTask, probes: int, seen: Callable[[PublishedEvent], bool]) -> list[float]:
    """Return the milliseconds of each probe, in order."""
    producer = Producer({"bootstrap.servers": task.lab.kafka.bootstrap_servers, "linger.ms": 0})
    return [
        _probe(task.topic.name, producer, product, seen) for product in range(FIRST_PRODUCT, FIRST_PRODUCT + probes)
    ]


def _probe(topic: str, producer: Producer, product: int, seen: Callable[[PublishedEvent], bool]) -> float:
    sale = {"event": "productSold", "name_of_product": "p", "product_id": product, "no_of_units": 1, "amount": 1}
    delivered: list[Message] = []
    published = time.perf_counter()
    producer.produce(
        topic, json.dumps(sale), str(product), on_delivery=lambda error, message: delivered.append(message)
    )
    while True:
        producer.poll(POLL_SECONDS)  # this is also the pause between two questions
        if delivered and seen(
            PublishedEvent(product, topic, delivered[0].partition() or 0, delivered[0].offset() or 0)
        ):
            return (time.perf_counter() - published) * 1e3
        if time.perf_counter() - published > PATIENCE_SECONDS:
            raise SystemExit(f"a published sale was not visible after {PATIENCE_SECONDS:.0f} s")
