"""Decides which partitions are claimed when, and starts or halts them by what the claims come to.

A partition that Kafka's group has given to this process waits for a claim before it is read. Its way:

1. `advance`, on the polling thread, asks Kafka for its state and does not wait for the answer. A partition whose
   leader is away thus delays no other.
2. Partitions that Kafka has answered for go into a round (`claim_round.py`), which the database thread runs.
3. A later `advance` finds the round finished. A partition with a lease is read from its stored offset; one whose
   offsets do not fit halts; one that could not be claimed is tried again.

If MongoDB does not answer, the round ends. The partitions that it has not claimed are tried again after a pause that
grows with each failure.
"""

import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from confluent_kafka import KafkaException

from consumer.partitions.assigned import Assigned
from consumer.partitions.assignment import Assignment
from consumer.partitions.brokers import PartitionQuery, PartitionState
from consumer.partitions.claim_round import ClaimRound, ClaimRounds
from consumer.partitions.claims import PartitionClaims
from consumer.partitions.lease import Lease
from consumer.process.clocks import Clocks, utc_now
from consumer.process.outage import OutageBackoff
from shared.documents import EVENT_ID_DAYS
from shared.errors import AnalyticsError, ClockSkewed, DatabaseUnavailable, Halt, PartitionRefused, SourceUnavailable
from shared.mongo import SyncDatabase

HALT_CHECK_SECONDS = 5.0
"""A halted partition is claimed this often, which finds out whether an operator has resolved it.

At twice this, reading goes on up to ten seconds after the decision. At half, the operator's command meets twice as many
claims, each of which changes the document that it is about to change, so that it has to begin again.
"""
FETCHER_SECONDS = 0.05
"""Right after an assignment librdkafka's fetcher is not up yet and cannot seek; the partition is claimed again then.

At twice this, a partition is read up to a tenth of a second later than it could be. At half, more claims are made in
vain, each of which costs MongoDB three round trips.
"""
RETRY_SECONDS = 1.0
"""A partition whose claim failed for a reason of its own is claimed again after a half to all of this time.

At twice this, a partition whose leader has just changed is read up to a second later. At half, a broker that is away is
asked twice as often. The random part keeps two consumers that contend for one document from meeting again.
"""


class Claimer:
    """Claims the assigned partitions that have no lease.

    All methods run on the polling thread and none blocks. Rounds run on `database_thread`, one after another with
    batches, so that a claim never ends a transaction of this process's own.
    """

    def __init__(
        self,
        database: SyncDatabase,
        clocks: Clocks,
        claims: PartitionClaims,
        assignment: Assignment,
        backoff: OutageBackoff,
        database_thread: ThreadPoolExecutor,
        event_id_days: int = EVENT_ID_DAYS,
    ) -> None:
        self._rounds = ClaimRounds(database, clocks, claims, assignment, event_id_days)
        self._claims = claims
        self._assignment = assignment
        self._backoff = backoff
        self._database_thread = database_thread
        self._queries: dict[Assigned, PartitionQuery] = {}
        """What Kafka has been asked for the next round."""
        self._round: Future[ClaimRound] | None = None
        self._in_round: frozenset[Assigned] = frozenset()
        """The partitions of the running round."""

    @property
    def database_answers(self) -> bool:
        """Whether the last round or batch found MongoDB answering and its clock in agreement with this machine's."""
        return not self._backoff.failing

    def advance(self) -> None:
        """Apply a finished round, start the next one, and ask Kafka about the partitions that are due.

        Raises WrongCollection or SchemaNewer when a round met a database that this program must not write to.
        """
        self._finish_round()
        due = self._due()
        self._start_round(due)
        self._ask_kafka(due)

    def committed(self) -> None:
        """Note that a batch was committed, so MongoDB answers."""
        self._backoff.succeeded()

    def abandoned(self, leases: Sequence[Lease], error: AnalyticsError) -> None:
        """Stop reading under the leases of a batch that was given up because of `error`.

        The partitions are claimed again, and read from the offset that MongoDB holds: at once, or after a pause when
        MongoDB does not answer or the clocks differ. A partition whose documents MongoDB refuses halts until this
        process is started again.
        """
        claim_at = self._backoff.failed(error) if isinstance(error, DatabaseUnavailable | ClockSkewed) else 0.0
        for assigned in [one for one in self._assignment if one.lease in leases]:
            if isinstance(error, PartitionRefused) and assigned.partition == error.partition:
                self._assignment.halt(assigned, error, claim_at=math.inf)
                self._database_thread.submit(self._claims.note_halt, assigned.partition, error, utc_now())
            else:
                self._assignment.suspend(assigned, claim_at)

    def _finish_round(self) -> None:
        """Apply the results of the running round, if it has ended."""
        if self._round is None or not self._round.done():
            return
        done, self._round, self._in_round = self._round.result(), None, frozenset()
        for assigned, result in done.results.items():
            if self._assignment.holds(assigned):
                self._apply(assigned, result)
        if done.failure is None:
            self._backoff.succeeded()
            return
        claim_at = self._backoff.failed(done.failure)
        for assigned in done.tried:
            if assigned not in done.results:
                self._assignment.postpone(assigned, claim_at)

    def _apply(self, assigned: Assigned, result: Lease | AnalyticsError) -> None:
        """Read, halt or postpone one partition, as its claim came out."""
        if isinstance(result, Lease):
            self._start(assigned, result)
        elif isinstance(result, Halt):
            self._assignment.halt(assigned, result, time.monotonic() + HALT_CHECK_SECONDS)
        else:
            self._retry_later(assigned, result)

    def _start(self, assigned: Assigned, lease: Lease) -> None:
        """Read the partition under its lease, or claim it again when librdkafka cannot seek yet."""
        try:
            self._assignment.start(assigned, lease)
        except KafkaException:
            self._assignment.postpone(assigned, time.monotonic() + FETCHER_SECONDS)

    def _retry_later(self, assigned: Assigned, error: AnalyticsError) -> None:
        self._assignment.wait(assigned, error, time.monotonic() + random.uniform(0.5, 1.0) * RETRY_SECONDS)

    def _due(self) -> list[Assigned]:
        """The partitions whose next claim is due, those that have waited longest first."""
        now = time.monotonic()
        due = [one for one in self._assignment if one.lease is None and one.claim_at <= now]
        return sorted(due, key=lambda one: one.claim_at)

    def _start_round(self, due: list[Assigned]) -> None:
        """Start a round with those of the due partitions that Kafka has answered for, unless a round is running."""
        if self._round is not None:
            return
        states = self._take_answers(due)
        if states:
            self._round = self._database_thread.submit(self._rounds.run, states)
            self._in_round = frozenset(states)

    def _take_answers(self, due: list[Assigned]) -> dict[Assigned, PartitionState]:
        """Take Kafka's answers about the due partitions. Where Kafka reports an error, the partition waits."""
        self._queries = {one: query for one, query in self._queries.items() if self._assignment.holds(one)}
        states = {}
        for assigned in due:
            query = self._queries.get(assigned)
            if query is None or not query.answered:
                continue
            del self._queries[assigned]
            try:
                states[assigned] = query.answer()
            except SourceUnavailable as error:
                self._retry_later(assigned, error)
        return states

    def _ask_kafka(self, due: list[Assigned]) -> None:
        """Ask Kafka for the state of each due partition about which no question is on its way.

        Partitions of the running round are left out. The answer would be kept until their next claim, which may be
        days later, and the claim would then compare an offset of today with what Kafka held days ago.
        """
        for assigned in due:
            if assigned not in self._queries and assigned not in self._in_round:
                self._queries[assigned] = self._claims.ask(assigned.partition)
