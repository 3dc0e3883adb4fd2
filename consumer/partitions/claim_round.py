"""One round of claims: everything about claiming that runs on the database thread.

A round compares the clocks, makes sure of the collections, and then claims the partitions one after another. So no
event is read by a wrong clock, or for a collection that is missing.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from pymongo.errors import PyMongoError

from consumer.partitions.assigned import Assigned
from consumer.partitions.assignment import Assignment
from consumer.partitions.brokers import PartitionState
from consumer.partitions.claims import PartitionClaims
from consumer.partitions.lease import Lease
from consumer.process.clocks import Clocks, utc_now
from shared import event_id_window
from shared.documents import EVENT_ID_DAYS
from shared.errors import AnalyticsError, ClaimContended, ClockSkewed, DatabaseUnavailable, Halt, SourceUnavailable
from shared.mongo import SyncDatabase, brief, ensure_collections

ROUND_SECONDS = 5.0
"""A round that has taken this long claims no further partition; the rest comes first in the next round.

While a round runs, the database thread commits no batch, and a rebalance waits for it. At twice this, a slow MongoDB
stops the partitions that are being read for ten seconds. At half, many partitions take twice as many rounds, and each
round compares the clocks first.
"""


@dataclass(slots=True)
class ClaimRound:
    """What one round of claims came to."""

    tried: list[Assigned]
    """The partitions that were to be claimed."""
    results: dict[Assigned, Lease | AnalyticsError] = field(default_factory=dict)
    """By partition that was claimed: its lease, or why this partition alone could not be claimed."""
    failure: AnalyticsError | None = None
    """Why the round ended early: MongoDB does not answer, or the clocks differ."""


class ClaimRounds:
    """Runs rounds of claims, all of them on the database thread."""

    def __init__(
        self,
        database: SyncDatabase,
        clocks: Clocks,
        claims: PartitionClaims,
        assignment: Assignment,
        event_id_days: int = EVENT_ID_DAYS,
    ) -> None:
        self._database = database
        self._event_id_days = event_id_days
        self._clocks = clocks
        self._claims = claims
        self._assignment = assignment
        self._collections_ensured = False

    def run(self, states: Mapping[Assigned, PartitionState]) -> ClaimRound:
        """Claim these partitions one after another, as long as `ROUND_SECONDS` allow. Blocks.

        A partition that Kafka's group has taken away meanwhile is left out. Raises WrongCollection or SchemaNewer;
        other failures are in the round that is returned.
        """
        deadline = time.monotonic() + ROUND_SECONDS
        done = ClaimRound(tried=list(states))
        try:
            self._check_database()
            for assigned, state in states.items():
                if time.monotonic() < deadline and self._assignment.holds(assigned):
                    done.results[assigned] = self._claim(assigned.partition, state)
        except (DatabaseUnavailable, ClockSkewed) as error:
            done.failure = error
        return done

    def _check_database(self) -> None:
        """Compare the clocks, and the first time create the collections that are missing and note the window of event
        ids.

        Raises ClockSkewed, DatabaseUnavailable, WrongCollection or SchemaNewer.
        """
        self._clocks.check()
        if self._collections_ensured:
            return
        try:
            ensure_collections(self._database)
            event_id_window.keep_for(self._database, self._event_id_days, utc_now())
        except PyMongoError as error:
            raise DatabaseUnavailable(f"the collections could not be checked or created: {brief(error)}") from error
        self._collections_ensured = True

    def _claim(self, partition: int, state: PartitionState) -> Lease | AnalyticsError:
        """Claim one partition. Returns its lease, or the error if it concerns this partition alone.

        Raises DatabaseUnavailable, which concerns all partitions.
        """
        try:
            return self._claims.claim(partition, state)
        except (Halt, SourceUnavailable, ClaimContended) as error:
            return error
