"""Copies of rejections in the dead-letter topic, made after the commit that recorded them.

The record in MongoDB is the truth and carries `copy_pending` until Kafka has acknowledged its copy, so a crash in
between costs nothing but a second copy: the coordinates in the copy's headers tell that it is one. A copy that the
topic finds too large is made again with less of the message in it, so no letter holds up the others.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from consumer.dead_letters.copies import Form, copy_of, size_of
from consumer.partitions.brokers import QUIET
from consumer.process import metrics
from consumer.process.clocks import Clock
from shared.documents import PARTITION_STATUS, REJECTED_EVENTS, Document
from shared.logs import logger
from shared.mongo import SyncDatabase
from shared.settings import ConsumerSettings

ROUND_SECONDS: Final = 10.0
DELIVERY_SECONDS: Final = 10.0
MOST_A_ROUND: Final = 500
MOST_BYTES_A_ROUND: Final = 8 * 1024 * 1024
READ_AHEAD: Final = 8
HELD_SECONDS: Final = 60.0
"""A partition whose status is older than this is held by nobody: its holder writes it every second."""

log = logger(__name__)


class DeadLetterCopier:
    """A thread that copies what is pending, soon after `wake` and every few seconds anyway: the letters of
    `partitions()`, which this process holds, and by one process of the group those of partitions that nobody holds."""

    def __init__(
        self, database: SyncDatabase, settings: ConsumerSettings, partitions: Callable[[], Iterable[int]], clock: Clock
    ) -> None:
        self._rejected = database[REJECTED_EVENTS]
        self._statuses = database[PARTITION_STATUS]
        self._group = {"_id.group": settings.group_id, "_id.topic": settings.kafka_topic}
        self._topic = settings.dead_letter_topic
        self._partitions = partitions
        self._clock = clock
        self._producer = Producer(
            settings.kafka_client()
            | {
                "enable.idempotence": True,
                # A broker judges the size of a batch, so each letter is one: it is refused for its own size alone.
                "batch.num.messages": 1,
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
                more = self.copy_round()
            except (PyMongoError, KafkaException) as error:
                log.warning("dead letters wait to be copied", topic=self._topic, error=str(error))
                more = False
            if not more:
                self._wake.wait(ROUND_SECONDS)

    def copy_round(self) -> bool:
        """Copy some pending dead letters. Returns whether there may be more. Raises PyMongoError, KafkaException."""
        pending = list(self._some_pending())
        copied: list[Document] = []
        refused = pending
        for form in Form:
            refused = self._produce(refused, form, copied)
        for document in refused:
            log.error(
                "the dead-letter topic takes no copy, not even one without the message: its max.message.bytes is too "
                "low; the letter is in MongoDB alone",
                topic=self._topic, letter=document["_id"],
            )  # fmt: skip
        done = [UpdateOne({"_id": one["_id"]}, {"$unset": {"copy_pending": ""}}) for one in copied]
        done += [
            UpdateOne({"_id": one["_id"]}, {"$unset": {"copy_pending": ""}, "$set": {"copy_refused": True}})
            for one in refused
        ]
        if done:
            self._rejected.bulk_write(done, ordered=False)
            metrics.COPIED.inc(len(copied))
        return bool(pending) and len(done) == len(pending)

    def _some_pending(self) -> Iterator[Document]:
        """Pending dead letters in order of offset, few enough to be held in memory and in the producer's queue."""
        pending = {"copy_pending": True, "_id.k": self._chosen()}
        taken = 0
        with self._rejected.find(pending, batch_size=READ_AHEAD).sort([("_id.k", 1), ("_id.o", 1)]) as found:
            for document in found.limit(MOST_A_ROUND):
                yield document
                taken += size_of(document)
                if taken > MOST_BYTES_A_ROUND:
                    return

    def _chosen(self) -> dict[str, list[int]]:
        """Whose letters to copy: those of the partitions held here; by the holder of the first one that anybody holds
        also those that nobody does, for they are halted, or gone with their topic."""
        mine = set(self._partitions())
        alive = self._clock() - timedelta(seconds=HELD_SECONDS)
        held = {one["_id"]["k"] for one in self._statuses.find(self._group | {"at": {"$gte": alive}}, {"_id": 1})}
        if mine and min(mine) <= min(held, default=min(mine)):
            return {"$nin": sorted(held - mine)}
        return {"$in": sorted(mine)}

    def _produce(self, documents: Sequence[Document], form: Form, copied: list[Document]) -> list[Document]:
        """Copy in that form, and wait. Returns what is too large for it; other failures are told and tried again."""
        refused: list[Document] = []

        def note(document: Document, error: KafkaError | None, _: Message | None = None) -> None:
            if error is None:
                copied.append(document)
            elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                refused.append(document)
            else:
                log.warning("a dead letter was not copied", topic=self._topic, error=error.str())

        for document in documents:
            try:
                self._producer.produce(self._topic, **copy_of(document, form), on_delivery=partial(note, document))
            except KafkaException as error:
                if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                    raise
                note(document, error.args[0])
        self._producer.flush(DELIVERY_SECONDS)
        return refused
