"""Kafka Connect with MongoDB's own sink: a standalone worker that copies raw events and does nothing else.

Documents are identified by topic, partition and offset, so an event that is copied twice is stored once. The connector
has as many tasks as the machine has processors, as a user who wants speed sets it.
"""

import os
from pathlib import Path
from typing import Any, ClassVar

from bench.contest.contest import CopyTask, PublishedEvent
from stack.install import jars
from stack.parts import kafka_files
from stack.ports import pick
from stack.supervision.part import Part
from tests.support.process import Running

DESCRIPTION = Path(__file__).parent / "connect"
"""The folder that describes the jars: `pom.xml` and `jars.sha256`."""

JVM = ("-Xms256m", "-Xmx2g")
"""Java's memory: more than Kafka Connect used, 1.1 GiB at most (docs/benchmarks.md), so that the collector does not
slow it down. With half of it the collector would; twice of it would not be used."""

RECORDS_A_POLL = 5_000
"""The most records that one poll returns: ten times the default, to Kafka Connect's advantage.

The sink writes what a poll returned by one bulk write. Half of it means smaller bulk writes; twice of it, larger ones
than the other peers' batches.
"""


TASKS = os.cpu_count() or 1
"""Tasks of the connector, which share the topic's partitions. With half of them a processor would stand idle; twice as
many would only take turns."""


STRATEGIES = "com.mongodb.kafka.connect.sink"
"""The package of the sink's strategies and post-processors."""


class KafkaConnect:
    """The contestant: one worker with TASKS tasks of the connector."""

    name = "Kafka Connect"
    configuration = (
        f"one standalone worker ({' '.join(JVM)}); tasks.max={TASKS}, StringConverter (faster than JsonConverter), "
        f"max.poll.records={RECORDS_A_POLL:,}, bulk.write.ordered=false, KafkaMetaDataStrategy"
    )

    strategy: ClassVar[dict[str, str]] = {
        "document.id.strategy": f"{STRATEGIES}.processor.id.strategy.KafkaMetaDataStrategy",
    }
    """How the sink identifies and writes documents."""

    def processes(self, task: CopyTask) -> list[Running]:
        """Return the worker, not started. Raises PartMissing where Java or Maven cannot be had."""
        java = kafka_files.java(print)
        folder = jars.fetch("Kafka Connect", DESCRIPTION, task.lab.parts, print)
        home = task.lab.folder / task.database.name
        home.mkdir()
        (home / "worker.properties").write_text(_lines(_worker(task)))
        (home / "sink.properties").write_text(_lines(_sink(task) | self.strategy))
        logging = f"-Dlog4j2.configurationFile={kafka_files.LOGGING.as_uri()}"
        command = ("-cp", f"{folder}/*", "org.apache.kafka.connect.cli.ConnectStandalone")
        argv = (str(java), *JVM, logging, *command, "worker.properties", "sink.properties")
        return [Running(Part("kafka-connect", argv, home), home / "connect.log")]


class UpsertingKafkaConnect(KafkaConnect):
    """The contestant that stores an event once by its id: Kafka Connect as MongoDB's documentation sets it up for that.

    The post-processor DocumentIdAdder makes the business key `{event_id}` by PartialValueStrategy, and the write
    strategy replaces the document that has it, or inserts one. The documentation wants a unique index on the key.
    """

    name = "Kafka Connect's upsert by business key"
    configuration = (
        f"{KafkaConnect.configuration.removesuffix('KafkaMetaDataStrategy')}DocumentIdAdder with PartialValueStrategy "
        "(AllowList event_id), ReplaceOneBusinessKeyStrategy, a unique index on event_id"
    )
    strategy: ClassVar[dict[str, str]] = {
        "post.processor.chain": f"{STRATEGIES}.processor.DocumentIdAdder",
        "document.id.strategy": f"{STRATEGIES}.processor.id.strategy.PartialValueStrategy",
        "document.id.strategy.partial.value.projection.list": "event_id",
        "document.id.strategy.partial.value.projection.type": "AllowList",
        "writemodel.strategy": f"{STRATEGIES}.writemodel.strategy.ReplaceOneBusinessKeyStrategy",
    }

    def processes(self, task: CopyTask) -> list[Running]:
        """Return the worker, not started, with the index made. Raises PartMissing where Java or Maven cannot be had."""
        task.database["events"].create_index("event_id", unique=True)
        return super().processes(task)


def document_of(event: PublishedEvent) -> dict[str, Any]:
    """Return the filter that finds the event's document."""
    return {"_id": f"{event.topic}#{event.partition}#{event.offset}"}


def _worker(task: CopyTask) -> dict[str, str]:
    (port,) = pick(1)
    return {
        "bootstrap.servers": task.lab.kafka.bootstrap_servers,
        "listeners": f"http://127.0.0.1:{port}",
        "offset.storage.file.filename": "offsets",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        # The sink parses the text itself, once. That takes an eighth less processor time than Connect's JSON converter.
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "consumer.max.poll.records": str(RECORDS_A_POLL),
    }


def _sink(task: CopyTask) -> dict[str, str]:
    return {
        "name": task.database.name,
        "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
        "tasks.max": str(TASKS),
        "topics": task.topic.name,
        "connection.uri": task.lab.mongo.uri,
        "database": task.database.name,
        "collection": "events",
        # Some events have a field `_id`, by which they would replace each other.
        "document.id.strategy.overwrite.existing": "true",
        "bulk.write.ordered": "false",
    }


def _lines(properties: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in properties.items())
