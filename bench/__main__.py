"""What one consumer does on this machine: `make bench`

Starts Kafka, MongoDB, one consumer, one API. First a backlog: events a second, processor time and memory while it is
worked off. Then a steady stream: the time from publishing a sale to the API's answer that holds it. Absolute figures
vary with the machine and with what else runs on it; compare within one run.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import httpx
import psutil
import typer
from confluent_kafka import Producer
from rich.console import Console

from scripts._generate import Message, generate
from stack.client import READING
from tests.support import local
from tests.support.pipeline import Pipeline
from tests.support.process import module

PARTITIONS = 12
PRODUCTS = 1_000
FIRST_PROBE = 1_000_000_000
DEADLINE_SECONDS = 300.0
KEY = "bench-only-7b1f0d2c9a8e4f6035d1c2b3a4958677"
API_PORT = "19871"

console = Console()


def main(
    events: Annotated[int, typer.Option(min=10_000, help="Size of the backlog.")] = 1_000_000,
    rate: Annotated[int, typer.Option(min=1, help="Events a second of the steady stream.")] = 1_000,
    probes: Annotated[int, typer.Option(min=10, help="How many sales are timed.")] = 300,
) -> None:
    """Measure and print."""
    with _servers() as pipeline:
        console.print(f"publishing {events:,} events about {PRODUCTS:,} products to {PARTITIONS} partitions")
        pipeline.publish(generate(count=events, products=PRODUCTS, seed=7))
        _backlog(pipeline)
        _visible(pipeline, rate, probes)


@contextmanager
def _servers() -> Iterator[Pipeline]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        kafka, mongo = local.kafka(Path(folder)), local.mongo(Path(folder))
        pipeline = None
        try:
            kafka.start()
            mongo.start()
            pipeline = Pipeline(kafka, mongo, Path(folder), PARTITIONS)
            yield pipeline
        finally:
            if pipeline is not None:
                pipeline.close()
            kafka.close()
            mongo.close()


def _backlog(pipeline: Pipeline) -> None:
    """Work off what is published, with one consumer, and check the result's count."""
    started = time.perf_counter()
    consumer = psutil.Process(pipeline.consumer().pid)
    first: tuple[float, int] | None = None
    handled = 0
    while handled < len(pipeline.acknowledged):
        if time.perf_counter() - started > DEADLINE_SECONDS:
            raise SystemExit(f"only {handled:,} events were handled in {DEADLINE_SECONDS:.0f} s")
        handled = pipeline.handled
        if first is None and handled:
            first = time.perf_counter(), handled
        time.sleep(0.05)
    ended = time.perf_counter()
    begun, before = first or (started, 0)
    processor = sum(consumer.cpu_times()[:2])
    memory = consumer.memory_info()
    console.print(f"one consumer: {(handled - before) / (ended - begun):,.0f} events/s from the first commit on")
    console.print(
        f"              {processor / handled * 1e6:.1f} µs of processor time an event, {memory.rss >> 20} MiB"
    )


def _visible(pipeline: Pipeline, rate: int, probes: int) -> None:
    """Time sales of products of their own from `produce` to the answer."""
    environment = pipeline.environment(API_PORT=API_PORT, TOKEN_SIGNING_KEY=KEY)
    api = module("api", pipeline.folder / "api.log", environment)
    api.start()
    try:
        token = _token(pipeline, environment)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{API_PORT}", headers={"Authorization": f"Bearer {token}"}
        ) as client:
            api.wait_until("answering", lambda: _answers(client))
            with _steady(pipeline, rate):
                producer = Producer({"bootstrap.servers": pipeline.kafka.bootstrap_servers, "linger.ms": 0})
                products = range(FIRST_PROBE, FIRST_PROBE + probes)
                times = sorted(_probe(pipeline, producer, client, product) for product in products)
    finally:
        api.close()
    console.print(
        f"publish to visible at {rate:,} events/s: median {statistics.median(times) * 1e3:.0f} ms, "
        f"99 % {times[int(len(times) * 0.99)] * 1e3:.0f} ms, longest {times[-1] * 1e3:.0f} ms ({probes} probes)"
    )


def _token(pipeline: Pipeline, environment: dict[str, str]) -> str:
    script = module("scripts.tokens", pipeline.folder / "token.log", environment, "issue", "--name", "bench", *READING)
    script.start()
    if script.wait(30) != 0:
        raise SystemExit(script.output)
    return next(line for line in script.output.splitlines() if line.startswith("eyJ"))


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/api/product/sale").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def _steady(pipeline: Pipeline, rate: int) -> Iterator[None]:
    """A stream of `rate` events a second behind the probes."""
    ended = Event()

    def endless() -> Iterator[Message]:
        for seed in count():
            if ended.is_set():
                return
            yield from generate(count=100, products=PRODUCTS, seed=seed)

    stream = Thread(target=pipeline.publish, args=(endless(), rate))
    stream.start()
    try:
        yield
    finally:
        ended.set()
        stream.join()


def _probe(pipeline: Pipeline, producer: Producer, client: httpx.Client, product: int) -> float:
    sale = f'{{"event":"productSold","name_of_product":"p","product_id":{product},"no_of_units":1,"amount":1}}'
    published = time.perf_counter()
    producer.produce(pipeline.topic, value=sale.encode(), key=str(product).encode())
    while client.get(f"/api/product/sale/{product}").status_code != httpx.codes.OK:
        producer.poll(0.01)  # asking more often would take the processor that the answer needs
        if time.perf_counter() - published > DEADLINE_SECONDS:
            raise SystemExit("a published sale did not become visible")
    return time.perf_counter() - published


if __name__ == "__main__":
    typer.run(main)
