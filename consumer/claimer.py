"""Rounds of claims: which partitions wait for one, and what comes of it. Used by the polling thread.

A round runs on the database thread: clocks are compared and collections made sure of first, so nothing is ever read
with a wrong clock or into a missing collection.
"""

import math
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from consumer.assignment import Assigned, Assignment
from consumer.breaker import Breaker
from consumer.claims import Claims
from consumer.lease import Lease
from consumer.store import Store
from shared.errors import AnalyticsError, ClockSkewed, Halt, InvariantBroken, StoreUnavailable
from shared.logs import logger
from shared.mongo import SyncDatabase, ensure_collections

HALT_CHECK_SECONDS = 5.0
"""How soon a halted partition notices that a person has decided."""
FETCHER_SECONDS = 0.05
"""A partition whose fetcher has not started cannot be sought yet; it is claimed again this much later."""

log = logger(__name__)


class Round(NamedTuple):
    """What a round of claims came to. `failure` ended it; the partitions not in `results` wait for the next."""

    waiting: list[Assigned]
    results: list[tuple[Assigned, Lease | Halt]]
    failure: AnalyticsError | None


class Claimer:
    """Claims what is assigned and waits; `executor` is the one database thread."""

    def __init__(
        self,
        database: SyncDatabase,
        store: Store,
        claims: Claims,
        assignment: Assignment,
        breaker: Breaker,
        executor: ThreadPoolExecutor,
    ) -> None:
        self._database = database
        self._store = store
        self._claims = claims
        self._assignment = assignment
        self._breaker = breaker
        self._executor = executor
        self._round: Future[Round] | None = None
        self._collections_ensured = False

    @property
    def database_answers(self) -> bool:
        """Whether the last round, or batch, found MongoDB and its clock in order."""
        return not self._breaker.open

    def advance(self) -> None:
        """Apply a finished round, and start one for what waits and is due. Raises WrongCollection."""
        if self._round is not None and self._round.done():
            done, self._round = self._round.result(), None
            self._apply(done)
        if self._round is None:
            now = time.monotonic()
            waiting = [one for one in self._assignment if one.lease is None and one.claim_at <= now]
            if waiting:
                self._round = self._executor.submit(self._claim, waiting)

    def abandoned(self, leases: Sequence[Lease], error: AnalyticsError) -> None:
        """A batch under these leases was given up: read again from what MongoDB holds, when it answers."""
        lost = [one for one in self._assignment if one.lease in leases]
        if isinstance(error, InvariantBroken):
            for assigned in lost:
                if assigned.partition == error.partition:
                    self._assignment.halt(assigned, error, claim_at=math.inf)
                else:
                    self._assignment.suspend(assigned, claim_at=0.0)
            return
        claim_at = self._breaker.failed(error)
        for assigned in lost:
            self._assignment.suspend(assigned, claim_at)

    def _claim(self, waiting: list[Assigned]) -> Round:
        """On the database thread."""
        results: list[tuple[Assigned, Lease | Halt]] = []
        try:
            self._store.check_clock()
            if not self._collections_ensured:
                ensure_collections(self._database)
                self._collections_ensured = True
            for assigned in waiting:
                if not self._assignment.holds(assigned):
                    continue
                try:
                    results.append((assigned, self._claims.claim(assigned.partition)))
                except Halt as halt:
                    results.append((assigned, halt))
        except (StoreUnavailable, ClockSkewed) as error:
            return Round(waiting, results, error)
        except PyMongoError as error:
            return Round(waiting, results, StoreUnavailable(f"collections could not be made sure of: {error}"))
        return Round(waiting, results, None)

    def _apply(self, done: Round) -> None:
        for assigned, result in done.results:
            if not self._assignment.holds(assigned):
                continue
            if isinstance(result, Halt):
                self._assignment.halt(assigned, result, time.monotonic() + HALT_CHECK_SECONDS)
                continue
            try:
                self._assignment.start(assigned, result)
            except KafkaException as error:
                log.debug("a partition is not ready to be read", partition=assigned.partition, error=str(error))
                assigned.claim_at = time.monotonic() + FETCHER_SECONDS
        if done.failure is None:
            self._breaker.succeeded()
            return
        claim_at = self._breaker.failed(done.failure)
        for assigned in done.waiting:
            if assigned.lease is None and not assigned.halted:
                assigned.claim_at = claim_at
