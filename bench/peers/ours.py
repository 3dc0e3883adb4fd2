"""This project's consumer as a contestant."""

from dataclasses import dataclass
from typing import Any

from bench.contest.contest import CopyTask, PublishedEvent
from tests.support.process import Running, module


@dataclass(frozen=True)
class Ours:
    """The contestant: `count` processes of one consumer group."""

    count: int = 1

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "this project" if self.count == 1 else f"this project, {self.count} processes"

    @property
    def configuration(self) -> str:
        """How it is set up, in words for the report."""
        return f"{self.count} process{'es' * (self.count > 1)}, all settings at their defaults"

    def processes(self, task: CopyTask) -> list[Running]:
        """Return the processes, not started."""
        name = task.database.name
        return [
            module("consumer", task.lab.folder / f"{name}-{n}.log", consumer_settings(task)) for n in range(self.count)
        ]


def document_of(event: PublishedEvent) -> dict[str, Any]:
    """Return a filter that finds the event's document, if the product has no other event."""
    return {"_id": {"$gte": {"p": event.product}, "$lt": {"p": event.product + 1}}}


def consumer_settings(task: CopyTask) -> dict[str, str]:
    """Return the settings of one consumer, as environment variables; all others have their defaults."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": task.lab.kafka.bootstrap_servers,
        "KAFKA_TOPIC": task.topic.name,
        "GROUP_ID": task.database.name,
        "MONGODB_URI": task.lab.mongo.uri,
        "MONGODB_DATABASE": task.database.name,
        "METRICS_PORT": "0",
        "LOG_FORMAT": "json",
    }
