"""Copies dead letters to the dead-letter topic, after the commit that stored them.

The dead letter in MongoDB is what counts. It carries `copy_pending` until Kafka has acknowledged its copy. A crash in
between thus loses no copy; it may cost a second one, which readers recognise by the coordinates in its headers.

Where the topic refuses a copy as too large, the copier makes a smaller one (`copies.py`), so no dead letter holds up
the others by its size. Copies that fail otherwise are made again in each round, before those of later dead letters.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from consumer.dead_letters.copies import Form, copy_of, size_of
from consumer.dead_letters.copy_failures import CopyFailures
from consumer.dead_letters.hidden_headers import HiddenHeaders
from consumer.partitions.brokers import QUIET
from consumer.process import metrics
from consumer.process.clocks import Clock
from consumer.process.kafka_errors import reason_of
from shared.documents import PARTITION_STATUS, REJECTED_EVENTS, Document
from shared.mongo import SyncDatabase, brief
from shared.settings import ConsumerSettings

ROUND_SECONDS: Final = 10.0
"""How often the copier looks for dead letters when no commit has woken it, and how long it waits after an error.

At twice this, what a killed consumer left behind waits up to 20 s for its copy. At half, MongoDB is asked twice as
often, nearly always for nothing.
"""
DELIVERY_SECONDS: Final = 10.0
"""How long a broker may take to acknowledge a copy.

At twice this, one round waits 20 s for a broker that is away. At half, the election of a new leader fails copies that
are then made again.
"""
MOST_A_ROUND: Final = 500
"""How many dead letters one round copies at the most; they are marked as copied when the round ends.

At twice this, a crash costs up to 1,000 second copies. At half, MongoDB is asked twice as often while many are pending.
"""
MOST_BYTES_A_ROUND: Final = 8 * 1024 * 1024
"""How many bytes of dead letters one round holds in memory, with one more letter on top (1 MiB).

The producer's queue holds them a second time. At twice this, the two take 32 MiB of a consumer. At half, large letters
take twice as many rounds.
"""
READ_AHEAD: Final = 8
"""How many dead letters MongoDB sends at a time: 8 MiB of the largest ones.

At twice this, one reply may hold twice what a round may hold. At half, small letters take twice as many round trips.
"""
HELD_SECONDS: Final = 60.0
"""A partition whose status is older than this has no holder: its holder writes the status every second.

At twice this, dead letters of a halted partition wait two minutes for their copies. At half, a consumer whose MongoDB
was away for half a minute seems to hold nothing, and another one copies its dead letters as well.
"""
CREATION_SECONDS: Final = 1.0
"""How long a topic may take to be there where brokers create those that are asked for.

At twice this, a missing topic is named a second later. At half, a slow broker's new topic is called missing once.
"""
MISSING_TOPIC: Final = (
    "the topic {} does not exist: create it, or unset DEAD_LETTER_TOPIC; the dead letters wait in MongoDB until then"
)
REFUSED_BARE: Final = (
    "the dead-letter topic refuses even a copy without the message: its max.message.bytes is too low; such dead "
    "letters are in MongoDB alone, marked copy_refused"
)
_MISSING: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})


@dataclass(slots=True)
class Attempt:
    """What became of copies of one form. Letters in neither list stay pending."""

    copied: list[Document] = field(default_factory=list)
    """The dead letters whose copies Kafka has acknowledged."""
    too_large: list[Document] = field(default_factory=list)
    """The dead letters whose copies Kafka, or its client, has refused as too large."""
    failed: Counter[str] = field(default_factory=Counter)
    """By cause: how many copies have failed otherwise."""


class DeadLetterCopier:
    """A thread that copies pending dead letters, soon after `wake` and every `ROUND_SECONDS` anyway.

    It copies those of `partitions()`, the partitions that this process holds. One process of the group also copies
    those of partitions that nobody holds; see `_chosen`.
    """

    def __init__(
        self, database: SyncDatabase, settings: ConsumerSettings, partitions: Callable[[], Iterable[int]], clock: Clock
    ) -> None:
        self._rejected = database[REJECTED_EVENTS]
        self._statuses = database[PARTITION_STATUS]
        self._group = {"_id.group": settings.group_id, "_id.topic": settings.kafka_topic}
        self._topic = settings.dead_letter_topic
        self._partitions = partitions
        self._clock = clock
        self._hidden_headers = HiddenHeaders(database, settings)
        self._producer = Producer(
            settings.kafka_client()
            | {
                "enable.idempotence": True,
                # A broker compares the size of a whole batch with its limit. With one copy in each batch, a copy is
                # refused only for its own size.
                "batch.num.messages": 1,
                "message.timeout.ms": int(DELIVERY_SECONDS * 1000),
                "log_level": QUIET,
            }
        )
        self._wake = threading.Event()
        self._failures = CopyFailures(settings.dead_letter_topic)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dead-letters", daemon=True)

    def start(self) -> None:
        """Start the thread, which begins with what an earlier process may have left pending."""
        self._thread.start()

    def wake(self) -> None:
        """Note that dead letters were committed. From any thread; returns at once."""
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """End the thread after the round that is running; wait for it for `seconds` at most.

        What is still pending is copied by the partitions' next owners.
        """
        self._stopping.set()
        self._wake.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                more = self.copy_round()
            except PyMongoError as error:
                self._failures.after_round({f"MongoDB: {brief(error)}": 0})
                more = False
            if not more:
                self._wake.wait(ROUND_SECONDS)

    def copy_round(self) -> bool:
        """Copy some pending dead letters. Returns whether more may be pending that can be copied at once.

        Blocks until the brokers have acknowledged the copies. Logs why some were not copied, unless that was logged
        before. Raises PyMongoError; the dead letters that were not marked as copied by then are copied again.
        """
        pending = list(self._some_pending())
        if not pending:
            return False
        why_not = self._why_no_copies()
        if why_not:
            self._failures.after_round({why_not: len(pending)})
            return False
        self._hidden_headers.mark(pending)
        left, attempts = pending, list[Attempt]()
        for form in Form:
            attempt = self._produce(left, form)
            attempts.append(attempt)
            left = attempt.too_large
        copied = [document for attempt in attempts for document in attempt.copied]
        failed = sum((attempt.failed for attempt in attempts), Counter[str]())
        if left:
            failed[REFUSED_BARE] = len(left)
        self._failures.after_round(failed)
        done = [UpdateOne({"_id": one["_id"]}, {"$unset": {"copy_pending": ""}}) for one in copied]
        done += [
            UpdateOne({"_id": one["_id"]}, {"$unset": {"copy_pending": ""}, "$set": {"copy_refused": True}})
            for one in left
        ]
        if done:
            self._rejected.bulk_write(done, ordered=False)
            metrics.COPIED.inc(len(copied))
        return len(done) == len(pending)

    def _why_no_copies(self) -> str:
        """Why no dead letter can be copied now, or nothing. Blocks while the brokers answer.

        A missing topic is asked for twice: where brokers create topics that are asked for, it is there a moment later.
        Kafka's client itself does not name it; it lets each copy wait for the topic until its time is up.
        """
        for _ in range(2):
            try:
                known = self._producer.list_topics(self._topic, DELIVERY_SECONDS).topics[self._topic]
            except KafkaException as error:
                return reason_of(error)
            if known.error is None or known.error.code() not in _MISSING:
                return ""
            self._stopping.wait(CREATION_SECONDS)
        return MISSING_TOPIC.format(self._topic)

    def _some_pending(self) -> Iterator[Document]:
        """Pending dead letters by partition and offset, as many as one round may hold in memory."""
        pending = {"copy_pending": True, "_id.k": self._chosen()}
        taken = 0
        with self._rejected.find(pending, batch_size=READ_AHEAD).sort([("_id.k", 1), ("_id.o", 1)]) as found:
            for document in found.limit(MOST_A_ROUND):
                yield document
                taken += size_of(document)
                if taken > MOST_BYTES_A_ROUND:
                    return

    def _chosen(self) -> dict[str, list[int]]:
        """The partitions whose dead letters this process copies, as a condition on the partition's number.

        They are those that it holds. If it holds the lowest of all held partitions, it also copies the dead letters of
        those that nobody holds, because they are halted, or were lost when the topic was created again. Example: 1 is
        held here, 2 elsewhere, and 7 by nobody. This process copies all but those of 2.
        """
        mine = set(self._partitions())
        held_since = self._clock() - timedelta(seconds=HELD_SECONDS)
        statuses = self._statuses.find(self._group | {"at": {"$gte": held_since}}, {"_id": 1})
        held = {status["_id"]["k"] for status in statuses}
        if mine and min(mine) <= min(held, default=min(mine)):
            return {"$nin": sorted(held - mine)}
        return {"$in": sorted(mine)}

    def _produce(self, documents: Sequence[Document], form: Form) -> Attempt:
        """Send copies of this form and wait for the brokers, for `DELIVERY_SECONDS` at most."""
        attempt = Attempt()

        def note(document: Document, error: KafkaError | None, _: Message | None = None) -> None:
            if error is None:
                attempt.copied.append(document)
            elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                attempt.too_large.append(document)
            else:
                attempt.failed[error.str()] += 1

        for document in documents:
            try:
                self._producer.produce(self._topic, **copy_of(document, form), on_delivery=partial(note, document))
            except KafkaException as error:
                note(document, error.args[0])
            except BufferError:
                attempt.failed["the queue of Kafka's client is full"] += 1
        self._producer.flush(DELIVERY_SECONDS)
        answered = len(attempt.copied) + len(attempt.too_large) + attempt.failed.total()
        if answered < len(documents):
            attempt.failed[f"no broker answered in {DELIVERY_SECONDS:.0f} s"] = len(documents) - answered
        return attempt
