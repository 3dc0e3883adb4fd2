"""The limit: how fast MongoDB takes the documents that the consumer stores, when nothing else is done.

The documents are prepared beforehand as raw BSON. A process then inserts them by `insert_many` into a clustered
collection, in batches that are sorted by `_id`. This is what remains when reading Kafka, validating, encoding,
aggregates, offsets and transactions cost nothing. A process is
`python -m bench.peers.limit FILE URI DATABASE SHARE OF`, which inserts every OF-th batch of the file, from the SHARE-th
on.
"""

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from confluent_kafka import Consumer, TopicPartition
from pymongo import MongoClient

from bench.contest.contest import CopyTask
from bench.lab.topics import PARTITIONS, Topic
from consumer.events.decode import decode
from consumer.events.encode import Encoder
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.mongo import ensure_event_collection
from tests.support.process import Running, module

BATCH = 10_000
"""Documents in one `insert_many`. With half of it there are twice as many requests for the same documents; with twice
of it MongoDB idles longer while the driver prepares the next request."""

CHUNK = 10_000
"""The most messages to take from Kafka's client at a time while the documents are prepared, which is not measured."""

READ_SECONDS = 10.0
"""How long Kafka may take to deliver the next messages before the preparation fails, in seconds. At half of it a busy
machine may fail; at twice of it a topic that lacks messages is noticed ten seconds later."""

_SIZE = 4
"""Bytes of the length with which each BSON document begins, little-endian."""


@dataclass(frozen=True)
class Limit:
    """The contestant: `count` processes that only insert.

    A topic's documents are prepared once, in the lab's folder.
    """

    count: int = 1

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "the limit" if self.count == 1 else f"the limit, {self.count} processes"

    @property
    def configuration(self) -> str:
        """How it is set up, in words for the report."""
        return f"prepared raw BSON, insert_many of {BATCH:,} in the order of _id, write concern majority"

    def processes(self, task: CopyTask) -> list[Running]:
        """Return the processes, not started. Each loads its documents into memory before it inserts the first."""
        file = task.lab.folder / f"{task.topic.name}.bson"
        if not file.exists():
            prepare(task.lab.kafka.bootstrap_servers, task.topic, file)
        arguments = (str(file), task.lab.mongo.uri, task.database.name)
        logs = [task.lab.folder / f"{task.database.name}-{share}.log" for share in range(self.count)]
        return [
            module("bench.peers.limit", log, {}, *arguments, str(share), str(self.count))
            for share, log in enumerate(logs)
        ]


def prepare(bootstrap_servers: str, topic: Topic, file: Path) -> None:
    """Write the topic's events to `file` as the consumer would store them, in batches sorted by `_id`.

    Raises SystemExit when an event is invalid or Kafka does not deliver all of them.
    """
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
    """Yield the value, time (ms), partition and offset of each message. Raises SystemExit when messages are missing."""
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
    """Return the file's documents in batches.

    The file holds one document after the other. Each begins with its whole length, of which the length takes 4 bytes:

        | length | length - 4 bytes | length | length - 4 bytes | …
    """
    content = file.read_bytes()
    documents, start = [], 0
    while start < len(content):
        end = start + int.from_bytes(content[start : start + _SIZE], "little")
        documents.append(RawBSONDocument(content[start:end]))
        start = end
    return [documents[first : first + BATCH] for first in range(0, len(documents), BATCH)]


def main(file: str, uri: str, database: str, share: str, of: str) -> None:
    """Load the documents of a share, insert them, then wait to be ended."""
    batches = _batches(Path(file))[int(share) :: int(of)]
    with MongoClient[dict[str, Any]](uri, w="majority") as client:
        ensure_event_collection(client[database], "events")
        for batch in batches:
            client[database].events.insert_many(batch, ordered=False)
        signal.pause()  # bench.contest still reads this process's processor time, then ends it


if __name__ == "__main__":
    main(*sys.argv[1:])
