"""The servers that everything is measured on: one Kafka, one MongoDB, for a whole run."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient
from pymongo.database import Database

from stack.settings import StackSettings
from tests.support import local
from tests.support.servers import LocalKafka, LocalMongo

CACHE_GB = round(psutil.virtual_memory().total / 3 / 2**30, 1)
"""Of MongoDB, whose own default is half of the memory: the working set of every measure fits, and so do the pages that
change between two checkpoints, which MongoDB begins to write early when they are a twentieth of its cache."""


@dataclass(frozen=True)
class Lab:
    """Running servers, and a folder for what measured processes write."""

    kafka: LocalKafka
    mongo: LocalMongo
    folder: Path
    client: "MongoClient[dict[str, Any]]"
    parts: Path = field(default_factory=lambda: StackSettings().state / "parts")
    """Where fetched programs are kept from run to run."""

    @property
    def mongod(self) -> psutil.Process:
        """The server's process."""
        return psutil.Process(self.mongo.pid)

    def write_conflicts(self) -> int:
        """How many MongoDB has counted so far."""
        conflicts: int = self.client.admin.command("serverStatus")["metrics"]["operation"]["writeConflicts"]
        return conflicts

    @contextmanager
    def database(self) -> Iterator["Database[dict[str, Any]]"]:
        """A new database, dropped at the end."""
        name = f"bench-{uuid.uuid4().hex[:8]}"
        try:
            yield self.client[name]
        finally:
            self.client.drop_database(name)


@contextmanager
def laboratory() -> Iterator[Lab]:
    """Start the servers, with no data; end them. Raises stack.errors.PartMissing."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        kafka, mongo = local.kafka(folder), local.mongo(folder, CACHE_GB)
        try:
            kafka.start()
            mongo.start()
            with MongoClient[dict[str, Any]](mongo.uri, tz_aware=True) as client:
                yield Lab(kafka, mongo, folder, client)
        finally:
            kafka.close()
            mongo.close()
