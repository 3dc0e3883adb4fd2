"""`Progress` says how far a partition is stored, and up to which moment its answers are complete."""

import json
from datetime import UTC, datetime, timedelta

from consumer.partitions.assigned import Assigned, EndSeen
from consumer.partitions.lease import Lease
from consumer.partitions.progress import PartitionStatus, Progress

START = datetime(2026, 6, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def reading(stored: int, position: int, end: EndSeen | None = None) -> Assigned:
    """Partition 0, read up to `position` and stored up to `stored`; at its end when `end` is given."""
    lease = Lease(0, epoch=1, generation=1, next_offset=stored, read_from=0, topic_id="")
    return Assigned(0, lease, position, at_end=end is not None, end_seen=end)


def statistics(end: int = -1, idle_seconds: float = 0.1, state: str = "UP") -> str:
    """librdkafka's statistics of a topic whose one partition is led by broker 1."""
    broker = {"nodeid": 1, "state": state, "rxidle": int(idle_seconds * 1e6)}
    partitions = {"0": {"ls_offset": end, "leader": 1}, "-1": {"ls_offset": -1001, "leader": -1}}
    return json.dumps({"brokers": {"kafka:9092/1": broker}, "topics": {"topic": {"partitions": partitions}}})


def status(progress: Progress, assigned: Assigned, seconds: int) -> PartitionStatus:
    (one,) = progress.statuses([assigned], at(seconds))
    return one


def test_a_partition_without_a_lease_has_no_status() -> None:
    assert list(Progress("topic").statuses([Assigned(0)], START)) == []


def test_the_lag_is_unknown_before_kafka_has_given_an_end() -> None:
    assert status(Progress("topic"), reading(stored=5, position=5), 0).lag is None


def test_the_lag_counts_the_offsets_between_the_stored_one_and_the_end() -> None:
    progress = Progress("topic")
    progress.on_statistics(statistics(end=12))
    assert status(progress, reading(stored=5, position=8), 0).lag == 7
    assert status(progress, reading(stored=13, position=13), 0).lag == 0


def test_at_the_end_there_is_no_lag_once_everything_taken_is_stored() -> None:
    progress, end = Progress("topic"), EndSeen(position=8, offset=10, at=START)
    progress.on_statistics(statistics(end=10))
    assert status(progress, reading(8, 8, end), 0).lag == 0
    assert status(progress, reading(7, 8, end), 0).lag == 3


def test_answers_are_complete_up_to_the_end_once_it_is_stored() -> None:
    progress, end = Progress("topic"), EndSeen(position=8, offset=10, at=at(1))
    before = status(progress, reading(7, 8, end), 5)
    assert (before.caught_up_at, before.read_to) == (None, 7)
    after = status(progress, reading(8, 8, end), 6)
    assert (after.caught_up_at, after.read_to) == (at(1), 10)


def test_the_moment_follows_the_clock_while_the_broker_answers_and_stands_while_it_is_silent() -> None:
    progress, assigned = Progress("topic"), reading(8, 8, EndSeen(position=8, offset=8, at=at(1)))
    moments = []
    answering = [statistics(), statistics(idle_seconds=3.5), statistics(state="DOWN"), statistics()]
    for seconds, said in enumerate(answering, start=10):
        progress.on_statistics(said)
        moments.append(status(progress, assigned, seconds).caught_up_at)
    assert moments == [at(10), at(10), at(10), at(13)]


def test_a_moment_that_was_followed_counts_when_what_was_taken_by_then_is_stored_later() -> None:
    """At 10 s nothing has followed, but a batch is on its way. At 11 s it is stored, and reading is paused."""
    progress, assigned = Progress("topic"), reading(7, 8, EndSeen(position=8, offset=8, at=at(1)))
    progress.on_statistics(statistics())
    assert status(progress, assigned, 10).caught_up_at is None
    assert assigned.lease is not None
    assigned.pause()
    assigned.lease.next_offset = 8
    assert status(progress, assigned, 11).caught_up_at == at(10)


def test_another_end_does_not_inherit_the_moment_of_the_one_before() -> None:
    progress = Progress("topic")
    progress.on_statistics(statistics())
    assert status(progress, reading(8, 8, EndSeen(8, 8, at(1))), 10).caught_up_at == at(10)
    progress.on_statistics(statistics(idle_seconds=60))
    assert status(progress, reading(9, 9, EndSeen(9, 9, at(11))), 80).caught_up_at == at(11)


def test_a_new_lease_keeps_what_was_complete_and_waits_for_an_end_of_its_own() -> None:
    progress = Progress("topic")
    progress.on_statistics(statistics())
    assert status(progress, reading(8, 8, EndSeen(8, 10, at(1))), 10).read_to == 10
    again = status(progress, reading(8, 8), 20)
    assert (again.caught_up_at, again.read_to) == (at(10), 8)
