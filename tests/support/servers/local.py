"""Kafka and MongoDB as processes on free ports of this machine, made of the local stack's parts.

Their data lie in a folder that the test session deletes.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from stack import ports
from stack.errors import PartMissing
from stack.parts import kafka as kafka_part
from stack.parts import kafka_files, replica_set
from stack.parts import mongo as mongo_part
from stack.parts.kafka import Kafka
from stack.parts.mongo import Mongo, ensure_runs
from stack.settings import StackSettings
from stack.supervision.part import Part
from tests.support.process import Running


class _LocalServer:
    """A server that is one process of this machine; `wait_ready` returns once it answers."""

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


class LocalKafka(_LocalServer):
    """A broker started from Kafka's own program files."""

    def __init__(self, broker: Kafka, log: Path) -> None:
        broker.prepare()
        super().__init__(broker.part(), log, lambda: kafka_part.wait_ready(broker.bootstrap_servers))
        self.bootstrap_servers = broker.bootstrap_servers

    def create_topic(self, name: str, partitions: int) -> None:
        kafka_part.create_topic(self.bootstrap_servers, name, partitions)


class LocalMongo(_LocalServer):
    """A mongod started from the program in the Python wheel that requirements/dev.txt installs."""

    def __init__(self, server: Mongo, port: int, log: Path) -> None:
        server.prepare()
        super().__init__(server.part(), log, lambda: replica_set.wait_ready(port))
        self.uri = mongo_part.uri(port)


def kafka(folder: Path) -> LocalKafka:
    """A broker without data, not started. Raises stack.errors.PartMissing where Java or Maven cannot be had."""
    java = kafka_files.java(print)
    jars = kafka_files.jars(StackSettings().state / "parts", print)
    port, controller_port = ports.pick(2)
    broker = Kafka(java=java, jars=jars, home=folder / "kafka", port=port, controller_port=controller_port)
    return LocalKafka(broker, folder / "kafka.log")


def mongo(folder: Path, cache_gb: float = 0.5) -> LocalMongo:
    """A mongod without data, not started. Raises stack.errors.PartMissing where its program cannot run."""
    ensure_runs(print)
    (port,) = ports.pick(1)
    return LocalMongo(Mongo(home=folder / "mongo", port=port, cache_gb=cache_gb), port, folder / "mongod.log")


def skip_or_fail(missing: PartMissing) -> NoReturn:
    """Skip the test: this user has not the part that it needs and may not install it.

    Where `CI` is set the test fails instead, since CI has to run every test.
    """
    if os.environ.get("CI"):
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))
