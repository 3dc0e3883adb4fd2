"""The servers that tests use, whatever runs them: an interface, and servers of the local stack's own parts."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stack.parts import kafka, mongo, replica_set
from stack.parts.kafka import Kafka
from stack.parts.mongo import Mongo
from stack.supervision.part import Part
from tests.support.process import Running


class Server(Protocol):
    """A server that faults can be injected into. The fixtures restore it after each test."""

    def start(self) -> None:
        """Start it with the data it had; returns once it is ready."""

    def stop(self) -> None:
        """End it gracefully."""

    def kill(self) -> None:
        """End it as kill -9 does."""

    def freeze(self) -> None:
        """Stop it where it is; its connections stay open and silent."""

    def thaw(self) -> None:
        """Let it go on after `freeze`."""

    def restore(self) -> None:
        """Whatever a test did to it: make it run and answer."""

    def close(self) -> None:
        """End it for good."""


class KafkaServer(Server, Protocol):
    """Apache Kafka, one broker; topics are made by `create_topic` alone."""

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to."""

    def create_topic(self, name: str, partitions: int) -> None:
        """Make a topic; returns once it is there."""


class MongoServer(Server, Protocol):
    """MongoDB, a replica set of one member."""

    @property
    def pid(self) -> int:
        """Process id of the last start, on this machine."""

    @property
    def uri(self) -> str:
        """Connection string; databases are the tests' to name."""


class _Local:
    """A server of the local stack's own parts."""

    def __init__(self, part: Part, log: Path, wait_ready: Callable[[], None]) -> None:
        self._running = Running(part, log)
        self._wait_ready = wait_ready

    @property
    def pid(self) -> int:
        """Process id of the last start."""
        return self._running.pid

    def start(self) -> None:
        self._running.start()
        self._wait_ready()

    def stop(self) -> None:
        self._running.stop()

    def kill(self) -> None:
        self._running.kill()

    def freeze(self) -> None:
        self._running.freeze()

    def thaw(self) -> None:
        self._running.thaw()

    def restore(self) -> None:
        if self._running.is_frozen:
            self.thaw()
            self._wait_ready()
        elif not self._running.is_running:
            self.start()

    def close(self) -> None:
        self._running.close()


class LocalKafka(_Local):
    """A broker started from Kafka's own program files."""

    def __init__(self, broker: Kafka, log: Path) -> None:
        broker.prepare()
        super().__init__(broker.part(), log, lambda: kafka.wait_ready(broker.bootstrap_servers))
        self.bootstrap_servers = broker.bootstrap_servers

    def create_topic(self, name: str, partitions: int) -> None:
        kafka.create_topic(self.bootstrap_servers, name, partitions)


class LocalMongo(_Local):
    """A mongod started from the wheel's program."""

    def __init__(self, server: Mongo, port: int, log: Path) -> None:
        server.prepare()
        super().__init__(server.part(), log, lambda: replica_set.wait_ready(port))
        self.uri = mongo.uri(port)
