"""One batch -> MongoDB, exactly once: the attempts at its transaction, and what it means when one does not match.

The transaction first compares each partition's epoch and offset with the lease, so running a batch again is always
safe. Whatever became of an earlier attempt: if it was committed, the partitions stand at the batch's end, the
comparison fails, and nothing is written twice.
"""

import math
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from pymongo.errors import PyMongoError
from tenacity import wait_random_exponential

from consumer.batches.batch import Batch
from consumer.events.rejection import Rejection
from consumer.partitions.brokers import NO_TOPIC_ID
from consumer.partitions.lease import Lease
from consumer.process import failpoints
from consumer.process.backoff import delay_seconds
from consumer.process.clocks import Clocks
from consumer.storage.counted_before import settle
from consumer.storage.memory import KnownProduct, ProductKey, ProductMemory
from consumer.storage.preparation import Prepared
from consumer.storage.refusals import refused_events
from consumer.storage.transaction import EventRefused, IdHeld, IdTaken, Mismatch, Transactions
from shared.documents import PARTITIONS, Document
from shared.errors import DatabaseUnavailable, InvariantBroken, TopicRecreated
from shared.events import Reason
from shared.logs import logger
from shared.mongo import SyncDatabase, brief, ensure_event_collection

ATTEMPT_SECONDS: Final = 10.0
"""A batch that could not be written for this long is given up: its partitions are claimed and read again. It is well
under the 60 s after which MongoDB ends a transaction (`transactionLifetimeLimitSeconds`). With half of it most
elections of a primary, which take up to 10 s, would cost batches; with twice, the consumer would say that late that it
waits."""
BACKOFF: Final = wait_random_exponential(multiplier=0.04, max=0.5)
"""Full jitter: after the first failure up to 40 ms, after the second up to 80 ms, at last up to 0.5 s. A write conflict
is over in milliseconds; a primary's election is asked after twice a second at least."""
DAY_FOUND_SECONDS: Final = 3600.0
"""So long a day's collection that was found is not looked for again. Retention drops no day of which a consumer that
keeps it has noted in the last two hours that it runs (`KEEPER_HOURS` in `consumer.retention`). At twice this, a
consumer that MongoDB did not hear of for that long could insert into a collection that is gone by then, and MongoDB
would make another one, not clustered. At half, each day of late events costs two commands twice as often."""
HALVE_AFTER_FAILURES: Final = 2
"""A batch too large for MongoDB's cache fails like a conflict. One failure is usual, so a batch is halved after two."""
HALVE_AFTER_MEETINGS: Final = 6
"""As often a batch meets another consumer's open transaction at an id before it is halved: some half a second. Such a
meeting is over when the other has committed, and says nothing of the batch's size; but a batch that is too large may
fail there too. At twice of it that one is halved after 3 s; at half, a slow commit of the other one costs a half."""

log = logger(__name__)


class Committer:
    """Writes batches in one MongoDB session for its life; the session's id is what a partition's next owner kills.

    `commit` runs on the database thread, `recall` and `stop_retrying` on any. `ask_topic_id` is
    `Brokers.ask_topic_id`. `committed` is called with every batch, or part of one, once it is written.
    """

    def __init__(
        self,
        database: SyncDatabase,
        group: str,
        topic: str,
        clocks: Clocks,
        ask_topic_id: Callable[[], Callable[[], str]],
        committed: Callable[[Batch], None],
    ) -> None:
        self._database = database
        self._session = database.client.start_session()
        self._memory = ProductMemory()
        self._transactions = Transactions(database, self._session, self._memory, group, topic)
        self._clocks = clocks
        self._ask_topic_id = ask_topic_id
        self._committed = committed
        self._found_days: dict[str, float] = {}
        """When a day's collection was last found or made, by its name, on the monotonic clock."""
        self._attempted: set[tuple[Lease, int]] = set()
        self._stopping = threading.Event()

    @property
    def session_id(self) -> Document:
        """The `lsid` of the session in which all transactions run."""
        return dict(self._session.session_id)

    def recall(self, key: ProductKey) -> KnownProduct | None:
        """What this process remembers of a product, for `prepare`. From any thread."""
        return self._memory.recall(key)

    def stop_retrying(self) -> None:
        """Make the running attempt the last one. From any thread."""
        self._stopping.set()

    def commit(self, batch: Batch, prepared: Prepared) -> None:
        """Write `batch`; `prepared` is `prepare(batch, recall)`. Messages of lost leases are dropped, now or on the
        way.

        Raises DatabaseUnavailable where MongoDB does not take the batch within `ATTEMPT_SECONDS`, SourceUnavailable
        where Kafka does not confirm that the topic is the same, ClockSkewed where the messages were judged by a wrong
        clock, TopicRecreated, or another Halt where going on would be wrong. Then a part of the batch may be written:
        the partitions have to be claimed again, and are read on from what MongoDB holds.
        """
        self._attempted = set()
        unwritten = batch.unwritten()
        self._commit(unwritten, prepared if unwritten is batch else None, time.monotonic() + ATTEMPT_SECONDS)

    def _commit(self, batch: Batch, prepared: Prepared | None, deadline: float) -> None:
        failures, meetings, reason, new_products_have_no_hours = 0, 0, None, True
        while batch:
            if reason is not None and (self._stopping.is_set() or time.monotonic() >= deadline):
                raise DatabaseUnavailable(f"MongoDB did not take a batch of {len(batch)} messages in time: {reason}")
            try:
                batch, prepared = settle(self._database, batch, prepared, self.recall)
                self._attempt(batch, prepared, new_products_have_no_hours)
            except InvariantBroken as broken:
                if not new_products_have_no_hours:
                    raise
                # Someone deleted documents of products but not their hourly rollups, so inserting the rollups failed as
                # duplicates. Try again, and this time ask MongoDB which hours exist.
                new_products_have_no_hours, reason = False, str(broken)
            except EventRefused as refused:
                assert prepared is not None  # noqa: S101  # it was attempted
                batch, reason = self._without_refused(batch, prepared, refused), "it refuses events"
            except (Mismatch, IdTaken, PyMongoError, DatabaseUnavailable) as error:
                failures, meetings = failures + 1, meetings + isinstance(error, IdHeld)
                reason = brief(error) if isinstance(error, PyMongoError) else str(error)
                log.warning("a batch failed and is tried again", messages=len(batch), failures=failures, reason=reason)
                self._stopping.wait(delay_seconds(BACKOFF, failures))
                if len(batch) > 1 and _may_be_too_large(error, failures - meetings, meetings):
                    half = batch.first_half()
                    self._commit(half, None, deadline)
                    # An earlier attempt at the whole batch was committed and its reply was lost.
                    if behind := batch.written_behind(half):
                        self._committed(behind)
            batch, prepared = batch.unwritten(), None

    def _attempt(self, batch: Batch, prepared: Prepared, new_products_have_no_hours: bool) -> None:
        """Run one transaction. Afterwards the leases say what is written, and `batch.unwritten()` what is left.

        Raises Mismatch where neither another owner nor an earlier attempt explains why the partitions do not match, and
        whatever `Transactions.run` raises else.
        """
        self._clocks.check(*(taken.clock_now() for taken in batch.taken))
        found_since = time.monotonic() - DAY_FOUND_SECONDS
        for name in prepared.events:
            if self._found_days.get(name, -math.inf) <= found_since:
                ensure_event_collection(self._database, name)
                self._found_days[name] = time.monotonic()
        # Asked once all of the batch was read: a topic that is the same now was the same then.
        same_topic = partial(_confirm_topic, prepared, self._ask_topic_id())
        self._attempted |= prepared.ends.items()
        try:
            known = self._transactions.run(prepared, same_topic, new_products_have_no_hours)
        except Mismatch:
            self._memory.forget(prepared.ends)
            if not self._explain_mismatch(prepared):
                raise
            written = batch.written()
        else:
            for lease, end in prepared.ends.items():
                lease.next_offset = end
            failpoints.reach("after_leases")
            self._memory.remember(known)
            written = batch
        if written:
            self._committed(written)

    def _explain_mismatch(self, prepared: Prepared) -> bool:
        """Read the partitions' documents and bring the leases in line with them. Returns whether that explains the
        mismatch; else the majority does not have yet what this process wrote, and the batch is tried again."""
        explained = False
        for lease in prepared.ends:
            stored = self._database[PARTITIONS].find_one({"_id": self._transactions.identity(lease)})
            if stored is None or stored["epoch"] != lease.epoch:
                lease.lost = explained = True
                log.warning("another consumer claimed a partition, its messages are dropped", partition=lease.partition)
            elif (lease, stored["next_offset"]) in self._attempted:
                # An earlier attempt was committed and its reply was lost.
                explained = True
                lease.next_offset = stored["next_offset"]
            elif stored["next_offset"] != lease.next_offset:
                # A restored backup: adopting its offset here would skip what lies between. The next claim seeks.
                lease.lost = explained = True
                log.error(
                    "a stored offset moved back, or another program moved it; the partition is read again from it",
                    partition=lease.partition,
                    stored=stored["next_offset"],
                    expected=lease.next_offset,
                )
        return explained

    def _without_refused(self, batch: Batch, prepared: Prepared, refused: EventRefused) -> Batch:
        """The batch with dead letters in place of all events that MongoDB refuses as it did the one in `refused`."""
        day = refused.collection
        coordinates = {refused.coordinates, *refused_events(self._database, day, prepared.events[day])}
        # Of a refused event's repeats the first would count in its place, and be refused itself, one after another.
        repeats = [each.document for each in batch.ids.repeats_of(coordinates) if each.collection == day]
        coordinates.update(refused_events(self._database, day, repeats))
        log.warning("MongoDB refused events", collection=day, events=len(coordinates), error=str(refused))
        return batch.reject(dict.fromkeys(coordinates, Rejection(Reason.REFUSED_BY_DATABASE, str(refused))))


def _may_be_too_large(error: Exception, failures: int, meetings: int) -> bool:
    """Whether a batch is to be halved after this error, which is among the failures, or the meetings at an id."""
    if isinstance(error, IdHeld):
        return meetings >= HALVE_AFTER_MEETINGS
    return isinstance(error, PyMongoError) and failures >= HALVE_AFTER_FAILURES


def _confirm_topic(prepared: Prepared, topic_id_now: Callable[[], str]) -> None:
    """Raise TopicRecreated where the topic is no longer the one that a lease was claimed for."""
    now = topic_id_now()
    for lease in prepared.ends:
        if NO_TOPIC_ID not in (now, lease.topic_id) and now != lease.topic_id:
            raise TopicRecreated(f"the topic was created again (id {now}, {lease.topic_id} before): nothing is written")
