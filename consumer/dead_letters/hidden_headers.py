"""Finds dead letters whose messages have headers that Kafka's client for Python does not show, and marks them.

The client shows no headers of a message that has more than 100,000, as if it had none. So each dead letter without
headers is looked at once more, by `raw_reader`. The copier does so before it makes a copy. Where no copies are made,
`HeaderLookup` does so soon after the commit; nobody waits for it, and a letter is passed over when the process dies
before, when too many others wait, or when Kafka does not answer.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from pymongo.errors import PyMongoError

from consumer.dead_letters.raw_reader import RawReader
from consumer.dead_letters.record import marks_of_a_cut
from consumer.partitions.brokers import reader_config
from shared.documents import REJECTED_EVENTS, Document
from shared.logs import logger
from shared.mongo import SyncDatabase, brief
from shared.settings import ConsumerSettings

MOST_WAITING: Final = 500
"""So many letters wait to be looked at, which takes 0.3 ms each, and 10 ms where they are far apart. Letters beyond are
passed over. At twice this, a burst takes up to 10 s. At half, more letters of a burst are passed over."""
REST_SECONDS: Final = 1.0
"""How long the thread rests after it passed letters over, so that a flood of rejections costs the consumer a part of
this thread's time only. At twice this, more letters of a flood are passed over; at half, a flood slows reading more."""

log = logger(__name__)


class HiddenHeaders:
    """Looks at letters one by one. For one thread."""

    def __init__(self, database: SyncDatabase, settings: ConsumerSettings) -> None:
        self._rejected = database[REJECTED_EVENTS]
        self._topic = settings.kafka_topic
        self._client_settings = reader_config(settings, settings.group_id)
        self._reader: RawReader | None = None
        self._is_possible = True

    def mark(self, letters: Iterable[Document]) -> None:
        """Say in each letter that has none of its message's headers that it lacks them, here and in MongoDB.

        Blocks while Kafka answers, some milliseconds a letter; ends early when it does not. Raises PyMongoError.
        """
        try:
            for letter in letters:
                if not letter["headers"] and not letter["truncated"] and self._has_some(letter):
                    self._mark(letter)
        except TimeoutError:
            log.info("Kafka does not answer, dead letters are not searched for headers that its client does not show")
        finally:
            if self._reader is not None:
                self._reader.rest()

    def _has_some(self, letter: Document) -> bool:
        """Whether librdkafka knows of headers. Raises TimeoutError when Kafka does not answer."""
        reader = self._reader or self._new_reader()
        if reader is None:
            return False
        looked = reader.look(self._topic, letter["_id"]["k"], letter["_id"]["o"])
        if looked is None or (looked.value or b"") != (letter["value"] or b""):
            return False  # it is gone, and perhaps the topic was created again with another message at its offset
        return looked.has_unseen_headers

    def _new_reader(self) -> RawReader | None:
        if self._is_possible:
            try:
                self._reader = RawReader(self._client_settings)
            except (OSError, AttributeError, ValueError) as error:
                log.warning("headers that Kafka's client does not show cannot be looked for", reason=str(error))
                self._is_possible = False
        return self._reader

    def _mark(self, letter: Document) -> None:
        lacking = marks_of_a_cut(letter["key"], letter["value"], None)
        self._rejected.update_one({"_id": letter["_id"]}, {"$set": lacking})
        letter.update(lacking)


class HeaderLookup:
    """A thread that looks at letters soon after they were committed. Where letters are copied, the copier does it."""

    def __init__(self, database: SyncDatabase, settings: ConsumerSettings) -> None:
        self._rejected = database[REJECTED_EVENTS]
        self._hidden = HiddenHeaders(database, settings)
        self._ids: deque[Any] = deque(maxlen=MOST_WAITING)
        self._passed_over = False
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="header-lookup", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Look at no more letters. Returns at once: nobody has to wait for the thread."""
        self._stopping = True
        self._wake.set()

    def note(self, letters: Iterable[Document]) -> None:
        """Note committed dead letters. From any thread; returns at once."""
        for letter in letters:
            if letter["headers"] or letter["truncated"]:
                continue
            if len(self._ids) == MOST_WAITING:
                self._passed_over = True
                break
            self._ids.append(letter["_id"])
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            try:
                self._hidden.mark(self._noted())
            except PyMongoError as error:
                log.warning("dead letters were not marked that lack headers", reason=brief(error))
            if self._passed_over:
                log.info("too many dead letters at once, not all are searched for headers that are not shown")
                time.sleep(REST_SECONDS)
                self._passed_over = False

    def _noted(self) -> Iterable[Document]:
        """The letters that wait. Their bytes are read from MongoDB, so that only one letter is in memory at a time."""
        while self._ids and not self._stopping:
            letter = self._rejected.find_one({"_id": self._ids.popleft()})
            if letter is not None:
                yield letter
