"""Finds dead letters whose messages have headers that Kafka's client for Python does not show, and marks them.

The client shows no headers of a message that has more than 100,000, as if it had none. So each dead letter without
headers is looked at once more, after the commit, by `raw_reader`, on a thread that nothing waits for but the letter's
own copy. A letter is not looked at when the process dies before, when too many others wait, or when Kafka does not
answer; it then stays as if its message had no headers.
"""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from pymongo.errors import PyMongoError

from consumer.dead_letters.raw_reader import RawReader
from consumer.partitions.brokers import QUIET
from shared.documents import REJECTED_EVENTS, Document, Id
from shared.logs import logger
from shared.mongo import SyncDatabase, brief
from shared.settings import ConsumerSettings

MOST_WAITING: Final = 500
"""So many letters wait to be looked at, which takes 0.3 ms each, and 10 ms where they are far apart. Letters beyond are
not looked at. At twice this, the copies of a burst wait up to 10 s. At half, more letters of a burst are passed over.
"""
REST_SECONDS: Final = 1.0
"""How long the thread rests after it had to pass over some, so that a flood of rejections costs the consumer a fraction
of this thread's time. At twice this, more letters of a flood are passed over; at half, a flood slows reading more."""

log = logger(__name__)


class HeaderLookup:
    """The thread. `looked` is called when no letter waits any more."""

    def __init__(self, database: SyncDatabase, settings: ConsumerSettings, looked: Callable[[], None]) -> None:
        self._rejected = database[REJECTED_EVENTS]
        self._settings = settings
        self._looked = looked
        self._reader: RawReader | None = None
        self._waiting: deque[Id] = deque()
        self._ids: set[tuple[object, ...]] = set()
        self._is_full = False
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="header-lookup", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the letter that it looks at; nobody has to wait for it."""
        self._stopping = True
        self._wake.set()

    def note(self, letters: Iterable[Document]) -> None:
        """Note committed dead letters, so that those without headers are looked at. From any thread."""
        for letter in letters if not self._stopping else ():
            if letter["headers"] or letter["truncated"]:
                continue
            if len(self._waiting) >= MOST_WAITING:
                if not self._is_full:
                    log.info("too many dead letters at once, not all are searched for headers that the client hides")
                self._is_full = True
                break
            self._ids.add(_key(letter))
            self._waiting.append(letter["_id"])
        self._wake.set()

    def is_waiting(self, letter: Document) -> bool:
        """Whether a letter is still to be looked at. From any thread."""
        return _key(letter) in self._ids

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._wake.wait()
                self._wake.clear()
                was_full = self._look_at_all()
                self._looked()
                if was_full:
                    time.sleep(REST_SECONDS)
        except (OSError, AttributeError, ValueError) as error:
            log.warning("headers that Kafka's client hides cannot be looked for", reason=str(error))
            self._stopping = True
        self._ids.clear()
        self._looked()

    def _look_at_all(self) -> bool:
        """Look at the letters that wait. Returns whether others were passed over.

        Raises what `RawReader` raises when it is made.
        """
        while self._waiting and not self._stopping:
            identity = self._waiting[0]
            try:
                if self._has_unseen_headers(identity):
                    self._mark(identity)
            except PyMongoError as error:
                log.warning("a dead letter's hidden headers were not noted", reason=brief(error))
            except TimeoutError:
                log.info("Kafka does not answer, dead letters are not searched for headers that the client hides")
                self._ids.clear()
                self._waiting.clear()
                break
            self._ids.discard(tuple(identity.values()))
            self._waiting.popleft()
        was_full, self._is_full = self._is_full, False
        if self._reader:
            self._reader.rest()
        return was_full

    def _has_unseen_headers(self, identity: Id) -> bool:
        if self._reader is None:
            self._reader = RawReader({
                **self._settings.kafka_client(),
                "group.id": self._settings.group_id, "enable.auto.commit": False,
                "auto.offset.reset": "error", "isolation.level": self._settings.kafka_isolation_level,
                "log_level": QUIET,
            })  # fmt: skip
        looked = self._reader.look(self._settings.kafka_topic, int(identity["k"]), int(identity["o"]))
        return looked is not None and looked.has_unseen_headers

    def _mark(self, identity: Id) -> None:
        """Say in the letter that it lacks all headers. Raises PyMongoError."""
        letter = self._rejected.find_one({"_id": identity})
        if letter is None:
            return
        key, value = letter["key"] or b"", letter["value"] or b""
        lacking = {"truncated": True, "headers_left_out": None, "key_bytes": len(key), "value_bytes": len(value)}
        change = {"$set": lacking | {"value_sha256": hashlib.sha256(value).digest()}}
        self._rejected.update_one({"_id": identity, "truncated": False}, change)


def _key(letter: Document) -> tuple[object, ...]:
    return tuple(letter["_id"].values())
