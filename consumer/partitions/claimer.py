"""Which partitions wait for a claim, and what comes of it. Used by the polling thread.

A partition waits for Kafka by itself: it is asked for without waiting, so one whose leader is away delays no other.
Those that Kafka has answered for are claimed together on the database thread, in rounds that are bounded in time.
Clocks are compared and collections made sure of first, so nothing is ever read with a wrong clock or into a missing
collection.
"""

import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from consumer.partitions.assigned import Assigned
from consumer.partitions.assignment import Assignment
from consumer.partitions.brokers import PartitionQuery, PartitionState
from consumer.partitions.claims import PartitionClaims
from consumer.partitions.lease import Lease
from consumer.process.clocks import Clocks
from consumer.process.outage import OutageBackoff
from shared.errors import (
    AnalyticsError,
    ClaimContended,
    ClockSkewed,
    Halt,
    PartitionRefused,
    SourceUnavailable,
    StoreUnavailable,
)
from shared.mongo import SyncDatabase, brief, ensure_collections

HALT_CHECK_SECONDS = 5.0
"""How soon a halted partition notices that a person has decided."""
FETCHER_SECONDS = 0.05
"""A partition whose fetcher has not started cannot be sought yet; it is claimed again this much later."""
RETRY_SECONDS = 1.0
"""A partition that could not be claimed for a reason of its own is tried again after about this time."""
ROUND_SECONDS = 5.0
"""A round that has taken this long claims no more partitions; they are the first of the next."""


class ClaimRound(NamedTuple):
    """What a round of claims came to. `failure` ended it; partitions not in `results` wait for the next."""

    tried: list[Assigned]
    results: list[tuple[Assigned, Lease | AnalyticsError]]
    failure: AnalyticsError | None


class Claimer:
    """PartitionClaims what is assigned and waits; `database_thread` is the one database thread."""

    def __init__(
        self,
        database: SyncDatabase,
        clocks: Clocks,
        claims: PartitionClaims,
        assignment: Assignment,
        backoff: OutageBackoff,
        database_thread: ThreadPoolExecutor,
    ) -> None:
        self._database = database
        self._clocks = clocks
        self._claims = claims
        self._assignment = assignment
        self._backoff = backoff
        self._database_thread = database_thread
        self._asked: dict[Assigned, PartitionQuery] = {}
        self._round: Future[ClaimRound] | None = None
        self._in_round: frozenset[Assigned] = frozenset()
        self._collections_ensured = False

    @property
    def database_answers(self) -> bool:
        """Whether the last round, or batch, found MongoDB and its clock in order."""
        return not self._backoff.failing

    def advance(self) -> None:
        """Apply a finished round, start one for what Kafka answered, ask for what is due. Raises WrongCollection."""
        if self._round is not None and self._round.done():
            done, self._round, self._in_round = self._round.result(), None, frozenset()
            self._apply(done)
        now = time.monotonic()
        due = [one for one in self._assignment if one.lease is None and one.claim_at <= now]
        if self._round is None:
            answered = self._answered(sorted(due, key=lambda one: one.claim_at))
            if answered:
                self._round = self._database_thread.submit(self._claim, answered)
                self._in_round = frozenset(assigned for assigned, _ in answered)
        for assigned in due:
            # Not while it is being claimed: the answer would be old when the next claim is due, maybe in days.
            if assigned not in self._asked and assigned not in self._in_round:
                self._asked[assigned] = self._claims.ask(assigned.partition)

    def committed(self) -> None:
        """A batch was written, so MongoDB answers."""
        self._backoff.succeeded()

    def abandoned(self, leases: Sequence[Lease], error: AnalyticsError) -> None:
        """A batch under these leases was given up: read again from what MongoDB holds, when it answers."""
        claim_at = self._backoff.failed(error) if isinstance(error, StoreUnavailable | ClockSkewed) else 0.0
        for assigned in [one for one in self._assignment if one.lease in leases]:
            if isinstance(error, PartitionRefused) and assigned.partition == error.partition:
                self._assignment.halt(assigned, error, claim_at=math.inf)
            else:
                self._assignment.suspend(assigned, claim_at)

    def _answered(self, due: list[Assigned]) -> list[tuple[Assigned, PartitionState]]:
        """What Kafka said of partitions that are due; those that it does not answer for wait."""
        self._asked = {one: question for one, question in self._asked.items() if self._assignment.holds(one)}
        answered = []
        for assigned in due:
            question = self._asked.get(assigned)
            if question is None or not question.answered:
                continue
            del self._asked[assigned]
            try:
                answered.append((assigned, question.answer()))
            except SourceUnavailable as error:
                self._postpone(assigned, error)
        return answered

    def _claim(self, answered: list[tuple[Assigned, PartitionState]]) -> ClaimRound:
        """On the database thread."""
        tried = [assigned for assigned, _ in answered]
        results: list[tuple[Assigned, Lease | AnalyticsError]] = []
        deadline = time.monotonic() + ROUND_SECONDS
        try:
            self._clocks.check()
            if not self._collections_ensured:
                ensure_collections(self._database)
                self._collections_ensured = True
            for assigned, state in answered:
                if time.monotonic() < deadline and self._assignment.holds(assigned):
                    results.append((assigned, self._outcome(assigned, state)))
        except (StoreUnavailable, ClockSkewed) as error:
            return ClaimRound(tried, results, error)
        except PyMongoError as error:
            return ClaimRound(
                tried, results, StoreUnavailable(f"collections could not be made sure of: {brief(error)}")
            )
        return ClaimRound(tried, results, None)

    def _outcome(self, assigned: Assigned, state: PartitionState) -> Lease | AnalyticsError:
        """What concerns this partition alone; StoreUnavailable is raised."""
        try:
            return self._claims.claim(assigned.partition, state)
        except (Halt, SourceUnavailable, ClaimContended) as error:
            return error

    def _apply(self, done: ClaimRound) -> None:
        for assigned, result in done.results:
            if not self._assignment.holds(assigned):
                continue
            if isinstance(result, Lease):
                self._start(assigned, result)
            elif isinstance(result, Halt):
                self._assignment.halt(assigned, result, time.monotonic() + HALT_CHECK_SECONDS)
            else:
                self._postpone(assigned, result)
        if done.failure is None:
            self._backoff.succeeded()
            return
        claim_at = self._backoff.failed(done.failure)
        answered = {assigned for assigned, _ in done.results}
        for assigned in done.tried:
            if assigned not in answered:
                self._assignment.postpone(assigned, claim_at)

    def _start(self, assigned: Assigned, lease: Lease) -> None:
        try:
            self._assignment.start(assigned, lease)
        except KafkaException:
            self._assignment.postpone(assigned, time.monotonic() + FETCHER_SECONDS)

    def _postpone(self, assigned: Assigned, error: AnalyticsError) -> None:
        self._assignment.wait(assigned, error, time.monotonic() + random.uniform(0.5, 1.0) * RETRY_SECONDS)
