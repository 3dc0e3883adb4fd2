"""The state of an assigned partition: which messages it takes, which ends it believes, when it is read."""

import math

import pytest
from confluent_kafka import Message

from consumer.partitions.assigned import Assigned, EndSeen
from consumer.partitions.brokers import PartitionState
from consumer.partitions.claims import halt_of
from consumer.partitions.lease import Lease
from consumer.process.clocks import utc_now
from shared.documents import Document, partition_id
from shared.errors import Halt, OffsetsLost, TopicRecreated


def lease(next_offset: int = 5, read_from: int | None = None) -> Lease:
    return Lease(0, 1, 1, next_offset, read_from=next_offset if read_from is None else read_from, topic_id="")


def offsets(assigned: Assigned, *received: int) -> list[int | None]:
    """The offsets of the messages that are taken of those received."""
    assert assigned.lease is not None
    messages = [Message("topic", 0, offset, b"", b"") for offset in received]
    return [message.offset() for message in assigned.take(assigned.lease, messages, utc_now()).messages]


@pytest.fixture
def assigned() -> Assigned:
    one = Assigned(0)
    one.begin(lease())
    return one


def test_messages_that_were_fetched_before_a_seek_are_dropped_and_those_taken_twice_too(assigned: Assigned) -> None:
    assert offsets(assigned, 3, 4, 5, 6, 6, 8) == [5, 6, 8]
    assert offsets(assigned, 7, 8) == []
    assert offsets(assigned, 9) == [9]


def test_an_end_that_was_named_before_a_seek_or_before_messages_is_not_believed(assigned: Assigned) -> None:
    assigned.reach_end(4)
    assert (assigned.end_seen, assigned.fetched_since) == (None, math.inf)
    assigned.reach_end(7)
    assert assigned.end_seen == EndSeen(position=5, offset=7)
    assert offsets(assigned, 9) == [9]
    assigned.reach_end(8)
    assert assigned.end_seen == EndSeen(position=5, offset=7)


def test_a_partition_is_fetched_from_its_first_fresh_message_or_end_until_it_is_paused(assigned: Assigned) -> None:
    assert offsets(assigned, 3) == []
    assert assigned.fetched_since == math.inf
    assert offsets(assigned, 5) == [5]
    first = assigned.fetched_since
    assigned.reach_end(6)
    assert assigned.fetched_since == first < math.inf
    assigned.pause()
    assert assigned.fetched_since == math.inf
    assigned.reach_end(6)
    assert first <= assigned.fetched_since < math.inf


def test_a_new_lease_begins_anew(assigned: Assigned) -> None:
    assigned.reach_end(9)
    old = assigned.lease
    assert old is not None
    assert assigned.end_lease()
    assert old.lost
    assert not assigned.end_lease()
    assigned.halt("why")
    assigned.wait("kind", 1.0)
    new = lease(2)
    assigned.begin(new)
    assert (assigned.position, assigned.end_seen, assigned.fetched_since) == (2, None, math.inf)
    assert (assigned.halted, assigned.waits, new.lost) == ("", "", False)


def test_each_reason_is_new_once(assigned: Assigned) -> None:
    assert [assigned.halt(reason) for reason in ("a", "a", "b")] == [True, False, True]
    assert [assigned.wait(kind, 0.0) for kind in ("a", "a", "b")] == [True, False, True]


@pytest.mark.parametrize(
    ("next_offset", "read_to", "low", "high", "halt"),
    [
        (5, None, 0, 5, None),
        (5, None, 5, 9, None),
        (5, None, 6, 9, OffsetsLost),
        (5, 7, 7, 9, None),
        (5, 7, 8, 9, OffsetsLost),
        (5, 3, 5, 9, None),
        (5, None, 0, 4, OffsetsLost),
        (5, 9, 0, 4, OffsetsLost),
    ],
)
def test_a_partition_halts_where_kafka_lost_what_is_unread_or_what_is_stored(
    next_offset: int, read_to: int | None, low: int, high: int, halt: type[Halt] | None
) -> None:
    found = halt_of(stored(next_offset, "id", read_to), PartitionState("id", low, high))
    assert found is None if halt is None else isinstance(found, halt)


@pytest.mark.parametrize(
    ("known", "now", "halt"), [("id", "other", TopicRecreated), ("", "other", None), ("id", "", None)]
)
def test_a_partition_halts_where_the_topic_is_another_one(known: str, now: str, halt: type[Halt] | None) -> None:
    found = halt_of(stored(5, known, None), PartitionState(now, 0, 9))
    assert found is None if halt is None else isinstance(found, halt)


def stored(next_offset: int, topic_id: str, read_to: int | None) -> Document:
    document: Document = {"_id": partition_id("group", "topic", 0), "next_offset": next_offset, "topic_id": topic_id}
    return document if read_to is None else document | {"read_to": read_to}
