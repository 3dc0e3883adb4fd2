"""Copies of rejections in the dead-letter topic, made after the commit that recorded them.

The record in MongoDB is the truth and carries `copy_pending` until Kafka has acknowledged its copy, so a crash in
between costs nothing but a second copy: the coordinates in the copy's headers tell that it is one.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from consumer import metrics
from consumer.rejected import KEEP_CUT_BYTES
from consumer.source import QUIET
from shared.documents import REJECTED_EVENTS, Document
from shared.logs import logger
from shared.mongo import SyncDatabase
from shared.settings import ConsumerSettings

ROUND_SECONDS = 10.0
DELIVERY_SECONDS = 10.0
MOST_A_ROUND = 500
MOST_BYTES_A_ROUND = 8 * 1024 * 1024
READ_AHEAD = 8

log = logger(__name__)


class DeadLetterCopier:
    """A thread that copies what `partitions()` have pending: soon after `wake`, and every few seconds anyway."""

    def __init__(
        self, database: SyncDatabase, settings: ConsumerSettings, partitions: Callable[[], Iterable[int]]
    ) -> None:
        self._rejected = database[REJECTED_EVENTS]
        self._topic = settings.dead_letter_topic
        self._partitions = partitions
        self._producer = Producer(
            settings.kafka_client()
            | {
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": int(DELIVERY_SECONDS * 1000),
                "log_level": QUIET,
            }
        )
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="dead-letters", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier process may have left."""
        self._thread.start()

    def wake(self) -> None:
        """New rejections were committed."""
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """End after the round that runs; what is left is copied by the next owner."""
        self._stopping = True
        self._wake.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                more = self._copy_round()
            except (PyMongoError, KafkaException) as error:
                log.warning("dead letters wait to be copied", topic=self._topic, error=str(error))
                more = False
            if not more:
                self._wake.wait(ROUND_SECONDS)

    def _copy_round(self) -> bool:
        """Copy some pending dead letters. Returns whether there may be more."""
        documents = list(self._some_pending())
        copied: list[Document] = []
        for document in documents:
            self._produce(document, copied)
        self._producer.flush(DELIVERY_SECONDS)
        if copied:
            self._rejected.bulk_write(
                [UpdateOne({"_id": identity}, {"$unset": {"copy_pending": ""}}) for identity in copied], ordered=False
            )
            metrics.COPIED.inc(len(copied))
        return bool(documents) and len(copied) == len(documents)

    def _some_pending(self) -> Iterator[Document]:
        """Pending dead letters in order of offset, few enough to be held in memory and in the producer's queue."""
        pending = {"copy_pending": True, "_id.k": {"$in": list(self._partitions())}}
        taken = 0
        with self._rejected.find(pending, batch_size=READ_AHEAD).sort([("_id.k", 1), ("_id.o", 1)]) as found:
            for document in found.limit(MOST_A_ROUND):
                yield document
                taken += len(document["value"] or b"")
                if taken > MOST_BYTES_A_ROUND:
                    return

    def _produce(self, document: Document, copied: list[Document]) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is None:
                copied.append(document["_id"])
            else:
                log.warning("a dead letter was not copied", topic=self._topic, error=error.str())

        try:
            self._producer.produce(self._topic, **copy_of(document), on_delivery=delivered)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                raise
            self._producer.produce(self._topic, **copy_of(document, cut=True), on_delivery=delivered)


def copy_of(document: Document, cut: bool = False) -> dict[str, Any]:
    """Key, value and headers of a dead letter's copy: the original's, then why and from where. Pure.

    `cut` leaves the original's headers out and keeps the beginning of its key and value.
    """
    source = document["_id"]
    about = {
        "dead-letter-reason": document["reason"],
        "dead-letter-detail": document["detail"],
        "dead-letter-topic": source["topic"],
        "dead-letter-partition": source["k"],
        "dead-letter-offset": source["o"],
        "dead-letter-generation": source["g"],
        "dead-letter-timestamp": document["timestamp_ms"],
        "dead-letter-truncated": str(cut or document["truncated"]).lower(),
    }
    key, value = document["key"], document["value"]
    headers = [] if cut else [(name, content) for name, content in document["headers"]]
    return {
        "key": key[:KEEP_CUT_BYTES] if cut and key else key,
        "value": value[:KEEP_CUT_BYTES] if cut and value else value,
        "headers": headers + [(name, str(content).encode()) for name, content in about.items()],
    }
