"""The thread that seals old days: when a round is due, for which partitions, and which share of time it takes.

The work is divided by Kafka's assignment: each partition is sealed by the process to which Kafka gave it. The one that
has partition 0 also seals what Kafka gives to nobody: the replayed events (partition -1), and the partitions of another
topic, or of this one before it was created again with fewer of them. Nothing depends on this division but who does the
work: two processes that seal the same are told apart by MongoDB.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from pymongo.errors import PyMongoError

from consumer.process import metrics
from consumer.process.clocks import Clock, Clocks
from consumer.process.duty import Duty
from consumer.sealing.seal_round import SealRound
from consumer.sealing.transactions import Interrupted, SealingTransactions
from shared.documents import DAY_MS, HOUR_MS, MAINTENANCE, PARTITIONS, milliseconds, sealer_id
from shared.mongo import SyncDatabase

LOOK_SECONDS: Final = 1.0
"""How often the thread compares, in memory, what is due with what it has sealed. At twice this, an open transaction of
a partition's former owner is ended a second later, and a late event that meets it waits for that; at half, the thread
wakes up twice as often for half a second."""
AGAIN_SECONDS: Final = 60.0
"""How soon a round is repeated that left something. Half and twice of it shift the next attempt, and nothing waits for
it."""
SHARE: Final = 0.05
"""The share of time that the thread works; it rests for the other 95 %.

The batches need the interpreter and MongoDB at the same time, so a share of 5 % costs a consumer that reads a backlog
at most about 5 % of its rate (docs/adr/0020-sealed-days.md). An hour's document of a busy product takes about a
millisecond, so that share seals four million of them a day, those of 180,000 busy products. At twice this, old
databases are sealed in half the time, and a backlog is read at nine tenths of its rate; at half, a consumer of 100,000
busy products would only just keep up.
"""
FIRST_PARTITION: Final = 0
"""Who has it, seals what is nobody's: every topic has a partition 0, and one consumer has it."""


class Sealing(Duty):
    """A thread that seals days whose end is `after_hours` ago.

    `assigned` tells from any thread which partitions Kafka gave to this process. `clock` gives the time, which is
    compared with MongoDB's before each round. `share` is the share of time that the thread works, at most 1.
    """

    def __init__(
        self,
        database: SyncDatabase,
        clocks: Clocks,
        after_hours: int,
        assigned: Callable[[], list[int]],
        group: str,
        topic: str,
        clock: Clock,
        share: float = SHARE,
    ) -> None:
        super().__init__("sealing", "old days wait to be sealed", LOOK_SECONDS, LOOK_SECONDS)
        self._database = database
        self._session = database.client.start_session()
        self._clocks = clocks
        self._after_ms = after_hours * HOUR_MS
        self._assigned = assigned
        self._own_partitions = {"_id.group": group, "_id.topic": topic}
        self._clock = clock
        self._share = share
        self._next_round = 0.0
        self._noted: frozenset[int] = frozenset()
        self._sealed_before = 0
        self._sealed: frozenset[int] = frozenset()

    def work(self) -> float:
        """Take over partitions that came, and seal what is due. Raises as `seal_due_days` does, but for Interrupted."""
        self._look_for_partitions()
        if time.monotonic() >= self._next_round:
            complete = False
            try:
                one = self.seal_due_days()
                complete = one is None or one.complete
            except Interrupted:
                pass
            finally:
                self._next_round = 0.0 if complete else time.monotonic() + AGAIN_SECONDS
        return LOOK_SECONDS

    def finish(self) -> None:
        """End the session, and with it a transaction that is open."""
        self._session.end_session()

    def seal_due_days(self) -> SealRound | None:
        """Seal all that is due of this process's partitions, unless that was done before. Returns the round, or None.

        Blocks. Raises ClockSkewed, DatabaseUnavailable, PyMongoError or Interrupted.
        """
        partitions = frozenset(self._assigned())
        end_day = self._end_day()
        if not partitions or (end_day == self._sealed_before and partitions <= self._sealed):
            return None
        self._clocks.check()
        one = SealRound(
            self._database,
            SealingTransactions(self._database, self._session, self._stopping.is_set),
            end_day,
            self._is_mine(),
            self._working,
            self._stopping.is_set,
        )
        one.run()
        if one.complete:
            metrics.SEALED_AT.set(self._clock().timestamp())
            # A partition that came or went meanwhile may have been left out.
            self._sealed_before, self._sealed = end_day, partitions.intersection(self._assigned())
        return one

    def _end_day(self) -> int:
        """The first day (since 1970) that stays unsealed. Example: with 72 hours, at noon of November 30 it is
        November 27: November 26 ended 84 hours ago, and November 27 only 60 hours."""
        return (milliseconds(self._clock()) - self._after_ms) // DAY_MS

    def _is_mine(self) -> Callable[[int], bool]:
        """Whether a partition is this process's, by the assignment at the moment at which it is asked.

        Which partitions the topic has is read once a round: those that were claimed under the same id of the topic as
        partition 0. One of an id before has no owner, unless Kafka gave it to somebody who has not claimed it yet.
        """
        found = self._database[PARTITIONS].find(self._own_partitions, {"topic_id": 1})
        topics = {document["_id"]["k"]: document.get("topic_id") for document in found}
        of_topic = {partition for partition, topic in topics.items() if topic == topics.get(FIRST_PARTITION)}

        def is_mine(partition: int) -> bool:
            assigned = self._assigned()
            return partition in assigned or (partition not in of_topic and FIRST_PARTITION in assigned)

        return is_mine

    def _end_transactions_of_former_owners(self) -> None:
        """Note this thread's session for each partition that came, and kill the one that was noted before.

        A process that was killed or frozen inside a transaction keeps the hours that it deletes locked until MongoDB
        ends the transaction, a minute later; late events of these hours would wait for that.
        """
        partitions = frozenset(self._assigned())
        mine = {"lsid": dict(self._session.session_id)}
        for partition in partitions - self._noted:
            before = self._database[MAINTENANCE].find_one_and_update(
                {"_id": sealer_id(partition)}, {"$set": mine}, upsert=True
            )
            if before is not None and before["lsid"] != mine["lsid"]:
                self._database.client.admin.command({"killSessions": [before["lsid"]]})
        self._noted = partitions

    @contextmanager
    def _working(self) -> Iterator[None]:
        """A step of work, after which the thread rests for so long that it has worked for its share of the time."""
        began = time.monotonic()
        self._end_transactions_of_former_owners()
        yield
        worked = time.monotonic() - began
        metrics.SEALING_SECONDS.inc(worked)
        rested = time.monotonic() + worked * (1 / self._share - 1)
        while (left := rested - time.monotonic()) > 0 and not self._stopping.wait(min(left, LOOK_SECONDS)):
            self._look_for_partitions()

    def _look_for_partitions(self) -> None:
        """Take over partitions that came. Where MongoDB does not answer, the next look does it."""
        with suppress(PyMongoError):
            self._end_transactions_of_former_owners()
