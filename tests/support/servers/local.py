"""Servers of the local stack's own parts, on free ports, with data that end with the test session."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from stack import ports
from stack.errors import PartMissing
from stack.parts import kafka_files
from stack.parts.kafka import Kafka
from stack.parts.mongo import Mongo, ensure_runs
from stack.settings import StackSettings
from tests.support.servers.interface import LocalKafka, LocalMongo


def kafka(folder: Path) -> LocalKafka:
    """A broker with no data yet, not started. Raises stack.errors.PartMissing where Java or Maven cannot be had."""
    java = kafka_files.java(print)
    jars = kafka_files.jars(StackSettings().state / "parts", print)
    port, controller_port = ports.pick(2)
    broker = Kafka(java=java, jars=jars, home=folder / "kafka", port=port, controller_port=controller_port)
    return LocalKafka(broker, folder / "kafka.log")


def mongo(folder: Path, cache_gb: float = 0.5) -> LocalMongo:
    """A mongod with no data yet, not started. Raises stack.errors.PartMissing."""
    ensure_runs(print)
    (port,) = ports.pick(1)
    return LocalMongo(Mongo(home=folder / "mongo", port=port, cache_gb=cache_gb), port, folder / "mongod.log")


def without(missing: PartMissing) -> NoReturn:
    """Skip what needs a part that this user neither has nor may install; in CI, which has to prove it all, fail."""
    if os.environ.get("CI"):
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))
