"""What a test may ask of Kafka and MongoDB, and do to them, whether they are processes or containers."""

from typing import Protocol


class Server(Protocol):
    """A server that a test may kill or freeze. A fixture of tests/conftest.py restores it after each test."""

    def start(self) -> None:
        """Start it with the data that it had; returns once it is ready."""

    def stop(self) -> None:
        """End it gracefully."""

    def kill(self) -> None:
        """End it by kill -9."""

    def freeze(self) -> None:
        """Let it stand still; its connections stay open and silent."""

    def thaw(self) -> None:
        """Let it go on after `freeze`."""

    def restore(self) -> None:
        """Make it run and answer, whatever a test has done to it."""

    def close(self) -> None:
        """End it for good."""


class KafkaServer(Server, Protocol):
    """Apache Kafka, one broker. It creates no topic by itself: a test calls `create_topic`."""

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` that clients connect to."""

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic; returns once it exists."""


class MongoServer(Server, Protocol):
    """MongoDB, a replica set of one member."""

    @property
    def pid(self) -> int:
        """Process id of the last start, as this machine sees it."""

    @property
    def uri(self) -> str:
        """Connection string, without a database: each test names its own."""
