"""What becomes of assigned partitions by what their claims came to, and by batches that were given up."""

import math
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from consumer.partitions.assigned import Assigned
from consumer.partitions.assignment import Assignment
from consumer.partitions.claim_round import ClaimRound
from consumer.partitions.claimer import HALT_CHECK_SECONDS, RETRY_SECONDS, Claimer
from consumer.partitions.lease import Lease
from consumer.process.outage import OutageBackoff
from shared.errors import AggregateRefused, AnalyticsError, ClaimContended, DatabaseUnavailable, Halt, OffsetsLost

AWAY = DatabaseUnavailable("away")


class Client:
    """Kafka's client as far as an assignment uses it here: it notes what it is asked to do."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []

    def seek(self, at: Any) -> None:
        self.done.append(("seek", at.partition))

    def pause(self, partitions: Any) -> None:
        self.done += [("pause", at.partition) for at in partitions]

    def resume(self, partitions: Any) -> None:
        self.done += [("resume", at.partition) for at in partitions]


class Unanswered:
    """Claims whose broker answers no question. They keep the halts that they are to note."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.noted: dict[int, str] = {}

    def note_halt(self, partition: int, halt: Halt, at: datetime) -> None:
        self.noted[partition] = str(halt)

    def ask(self, partition: int) -> "Unanswered":
        self.asked.append(partition)
        return self

    @property
    def answered(self) -> bool:
        return False


class Claiming:
    """A claimer of three partitions."""

    def __init__(self, database_thread: ThreadPoolExecutor) -> None:
        nobody: Any = None
        client: Any = Client()
        claims: Any = Unanswered()
        self.client: Client = client
        self.claims: Unanswered = claims
        self.assignment = Assignment(client, "topic", database_thread)
        self.partitions = [Assigned(number) for number in range(3)]
        self.assignment._assigned = dict(enumerate(self.partitions))
        self.database_thread = database_thread
        self.claimer = Claimer(nobody, nobody, claims, self.assignment, OutageBackoff(), database_thread)

    def end_round(self, results: dict[Assigned, Lease | AnalyticsError], failure: AnalyticsError | None = None) -> None:
        """Let a round of all three end with these results, and the claimer find out."""
        ended: Future[ClaimRound] = Future()
        ended.set_result(ClaimRound(self.partitions, results, failure))
        self.claimer._round = ended
        self.claimer.advance()


@pytest.fixture
def claiming() -> Iterator[Claiming]:
    with ThreadPoolExecutor(1) as database_thread:
        yield Claiming(database_thread)


def lease(partition: int) -> Lease:
    return Lease(partition, 1, 1, 5, read_from=7, topic_id="")


def test_each_partition_is_read_waits_or_halts_as_its_own_claim_came_out(claiming: Claiming) -> None:
    read, waits, halts = claiming.partitions
    claiming.end_round({read: lease(0), waits: ClaimContended("held"), halts: OffsetsLost("lost")})
    now = time.monotonic()
    assert read.lease is not None
    assert claiming.client.done == [("seek", 0), ("resume", 0)]
    assert waits.waits == "ClaimContended"
    assert RETRY_SECONDS / 2 - 0.1 < waits.claim_at - now <= RETRY_SECONDS
    assert halts.halted == "lost"
    assert HALT_CHECK_SECONDS - 0.1 < halts.claim_at - now <= HALT_CHECK_SECONDS
    assert claiming.claimer.database_answers


def test_when_mongodb_goes_away_within_a_round_what_was_won_is_read_and_the_rest_waits(claiming: Claiming) -> None:
    won, *rest = claiming.partitions
    claiming.end_round({won: lease(0)}, AWAY)
    assert won.lease is not None
    assert all(one.claim_at > time.monotonic() and not one.waits for one in rest)
    assert not claiming.claimer.database_answers


def test_pauses_grow_while_claims_fail_again_and_again(claiming: Claiming) -> None:
    pauses = []
    for _ in range(8):
        claiming.end_round({}, AWAY)
        pauses.append(claiming.partitions[0].claim_at - time.monotonic())
    assert pauses[0] < 0.5 < 1.4 < pauses[-1]
    assert claiming.claims.asked == []
    claiming.end_round({one: ClaimContended("held") for one in claiming.partitions})
    assert claiming.claimer.database_answers


def test_a_lease_that_was_won_for_an_assignment_that_has_gone_is_not_used(claiming: Claiming) -> None:
    """The partition went to another consumer and came back while the round ran: the other may have claimed it."""
    old, new = claiming.partitions[0], Assigned(0)
    claiming.assignment._assigned[0] = new
    claiming.end_round({old: lease(0)})
    assert (old.lease, new.lease, claiming.client.done) == (None, None, [])


def test_a_batch_that_mongodb_did_not_take_costs_its_own_partitions_their_leases(claiming: Claiming) -> None:
    claiming.end_round({one: lease(one.partition) for one in claiming.partitions})
    held = [one.lease for one in claiming.partitions if one.lease is not None]
    claiming.claimer.abandoned(held[:2], AWAY)
    assert [one.lease for one in claiming.partitions] == [None, None, held[2]]
    assert [one.lost for one in held] == [True, True, False]
    assert all(one.claim_at > time.monotonic() for one in claiming.partitions[:2])
    assert not claiming.claimer.database_answers


def test_a_partition_whose_documents_mongodb_refuses_halts_and_the_batchs_others_are_claimed_at_once(
    claiming: Claiming,
) -> None:
    claiming.end_round({one: lease(one.partition) for one in claiming.partitions})
    held = [one.lease for one in claiming.partitions if one.lease is not None]
    claiming.claimer.abandoned(held[:2], AggregateRefused(1, "refused"))
    other, refused, free = claiming.partitions
    assert (refused.halted, refused.claim_at) == ("refused", math.inf)
    claiming.database_thread.shutdown()
    assert claiming.claims.noted == {1: "refused"}
    assert (other.halted, other.claim_at, other.lease) == ("", 0.0, None)
    assert free.lease is held[2]


def test_while_reading_is_paused_a_claimed_partition_stays_paused(claiming: Claiming) -> None:
    claiming.assignment.pause_reading()
    claiming.end_round({claiming.partitions[0]: lease(0)})
    assert claiming.client.done == [("seek", 0)]
    claiming.assignment.resume_reading()
    assert claiming.client.done == [("seek", 0), ("resume", 0)]
