"""librdkafka's mock broker, which takes Kafka's place where Java or Maven cannot be had.

It speaks Kafka's protocol to any number of processes, and knows consumer groups. It keeps messages in memory, at most
5 MB a partition, and gives every topic four partitions. It answers no admin calls, so its topics have no ids, and the
consumers' check of the topic's id is turned off.
"""

import os
import signal
from pathlib import Path

from confluent_kafka import Producer

from stack.parts.services import python
from stack.supervision.part import Part

READY_SECONDS = 10.0
"""How long librdkafka may take to start its broker in this process, in seconds.

At half of it a very busy machine may fail; at twice of it a failure is reported later. Either way everything stops.
"""


class MockKafka:
    """Configures a mock broker, which chooses its own port and writes its address to a file in the folder `home`."""

    def __init__(self, *, home: Path) -> None:
        self._home = home

    @property
    def address_file(self) -> Path:
        """The file that holds `host:port`, from the moment at which the broker listens."""
        return self._home / "bootstrap_servers"

    def prepare(self) -> None:
        """Make the folder, and remove the address that the last run left there."""
        self._home.mkdir(parents=True, exist_ok=True)
        self.address_file.unlink(missing_ok=True)

    def part(self, topic: str) -> Part:
        """The broker's process, to be started after `prepare`; it makes `topic`."""
        return python("kafka", "stack", "mock-kafka", str(self.address_file), topic, env={})


def serve(address_file: Path, topic: str) -> None:
    """Be a mock broker with this topic. Blocks until SIGTERM, SIGINT or SIGHUP comes.

    Raises KafkaException when the broker does not answer within READY_SECONDS.
    """
    stop = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    # The mock broker makes a topic when a client asks for it.
    (broker,) = producer.list_topics(topic, timeout=READY_SECONDS).brokers.values()
    # The file appears with all of its content: the parts that wait for it must not read half an address.
    incomplete = address_file.with_suffix(f".{os.getpid()}")
    incomplete.write_text(f"{broker.host}:{broker.port}")
    incomplete.rename(address_file)
    signal.sigwait(stop)
