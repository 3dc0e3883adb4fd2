"""librdkafka's mock broker, in Kafka's place where Java or Maven cannot be had.

It speaks Kafka's protocol to any number of processes, consumer groups included. It keeps 5 MB a partition in memory,
gives every topic four partitions, and answers no admin calls, so it has no topic ids.
"""

import os
import signal
from pathlib import Path

from confluent_kafka import Producer

from stack.parts.services import python
from stack.supervision.part import Part

PARTITIONS = 4
READY_SECONDS = 10.0


class MockKafka:
    """Configures a mock broker; it chooses its own port and writes its address to a file in `home`."""

    def __init__(self, *, home: Path) -> None:
        self._home = home

    @property
    def address_file(self) -> Path:
        """Holds `host:port` once the broker listens."""
        return self._home / "bootstrap_servers"

    def prepare(self) -> None:
        """Make the folder; forget the last run's address."""
        self._home.mkdir(parents=True, exist_ok=True)
        self.address_file.unlink(missing_ok=True)

    def part(self, topic: str) -> Part:
        """The broker's process."""
        return python("kafka", "stack", "mock-kafka", str(self.address_file), topic, env={})


def serve(address_file: Path, topic: str) -> None:
    """Be a mock broker with this topic until a signal says stop."""
    stop = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    # Asking for a topic makes it.
    (broker,) = producer.list_topics(topic, timeout=READY_SECONDS).brokers.values()
    # Whoever waits for the file must not find half of it.
    incomplete = address_file.with_suffix(f".{os.getpid()}")
    incomplete.write_text(f"{broker.host}:{broker.port}")
    incomplete.rename(address_file)
    signal.sigwait(stop)
