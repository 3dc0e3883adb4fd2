"""This project's consumer."""

from dataclasses import dataclass
from typing import Any

from bench.contest.contest import Published, Task
from tests.support.process import Running, module


@dataclass(frozen=True)
class Ours:
    """So many processes of one consumer group."""

    count: int = 1

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "this project" if self.count == 1 else f"this project, {self.count} processes"

    def processes(self, task: Task) -> list[Running]:
        """Its processes, not started."""
        name = task.database.name
        return [module("consumer", task.lab.folder / f"{name}-{n}.log", environment(task)) for n in range(self.count)]


def document_of(event: Published) -> dict[str, Any]:
    """Finds the event's document, if it is its product's only one."""
    return {"_id": {"$gte": {"p": event.product}, "$lt": {"p": event.product + 1}}}


def environment(task: Task) -> dict[str, str]:
    """Settings of one consumer; all others are the defaults."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": task.lab.kafka.bootstrap_servers,
        "KAFKA_TOPIC": task.topic.name,
        "GROUP_ID": task.database.name,
        "MONGODB_URI": task.lab.mongo.uri,
        "MONGODB_DATABASE": task.database.name,
        "METRICS_PORT": "0",
        "LOG_FORMAT": "json",
    }
