"""Makes topics and fills them with events; every contestant reads the same topic from its beginning."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pydantic import SecretStr

from bench.lab.laboratory import Lab
from scripts.publish.generated.generate import GeneratedMessage, generate
from scripts.publish.sending.send import Sender
from shared.settings import KafkaSettings

PARTITIONS = 12
"""Partitions of each topic, as many as in the local stack. The worst case touches all of them: twice as many would give
each transaction twice as many documents of partitions to move, half as many half of it."""


@dataclass(frozen=True)
class Topic:
    """A topic of Kafka that holds `events` valid events about `products` products."""

    name: str
    events: int
    products: int


def publish(
    lab: Lab, events: int, products: int, *, keyed: bool = True, spread_seconds: int = 0, with_ids: bool = False
) -> Topic:
    """Make a topic and fill it. Blocks until Kafka has acknowledged all events. Raises SystemExit as `add` does.

    With `keyed`, all events of a product are in one partition; else they are spread over all partitions at random. The
    events happen now, or, with `spread_seconds`, at random times within so many last seconds. With `with_ids`, each has
    a random UUID as its `event_id`.
    """
    name = f"bench-{uuid.uuid4().hex[:8]}"
    lab.kafka.create_topic(name, PARTITIONS)
    add(lab, name, events, products, seed=7, keyed=keyed, spread_seconds=spread_seconds, with_ids=with_ids)
    return Topic(name, events, products)


def add(
    lab: Lab,
    topic: str,
    events: int,
    products: int,
    *,
    seed: int,
    keyed: bool = True,
    spread_seconds: int = 0,
    with_ids: bool = False,
) -> None:
    """Publish further events into a topic; `seed` decides which. Blocks until Kafka has acknowledged them.

    Raises SystemExit when Kafka does not take all of them.
    """
    settings = KafkaSettings(
        mongodb_uri=SecretStr(lab.mongo.uri), kafka_bootstrap_servers=lab.kafka.bootstrap_servers, kafka_topic=topic
    )
    now_ms = time.time_ns() // 1_000_000
    messages = generate(events, products, seed, keyed=keyed, spread_seconds=spread_seconds, now_ms=now_ms)
    delivery = Sender(settings).send(_identified(messages, seed) if with_ids else messages)
    if not delivery.complete:
        raise SystemExit(f"only {delivery.delivered:,} of {events:,} events were published: {delivery.stopped}")


def _identified(messages: Iterator[GeneratedMessage], seed: int) -> Iterator[GeneratedMessage]:
    """The messages, all of them events, with a random UUID as the last field of each."""
    bits = Random(seed).getrandbits
    for message in messages:
        value = (message.value or b"{}")[:-1] + b',"event_id":"%b"}' % str(uuid.UUID(int=bits(128))).encode()
        yield message._replace(value=value)
