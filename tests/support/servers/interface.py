"""The servers that tests use, whatever runs them: an interface, and servers of the local stack's own parts."""

from typing import Protocol


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
