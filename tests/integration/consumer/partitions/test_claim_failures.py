"""What a claim does to its partition's document, and what it leaves alone when it fails. A broker's answers are given.

A second failure may follow the first: MongoDB goes away within a round, another consumer claims between two steps.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from bson.binary import Binary
from bson.int64 import Int64
from pydantic import SecretStr
from pymongo.errors import NetworkTimeout
from pymongo.read_concern import ReadConcern

from consumer.partitions import claim_round
from consumer.partitions import claims as claims_module
from consumer.partitions.assigned import Assigned
from consumer.partitions.assignment import Assignment
from consumer.partitions.brokers import PartitionQuery, PartitionState
from consumer.partitions.claim_round import ClaimRounds
from consumer.partitions.claims import PartitionClaims
from consumer.partitions.lease import Lease
from consumer.partitions.status import Hold, PartitionStatus, write_statuses
from consumer.process import failpoints
from consumer.process.clocks import Clocks, utc_now
from shared.documents import Document, partition_id
from shared.errors import ClaimContended, ClockSkewed, DatabaseUnavailable, OffsetsLost, TopicRecreated
from shared.mongo import SyncDatabase, connect, ensure_collections
from shared.settings import SharedSettings
from tests.support.servers.interface import MongoServer

GROUP = TOPIC = "claims"


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[SyncDatabase]:
    settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database=f"claims-{uuid.uuid4().hex[:12]}")
    one = connect(settings, "tests")
    ensure_collections(one)
    yield one
    one.client.close()


class GivenBroker:
    """Answers every question with the next of the given states, at the end again and again with the last."""

    def __init__(self, *states: PartitionState) -> None:
        self.states = list(states)
        self.asked = 0

    def ask(self, partition: int) -> PartitionQuery:
        self.asked += 1
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return PartitionQuery(partition, None, answered(state.low), answered(state.high))


class Answer:
    def __init__(self, offset: int) -> None:
        self.offset = offset


def answered(offset: int) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(Answer(offset))
    return future


def claimant(database: SyncDatabase, *states: PartitionState, owner: str = "one") -> PartitionClaims:
    broker = GivenBroker(*states or (PartitionState("", 0, 100),))
    return PartitionClaims(database, broker, GROUP, TOPIC, owner, {"id": Binary.from_uuid(uuid.uuid4())})


def stored(database: SyncDatabase, partition: int = 0) -> Document:
    document = database.partitions.find_one({"_id": partition_id(GROUP, TOPIC, partition)})
    assert document is not None
    return document


def test_the_first_claim_begins_at_kafkas_first_record_and_the_next_where_the_last_ended(
    database: SyncDatabase,
) -> None:
    first = claimant(database).claim(0, PartitionState("id", 7, 100))
    assert (first.epoch, first.generation, first.next_offset, first.read_from, first.topic_id) == (1, 1, 7, 7, "id")
    assert (stored(database)["first_offset"], stored(database)["next_offset"]) == (7, 7)
    moved = {"$set": {"next_offset": Int64(20), "read_to": Int64(30), "generation": 3}}
    database.partitions.update_one({}, moved)
    second = claimant(database, owner="two").claim(0, PartitionState("id", 25, 100))
    assert (second.epoch, second.generation, second.next_offset, second.read_from) == (2, 3, 20, 25)
    assert (stored(database)["owner"], stored(database)["first_offset"]) == ("two", 7)


def test_a_state_that_is_older_than_the_claim_halts_nothing(database: SyncDatabase) -> None:
    """The former owner stored up to 50 after Kafka was asked, when the partition ended at 40."""
    claimant(database).claim(0, PartitionState("id", 0, 100))
    database.partitions.update_one({}, {"$set": {"next_offset": Int64(50)}})
    asked_again = claimant(database, PartitionState("", 10, 60))
    assert asked_again.claim(0, PartitionState("id", 0, 40)).next_offset == 50
    with pytest.raises(OffsetsLost):
        claimant(database, PartitionState("", 10, 49)).claim(0, PartitionState("id", 0, 40))


def test_a_claim_that_halts_fences_the_former_owner_and_moves_nothing_else(database: SyncDatabase) -> None:
    former = claimant(database).claim(0, PartitionState("id", 0, 100))
    before = stored(database)
    broken = claimant(database, owner="two")
    broken._broker = GivenTopic("another")
    with pytest.raises(TopicRecreated):
        broken.claim(0, PartitionState("another", 0, 100))
    after = stored(database)
    assert after["epoch"] == former.epoch + 1
    assert {name: after[name] for name in ("next_offset", "first_offset", "generation", "topic_id")} == {
        name: before[name] for name in ("next_offset", "first_offset", "generation", "topic_id")
    }


class GivenTopic(GivenBroker):
    """Answers with a topic's id, too."""

    def __init__(self, topic_id: str) -> None:
        super().__init__(PartitionState(topic_id, 0, 100))
        self.topic_id = topic_id

    def ask(self, partition: int) -> PartitionQuery:
        topic: Future[Any] = Future()
        topic.set_result(self)
        return PartitionQuery(partition, topic, answered(0), answered(100))


@pytest.mark.parametrize("step", ["claim_read", "claim_sessions_killed"])
def test_of_two_claims_at_the_same_time_one_fails_and_changes_nothing(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    claimant(database).claim(0, PartitionState("id", 0, 100))

    def overtake(reached: str) -> None:
        if reached == step:
            monkeypatch.setattr(failpoints, "reach", lambda _: None)
            claimant(database, owner="quicker").claim(0, PartitionState("id", 0, 100))

    monkeypatch.setattr(failpoints, "reach", overtake)
    with pytest.raises(ClaimContended):
        claimant(database, owner="slower").claim(0, PartitionState("id", 0, 100))
    assert (stored(database)["owner"], stored(database)["epoch"]) == ("quicker", 2)


def test_a_document_that_is_held_delays_its_own_partition_alone_and_for_a_while(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_module, "LOCKED_SECONDS", 0.5)
    mine = claimant(database)
    mine.claim(0, PartitionState("id", 0, 100))
    with database.client.start_session() as session, session.start_transaction():
        database.partitions.update_one({}, {"$set": {"repairs": 1}}, session=session)
        started = time.monotonic()
        with pytest.raises(ClaimContended):
            mine.claim(0, PartitionState("id", 0, 100))
        assert time.monotonic() - started < 5
        session.abort_transaction()
    assert mine.claim(0, PartitionState("id", 0, 100)).epoch == 2


@pytest.mark.parametrize("answers", [True, False])
def test_a_held_document_is_told_from_a_mongodb_that_is_away_where_its_answer_comes_too_late(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    mine = claimant(database)
    mine.claim(0, PartitionState("id", 0, 100))

    def time_out(*_: object, **__: object) -> None:
        if not answers:
            monkeypatch.setattr(mine, "_admin", Away())
        raise NetworkTimeout("timed out")

    monkeypatch.setattr(mine, "_partitions", Overruled(mine._partitions, time_out))
    with pytest.raises(ClaimContended if answers else DatabaseUnavailable):
        mine.claim(0, PartitionState("id", 0, 100))


class Overruled:
    """A collection whose `find_one_and_update` is another function."""

    def __init__(self, collection: Any, find_one_and_update: Callable[..., None]) -> None:
        self.find_one = collection.find_one
        self.find_one_and_update = find_one_and_update


class Away:
    """A MongoDB that does not answer."""

    def command(self, _: object) -> None:
        """Time out."""
        raise NetworkTimeout("away")


def rounds(
    database: SyncDatabase, claims: Any, *partitions: int, gone: int | None = None
) -> tuple[Any, list[Assigned]]:
    """A round of claims on these partitions, of which `gone` was taken away since; and what is to be claimed."""
    nobody: Any = None
    with ThreadPoolExecutor(1) as database_thread:
        assignment = Assignment(nobody, TOPIC, database_thread)
    assigned = [Assigned(partition) for partition in partitions]
    assignment._assigned = {one.partition: one for one in assigned if one.partition != gone}
    return ClaimRounds(database, Clocks(database, utc_now), claims, assignment), assigned


class Failing(PartitionClaims):
    """Claims whose `claim` of one partition raises an error first."""

    fails: Callable[[int], Exception | None]

    def claim(self, partition: int, state: PartitionState) -> Lease:
        error = self.fails(partition)
        if error is not None:
            raise error
        return super().claim(partition, state)


def failing(database: SyncDatabase, fails: Callable[[int], Exception | None]) -> Failing:
    one = Failing(
        database, GivenBroker(PartitionState("", 0, 100)), GROUP, TOPIC, "one", {"id": Binary.from_uuid(uuid.uuid4())}
    )
    one.fails = fails
    return one


def test_leases_that_were_won_before_mongodb_went_away_are_kept(database: SyncDatabase) -> None:
    """And the partitions after it are tried again later: nobody says that they failed for a reason of their own."""
    claims = failing(database, lambda partition: DatabaseUnavailable("away") if partition == 1 else None)
    one, assigned = rounds(database, claims, 0, 1, 2)
    done = one.run(dict.fromkeys(assigned, PartitionState("id", 0, 100)))
    assert isinstance(done.failure, DatabaseUnavailable)
    assert done.tried == assigned
    assert list(done.results) == assigned[:1]
    assert isinstance(done.results[assigned[0]], Lease)


def test_a_claim_that_fails_for_a_reason_of_its_own_delays_no_other(database: SyncDatabase) -> None:
    errors = {0: ClaimContended("held"), 1: OffsetsLost("lost")}
    one, assigned = rounds(database, failing(database, errors.get), 0, 1, 2)
    done = one.run(dict.fromkeys(assigned, PartitionState("id", 0, 100)))
    assert done.failure is None
    assert [done.results[assigned[0]], done.results[assigned[1]]] == [errors[0], errors[1]]
    assert isinstance(done.results[assigned[2]], Lease)


def test_a_partition_that_was_taken_away_meanwhile_is_not_claimed(database: SyncDatabase) -> None:
    """Its new owner may have claimed it already, and would be fenced."""
    one, assigned = rounds(database, claimant(database), 0, 1, gone=0)
    done = one.run(dict.fromkeys(assigned, PartitionState("id", 0, 100)))
    assert list(done.results) == assigned[1:]
    assert database.partitions.count_documents({}) == 1


def test_a_round_that_has_taken_its_time_claims_no_further_partition(
    database: SyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it runs, no batch is committed. The rest comes first in the next round."""
    monkeypatch.setattr(claim_round, "ROUND_SECONDS", 0.0)
    one, assigned = rounds(database, claimant(database), 0, 1)
    done = one.run(dict.fromkeys(assigned, PartitionState("id", 0, 100)))
    assert (done.tried, done.results, done.failure) == (assigned, {}, None)


def test_a_wrong_clock_claims_nothing(database: SyncDatabase) -> None:
    one, assigned = rounds(database, claimant(database), 0)
    one._clocks = Clocks(database, lambda: utc_now() + timedelta(hours=1))
    done = one.run(dict.fromkeys(assigned, PartitionState("id", 0, 100)))
    assert isinstance(done.failure, ClockSkewed)
    assert (done.results, database.partitions.count_documents({})) == ({}, 0)


def test_a_status_moves_as_of_forward_only_and_no_offset_of_another_owner(database: SyncDatabase) -> None:
    now = utc_now().replace(microsecond=0)
    lease = claimant(database).claim(0, PartitionState("id", 0, 100))

    def write(seconds: int | None, read_to: int = 0, hold: Hold | None = None) -> Document:
        caught_up_at = None if seconds is None else now + timedelta(seconds=seconds)
        status = PartitionStatus(lease, lease.next_offset, read_to, 0, caught_up_at, hold, now)
        write_statuses(database, GROUP, TOPIC, [status])
        # Statuses are written at w: 1.
        found = database.get_collection("partition_status", read_concern=ReadConcern("local")).find_one()
        assert found is not None
        return found

    assert "caught_up_at" not in write(None)
    assert write(5)["caught_up_at"] == write(3)["caught_up_at"] == write(None)["caught_up_at"]
    assert "held_back_since" in write(5, hold=Hold(0, 0.0, now))
    assert "held_back_since" not in write(5)
    write(5, read_to=4)
    assert stored(database)["read_to"] == 4
    write(5, read_to=3)
    assert stored(database)["read_to"] == 4
    claimant(database, owner="two").claim(0, PartitionState("id", 0, 100))
    write(5, read_to=9)
    assert stored(database)["read_to"] == 4
    lease.epoch, lease.next_offset = 2, 1
    write(5, read_to=9)
    assert stored(database)["read_to"] == 4
