"""Kafka Connect with MongoDB's own sink: a standalone worker, which copies raw events and nothing else.

Idempotent, as far as it can be: documents are identified by topic, partition and offset. One task, as is its default.
"""

from pathlib import Path
from typing import Any

from bench.contest.contest import Published, Task
from stack.install import jars
from stack.parts import kafka_files
from stack.ports import pick
from stack.supervision.part import Part
from tests.support.process import Running

DESCRIPTION = Path(__file__).parent / "connect"
JVM = ("-Xms256m", "-Xmx2g")
RECORDS_A_POLL = 5_000
"""Ten times the default, to its advantage: a bulk write holds what one poll brought."""


class KafkaConnect:
    """One worker with one task."""

    name = "Kafka Connect"

    def processes(self, task: Task) -> list[Running]:
        """The worker. Raises PartMissing where Java or Maven cannot be had."""
        java = kafka_files.java(print)
        folder = jars.fetch("Kafka Connect", DESCRIPTION, task.lab.parts, print)
        home = task.lab.folder / task.database.name
        home.mkdir()
        (home / "worker.properties").write_text(_lines(_worker(task)))
        (home / "sink.properties").write_text(_lines(_sink(task)))
        logging = f"-Dlog4j2.configurationFile={kafka_files.LOGGING.as_uri()}"
        command = ("-cp", f"{folder}/*", "org.apache.kafka.connect.cli.ConnectStandalone")
        argv = (str(java), *JVM, logging, *command, "worker.properties", "sink.properties")
        return [Running(Part("kafka-connect", argv, home), home / "connect.log")]


def document_of(event: Published) -> dict[str, Any]:
    """Finds the event's document."""
    return {"_id": f"{event.topic}#{event.partition}#{event.offset}"}


def _worker(task: Task) -> dict[str, str]:
    (port,) = pick(1)
    return {
        "bootstrap.servers": task.lab.kafka.bootstrap_servers,
        "listeners": f"http://127.0.0.1:{port}",
        "offset.storage.file.filename": "offsets",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        # The sink then parses the text itself, once: an eighth less processor time than with Connect's JSON converter.
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "consumer.max.poll.records": str(RECORDS_A_POLL),
    }


def _sink(task: Task) -> dict[str, str]:
    return {
        "name": task.database.name,
        "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
        "tasks.max": "1",
        "topics": task.topic.name,
        "connection.uri": task.lab.mongo.uri,
        "database": task.database.name,
        "collection": "events",
        "document.id.strategy": "com.mongodb.kafka.connect.sink.processor.id.strategy.KafkaMetaDataStrategy",
        # Some events bring an `_id` of their own, which would make them replace each other.
        "document.id.strategy.overwrite.existing": "true",
        "bulk.write.ordered": "false",
    }


def _lines(properties: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in properties.items())
