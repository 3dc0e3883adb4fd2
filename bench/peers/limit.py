"""The limit: MongoDB takes the very documents that the consumer stores, prepared beforehand, and nothing else.

`insert_many` of batches of raw BSON, each sorted by `_id`, into a clustered collection: what remains when reading
Kafka, validating, encoding, aggregates, offsets and transactions cost nothing. As a program,
`python -m bench.peers.limit FILE URI DATABASE`, it writes the documents of a file.
"""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from confluent_kafka import Consumer, TopicPartition
from pymongo import MongoClient

from bench.contest.contest import Task
from bench.lab.topics import PARTITIONS, Topic
from consumer.events.decode import decode
from consumer.events.encode import Encoder
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.documents import EVENT_COLLECTION_OPTIONS
from tests.support.process import Running, module

BATCH = 10_000
CHUNK = 10_000
READ_SECONDS = 10.0
_SIZE = 4


class Limit:
    """A process that only inserts. The documents of a topic are prepared once and kept in the lab's folder."""

    name = "the limit"

    def processes(self, task: Task) -> list[Running]:
        """The process, not started; it has loaded the documents before it inserts the first."""
        file = task.lab.folder / f"{task.topic.name}.bson"
        if not file.exists():
            prepare(task.lab.kafka.bootstrap_servers, task.topic, file)
        log = task.lab.folder / f"{task.database.name}.log"
        return [module("bench.peers.limit", log, {}, str(file), task.lab.mongo.uri, task.database.name)]


def prepare(bootstrap_servers: str, topic: Topic, file: Path) -> None:
    """Write the topic's events to `file` as the consumer would store them, in batches sorted by `_id`."""
    everything = TimeLimits(0, 2**62)
    encoders = [Encoder(partition, 1) for partition in range(PARTITIONS)]
    with file.open("wb") as output:
        batch: list[tuple[tuple[int, ...], bytes]] = []
        for value, time_ms, partition, offset in _records(bootstrap_servers, topic):
            event = decode(value, time_ms, everything)
            if isinstance(event, Rejection):
                raise SystemExit(f"the topic holds an invalid event: {event}")
            batch.append(((event.product, event.time_ms, partition, offset), encoders[partition].encode(event, offset)))
            if len(batch) == BATCH:
                output.writelines(document for _, document in sorted(batch))
                batch.clear()
        output.writelines(document for _, document in sorted(batch))


def _records(bootstrap_servers: str, topic: Topic) -> Iterator[tuple[bytes | None, int, int, int]]:
    """Value, time, partition and offset of each record."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "limit", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic.name, partition, 0) for partition in range(PARTITIONS)])
    read = 0
    while read < topic.events:
        messages = consumer.consume(CHUNK, READ_SECONDS)
        if not messages:
            raise SystemExit(f"only {read:,} of {topic.events:,} events could be read")
        for message in messages:
            yield message.value(), message.timestamp()[1], message.partition() or 0, message.offset() or 0
        read += len(messages)
    consumer.close()


def _batches(file: Path) -> list[list[RawBSONDocument]]:
    """The file's documents: each begins with its length."""
    content = file.read_bytes()
    documents, start = [], 0
    while start < len(content):
        end = start + int.from_bytes(content[start : start + _SIZE], "little")
        documents.append(RawBSONDocument(content[start:end]))
        start = end
    return [documents[first : first + BATCH] for first in range(0, len(documents), BATCH)]


def main(file: str, uri: str, database: str) -> None:
    """Load, then insert."""
    batches = _batches(Path(file))
    with MongoClient[dict[str, Any]](uri, w="majority") as client:
        collection = client[database].create_collection("events", **EVENT_COLLECTION_OPTIONS)
        for batch in batches:
            collection.insert_many(batch, ordered=False)
        signal.pause()  # whoever watches reads this process's figures, then ends it


if __name__ == "__main__":
    main(*sys.argv[1:])
