"""Known events, published while a scenario's faults happen.

`Traffic` keeps what Kafka acknowledged, with what a correct consumer makes of each message.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from random import Random

from confluent_kafka import KafkaError, Message, Producer

from scripts.publish.generated.generate import Expected, GeneratedMessage, generate
from tests.faults.published_twice import IdentifiedMessage, PublishedId, published_twice
from tests.support.documents.invariant import Coordinates
from tests.support.kafka.consumer_group import now_ms
from tests.support.kafka.messages import renamed

INVALID_SHARE = 0.01
"""Of the messages: enough dead letters for every scenario, few enough to leave batches of events as they are."""
PRODUCTS = 300
SPREAD_SECONDS = 7_200
"""How far back the events of the third stream go: over three hours' documents, so that batches touch several."""
Published = GeneratedMessage | IdentifiedMessage
ENDLESS = 10**9
"""More messages than any scenario publishes."""
CHUNK = 50
"""Messages that a stream sends at once; a smaller one follows the rate more evenly and wakes its thread more often."""
OPEN_SECONDS = 120
"""How long a Kafka transaction may stay open before the broker aborts it: longer than any scenario holds one."""
DELIVERY_SECONDS = 120
"""How long Kafka may be away, in a scenario, without a message's delivery failing."""


class Traffic:
    """Publishes to one topic by three producers: one with keys, one without, one of events of the last
    `spread_seconds`, in no order. Products change their names. With `with_ids` each event has an id and a time of its
    own, none has a key, and one of twenty is published twice.

    A message that Kafka does not acknowledge fails the scenario.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        choose: Random,
        with_ids: bool = False,
        spread_seconds: int = SPREAD_SECONDS,
    ) -> None:
        self.ids: dict[Coordinates, PublishedId] = {}
        """By coordinates: the id of the event in the message, and its content."""
        self._with_ids = with_ids
        self._spread_seconds = spread_seconds
        self.acknowledged: dict[Coordinates, tuple[Expected, int]] = {}
        """By coordinates: what a correct consumer makes of the message, and its time in Kafka (UTC milliseconds)."""
        self.acknowledgements: list[tuple[datetime, Coordinates]] = []
        """When each of them was acknowledged, at the latest; those of Kafka transactions by their commit."""
        self.generation = 1
        """Generation of the topic for what is published from now on; a scenario that recreates the topic raises it."""
        self._servers = bootstrap_servers
        self._topic = topic
        self._choose = choose
        self._ends = threading.Event()
        self._failures: list[BaseException] = []

    @contextmanager
    def running(self, rate: float) -> Iterator[None]:
        """Publish about `rate` events a second while the block runs. When it ends, every one is acknowledged."""
        self._ends.clear()
        threads = [
            threading.Thread(target=self._publish_on, args=(stream, rate / 3), name="traffic")
            for stream in self._streams()
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ends.set()
            for thread in threads:
                thread.join()
        assert not self._failures, f"publishing failed: {self._failures}"

    def publish(self, count: int) -> None:
        """Publish `count` events at once, a third from each stream; returns once all are acknowledged."""
        streams = self._streams()
        for number, stream in enumerate(streams):
            share = count // len(streams) + (number < count % len(streams))
            self.send(islice(stream, share))

    def send(self, messages: Iterator[Published]) -> None:
        """Publish these messages; returns once all are acknowledged."""
        producer = self._producer()
        for message in messages:
            self._produce(producer, message)
        _flush(producer)

    def transactions(self, count: int) -> None:
        """Publish `count` Kafka transactions of 1 to 20 messages. No consumer may see those of the half that aborts."""
        producer = Producer(
            {"bootstrap.servers": self._servers, "transactional.id": self._topic, "linger.ms": 0, "log_level": 0}
        )
        producer.init_transactions(30)
        stream = self._streams()[0]
        for _ in range(count):
            producer.begin_transaction()
            before, aborted = dict(self.acknowledged), self._choose.random() < 0.5
            of_others = len(self.acknowledgements)
            for message in islice(stream, self._choose.randint(1, 20)):
                self._produce(producer, message)
            _flush(producer)
            if aborted:
                producer.abort_transaction(30)
                self.acknowledged = before
                del self.acknowledgements[of_others:]
            else:
                producer.commit_transaction(30)

    @contextmanager
    def open_transaction(self, partitions: int) -> Iterator[None]:
        """A producer sends a message to each partition in a Kafka transaction, which stays open while the block runs.

        It is aborted then, so no consumer may see these messages.
        """
        producer = Producer(
            {
                "bootstrap.servers": self._servers,
                "transactional.id": f"{self._topic}-open",
                "transaction.timeout.ms": OPEN_SECONDS * 1000,
                "log_level": 0,
            }
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        for partition in range(partitions):
            producer.produce(self._topic, b"never committed", partition=partition)
        _flush(producer)
        try:
            yield
        finally:
            producer.abort_transaction(30)

    def _streams(self) -> list[Iterator[Published]]:
        """The three endless streams, each with its own seed."""
        spread = {"spread_seconds": self._spread_seconds, "now_ms": now_ms()}
        if self._with_ids:
            return [published_twice(self._stream({"keyed": False, **spread}), self._seed()) for _ in range(3)]
        kinds: tuple[dict[str, int], ...] = ({}, {"keyed": False}, spread)
        return [self._stream(kind) for kind in kinds]

    def _stream(self, kind: dict[str, int]) -> Iterator[GeneratedMessage]:
        messages = generate(count=ENDLESS, products=PRODUCTS, seed=self._seed(), invalid=INVALID_SHARE, **kind)  # type: ignore[arg-type]  # `keyed` is among them
        return map(renamed, messages)

    def _seed(self) -> int:
        return self._choose.getrandbits(32)

    def _publish_on(self, stream: Iterator[Published], rate: float) -> None:
        """Publish the stream at `rate` messages a second until the traffic ends; runs in a thread for each stream."""
        try:
            producer, started, sent = self._producer(), time.monotonic(), 0
            while not self._ends.wait(max(0.0, started + sent / rate - time.monotonic())):
                for message in islice(stream, CHUNK):
                    self._produce(producer, message)
                sent += CHUNK
                producer.poll(0)
            _flush(producer)
        except BaseException as failure:
            self._failures.append(failure)

    def _producer(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self._servers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": DELIVERY_SECONDS * 1000,
                "partitioner": "murmur2_random",
                # So that the producer soon sees the partitions that a scenario adds.
                "topic.metadata.refresh.interval.ms": 2_000,
                "log_level": 0,
            }
        )

    def _produce(self, producer: Producer, message: Published) -> None:
        # The producer's time, not the broker's: a batch that Kafka already had and gets again is acknowledged with the
        # time of its last message for every message in it.
        recorded_ms = now_ms()
        on_delivery = partial(self._note, message, recorded_ms)
        while True:
            try:
                return producer.produce(
                    self._topic, key=message.key, value=message.value, timestamp=recorded_ms, on_delivery=on_delivery
                )
            except BufferError:
                producer.poll(0.1)

    def _note(
        self,
        sent: Published,
        recorded_ms: int,
        error: KafkaError | None,
        message: Message,
    ) -> None:
        """Takes Kafka's delivery report of one message."""
        if error is not None:
            self._failures.append(AssertionError(f"not acknowledged: {error}"))
            return
        coordinates = Coordinates(self.generation, message.partition() or 0, message.offset() or 0)
        self.acknowledged[coordinates] = sent.expected, recorded_ms
        if isinstance(sent, IdentifiedMessage) and sent.id is not None:
            self.ids[coordinates] = sent.id
        self.acknowledgements.append((datetime.now(UTC), coordinates))


def _flush(producer: Producer) -> None:
    assert producer.flush(DELIVERY_SECONDS) == 0, "Kafka did not acknowledge everything in time"
