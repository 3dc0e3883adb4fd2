"""The servers that everything is measured on, for a whole run: one Kafka and one MongoDB."""

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
from tests.support.servers import local
from tests.support.servers.local import LocalKafka, LocalMongo

CACHE_GB = round(psutil.virtual_memory().total / 3 / 2**30, 1)
"""The size of MongoDB's cache in gigabytes: a third of the memory; MongoDB's own default is half of it.

The working set of every measure fits. So do the pages that change between two checkpoints: MongoDB begins to write such
pages early when they are a twentieth of its cache. With half of it, that happens in the worst case (docs/performance.md
has the figures). Twice of it would leave too little memory for Kafka and the peers.
"""


@dataclass(frozen=True)
class Lab:
    """Running servers, and a folder for what the measured processes write. It lasts for a whole run."""

    kafka: LocalKafka
    mongo: LocalMongo
    folder: Path
    client: "MongoClient[dict[str, Any]]"
    parts: Path = field(default_factory=lambda: StackSettings().state / "parts")
    """The folder that keeps fetched programs from run to run."""

    @property
    def mongod(self) -> psutil.Process:
        """The process of the MongoDB server."""
        return psutil.Process(self.mongo.pid)

    def write_conflicts(self) -> int:
        """Return how many write conflicts MongoDB has counted since its start."""
        conflicts: int = self.client.admin.command("serverStatus")["metrics"]["operation"]["writeConflicts"]
        return conflicts

    @contextmanager
    def database(self) -> Iterator["Database[dict[str, Any]]"]:
        """Yield a new, empty database, and drop it at the end."""
        name = f"bench-{uuid.uuid4().hex[:8]}"
        try:
            yield self.client[name]
        finally:
            self.client.drop_database(name)


@contextmanager
def laboratory() -> Iterator[Lab]:
    """Start the servers without data, yield the lab, end the servers.

    Blocks until both servers answer. Raises PartMissing where Java, Maven or mongod cannot be had.
    """
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
