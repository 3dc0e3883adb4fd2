"""`Progress` says how far a partition is stored, and up to which moment its answers are complete."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumer.partitions.assigned import Assigned, EndSeen
from consumer.partitions.brokers import QUEUED_MESSAGES
from consumer.partitions.lease import Lease
from consumer.partitions.progress import HELD_SECONDS, MOST_MARKS, Progress
from consumer.partitions.status import PartitionStatus

QUEUE_BYTES = 1 << 20
START = datetime(2026, 6, 1, tzinfo=UTC)


class Clocks:
    """Progress, and what the clocks show: `seconds` after START, and after 0 of the monotonic clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.progress = Progress("topic", QUEUE_BYTES, lambda: self.seconds)
        self.fetches = self.failures = 0

    def say(
        self, seconds: float, high: int, stable: int | None = None, leader: int = 1, fetches: int = 2, **changes: Any
    ) -> None:
        """librdkafka's statistics, made at `seconds`, of a topic with one partition. `fetches` more were sent to the
        leader since those before; `changes` replace what is said of the partition."""
        self.seconds = seconds
        self.fetches += fetches
        fine = {"txerrs": 0, "rxerrs": 0, "req_timeouts": 0}
        broker = {"source": "learned", "req": {"Fetch": self.fetches}, "disconnects": self.failures, **fine}
        others = {"source": "learned", "req": {"Fetch": int(seconds * 10)}, "disconnects": 0, **fine}
        coordinator = {"nodeid": 1, "source": "logical", "req": {"Fetch": int(seconds * 10)}, "disconnects": 0, **fine}
        idle = {"nodeid": 3, "source": "configured", "req": {}, "disconnects": 9, **fine}
        brokers = {"a": broker | {"nodeid": 1}, "b": others | {"nodeid": 2}, "c": idle, "Coordinator": coordinator}
        unknown = {"ls_offset": -1001, "hi_offset": -1001, "fetch_state": "none", "fetchq_cnt": 0, "fetchq_size": 0}
        said = {"ls_offset": high if stable is None else stable, "hi_offset": high, "leader": leader}
        partitions = {"0": unknown | said | {"fetch_state": "active"} | changes, "-1": unknown | {"leader": -1}}
        topics = {"topic": {"partitions": partitions}}
        self.progress.on_statistics(json.dumps({"ts": int(seconds * 1e6), "brokers": brokers, "topics": topics}))

    def status(self, assigned: Assigned, seconds: float | None = None) -> PartitionStatus:
        self.seconds = self.seconds if seconds is None else seconds
        (one,) = self.progress.statuses([assigned], at(self.seconds))
        return one


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def reading(stored: int, end: EndSeen | None = None, fetched_since: float = 0.0) -> Assigned:
    """Partition 0, fetched since the beginning and stored up to `stored`; `end` is the last end that was named."""
    lease = Lease(0, epoch=1, generation=1, next_offset=stored, read_from=0, topic_id="")
    return Assigned(0, lease, stored, fetched_since=fetched_since, end_seen=end)


def store(assigned: Assigned, stored: int) -> Assigned:
    assert assigned.lease is not None
    assigned.lease.next_offset = stored
    return assigned


def test_a_partition_without_a_lease_has_no_status(clocks: Clocks) -> None:
    assert list(clocks.progress.statuses([Assigned(0)], START)) == []


def test_the_lag_is_unknown_before_kafka_has_given_a_high_watermark(clocks: Clocks) -> None:
    assert clocks.status(reading(stored=5)).lag is None
    clocks.say(1, high=-1001)
    assert clocks.status(reading(stored=5)).lag is None


def test_the_lag_counts_the_offsets_between_the_stored_one_and_the_high_watermark(clocks: Clocks) -> None:
    clocks.say(1, high=12, stable=9)
    assert clocks.status(reading(stored=5)).lag == 7
    assert clocks.status(reading(stored=13)).lag == 0


def test_markers_at_the_end_count_in_no_lag_once_everything_taken_is_stored(clocks: Clocks) -> None:
    end = EndSeen(position=8, offset=10)
    clocks.say(1, high=10)
    assert (clocks.status(reading(8, end)).lag, clocks.status(reading(8, end)).read_to) == (0, 10)
    assert (clocks.status(reading(7, end)).lag, clocks.status(reading(7, end)).read_to) == (3, 7)


def test_answers_are_complete_up_to_the_earlier_statistics_once_what_the_broker_named_after_them_is_stored(
    clocks: Clocks,
) -> None:
    assigned = reading(7, EndSeen(position=8, offset=10))
    clocks.say(1, high=9)
    clocks.say(2, high=10)
    assert clocks.status(assigned).caught_up_at is None
    assert clocks.status(store(assigned, 8), 5).caught_up_at == at(1)


def test_what_the_later_statistics_know_is_taken_for_what_was_there_at_the_earlier(clocks: Clocks) -> None:
    assigned = reading(8, EndSeen(position=8, offset=8))
    clocks.say(1, high=8)
    clocks.say(2, high=9)
    assert clocks.status(assigned).caught_up_at is None
    clocks.say(3, high=9)
    assert clocks.status(store(assigned, 9)).caught_up_at == at(2)


def test_an_answer_that_was_on_its_way_for_long_says_nothing_of_the_moment_at_which_it_came(clocks: Clocks) -> None:
    """A consumer that was frozen from 11 s to 20 s receives what the broker answered at 11 s."""
    assigned, moments = reading(8), []
    for seconds, fetches in ((10, 2), (11, 2), (20, 0), (20.5, 1), (21, 2), (21.5, 2)):
        clocks.say(seconds, high=8, fetches=fetches)
        moments.append(clocks.status(assigned).caught_up_at)
    assert moments == [None, at(10), at(10), at(10), at(20.5), at(21)]


def test_the_moment_stands_still_while_the_broker_is_silent_whoever_else_answers(clocks: Clocks) -> None:
    assigned, moments = reading(8), []
    for seconds, fetches in ((10, 2), (11, 2), (12, 1), (13, 0), (14, 0), (15, 2), (16, 2)):
        clocks.say(seconds, high=8, fetches=fetches)
        moments.append(clocks.status(assigned).caught_up_at)
    assert moments == [None, at(10), at(10), at(10), at(10), at(14), at(15)]


def test_one_fetch_in_each_of_two_intervals_is_enough(clocks: Clocks) -> None:
    assigned, moments = reading(8), []
    for seconds in range(10, 15):
        clocks.say(seconds, high=8, fetches=1)
        moments.append(clocks.status(assigned).caught_up_at)
    assert moments == [None, None, at(10), at(11), at(12)]


def test_a_fetch_that_may_have_failed_brings_no_moment(clocks: Clocks) -> None:
    assigned = reading(8)
    clocks.say(10, high=8)
    clocks.failures += 1
    clocks.say(11, high=8)
    assert clocks.status(assigned).caught_up_at is None
    clocks.say(12, high=8)
    assert clocks.status(assigned).caught_up_at == at(11)


@pytest.mark.parametrize(
    "full", [{"fetchq_cnt": QUEUED_MESSAGES // 2}, {"fetchq_size": QUEUE_BYTES // 2}, {"fetch_state": "stopping"}]
)
def test_while_the_clients_queue_may_be_full_the_partition_may_be_left_out_of_fetches(
    clocks: Clocks, full: dict[str, Any]
) -> None:
    assigned = reading(8)
    clocks.say(10, high=8, **full)
    clocks.say(11, high=8)
    assert clocks.status(assigned).caught_up_at is None
    clocks.say(12, high=8)
    assert clocks.status(assigned).caught_up_at == at(11)


def test_a_new_leader_is_believed_once_two_statistics_name_it(clocks: Clocks) -> None:
    assigned, moments = reading(8), []
    for seconds, leader in ((10, 1), (11, 1), (12, 2), (13, 2), (14, 3), (15, 3), (16, -1)):
        clocks.say(seconds, high=8, leader=leader)
        moments.append(clocks.status(assigned).caught_up_at)
    assert moments == [None, at(10), at(10), at(12), at(12), at(12), at(12)]


def test_while_the_client_does_not_fetch_what_kafka_holds_is_unknown(clocks: Clocks) -> None:
    """The broker answers for other partitions, and the high watermark in the statistics is out of date."""
    assigned = reading(8)
    clocks.say(10, high=8)
    clocks.say(11, high=8)
    assert clocks.status(assigned).caught_up_at == at(10)
    assigned.pause()
    assert assigned.fetched_since == math.inf
    for seconds in (12, 13, 14):
        clocks.say(seconds, high=8)
        assert clocks.status(assigned).caught_up_at == at(10)
    assigned.fetched_since = 14.5
    assert clocks.status(assigned, 14.6).caught_up_at == at(10)
    clocks.say(15, high=8)
    assert clocks.status(assigned).caught_up_at == at(10)
    clocks.say(16, high=8)
    assert clocks.status(assigned).caught_up_at == at(15)


def test_with_steady_traffic_the_moment_follows_what_is_stored(clocks: Clocks) -> None:
    assigned, moments = reading(0), []
    for second in range(1, 6):
        clocks.say(second, high=10 * second)
        moments.append(clocks.status(store(assigned, 10 * second - 10)).caught_up_at)
    assert moments == [None, None, at(1), at(2), at(3)]


def test_a_long_backlog_keeps_few_marks_and_each_step_is_true(clocks: Clocks) -> None:
    assigned = reading(0)
    for second in range(1, 500):
        clocks.say(second, high=10 * second)
        assert clocks.status(assigned).caught_up_at is None
    assert len(clocks.progress._marks[0]) <= MOST_MARKS
    steps = set()
    for stored in range(0, 5_000, 10):
        caught_up_at = clocks.status(store(assigned, stored)).caught_up_at
        if caught_up_at is not None:
            assert caught_up_at < at(stored / 10)
            steps.add(caught_up_at)
    assert len(steps) > MOST_MARKS / 3
    assert max(steps) == at(498)


def test_an_offset_that_moved_back_is_not_complete_up_to_what_was_reached_before(clocks: Clocks) -> None:
    assigned = reading(8)
    clocks.say(1, high=8)
    clocks.say(2, high=8)
    assert clocks.status(assigned).caught_up_at == at(1)
    assert clocks.status(store(assigned, 3)).caught_up_at is None
    assert clocks.status(store(assigned, 8)).caught_up_at == at(1)


def test_a_clock_that_was_wrong_when_the_broker_answered_leaves_no_wrong_moment(clocks: Clocks) -> None:
    assigned = reading(7)
    clocks.say(1, high=8)
    clocks.say(2, high=8)
    (wrong,) = clocks.progress.statuses([assigned], at(3_602))
    assert wrong.caught_up_at is None
    assert clocks.status(store(assigned, 8), 3).caught_up_at == at(1)


def test_an_open_transaction_holds_back_the_moment_and_the_lag_counts_what_is_behind_it(clocks: Clocks) -> None:
    """The broker names offset 8 as the end; 8 is the transaction's first record, and 9 to 14 may be plain sales."""
    assigned = reading(8, EndSeen(position=8, offset=8))
    clocks.say(1, high=8)
    clocks.say(2, high=8)
    assert (clocks.status(assigned).caught_up_at, clocks.status(assigned).held_back) == (at(1), None)
    for second in range(3, 20):
        clocks.say(second, high=15, stable=8)
        held = clocks.status(assigned)
        assert (held.caught_up_at, held.lag, held.read_to) == (at(1), 7, 8)
        assert (held.held_back is not None) == (second - 3 >= HELD_SECONDS)
    assert held.held_back is not None
    assert (held.held_back.since, held.held_back.begins) == (at(3), 8)
    assigned.end_seen = EndSeen(position=15, offset=16)
    clocks.say(20, high=16)
    after = clocks.status(store(assigned, 15))
    assert (after.caught_up_at, after.lag, after.held_back) == (at(19), 0, None)


def test_transactions_that_overlap_hold_nothing_back_for_longer_than_each_lasts(clocks: Clocks) -> None:
    """Some transaction is open at every moment, none for long: the moment follows the one that ended last."""
    assigned = reading(0)
    for second in range(1, 20):
        clocks.say(second, high=10 * second, stable=10 * second - 15)
        status = clocks.status(store(assigned, 10 * second - 15))
        assert status.held_back is None
        assert second < 4 or status.caught_up_at == at(second - 3)


def test_a_lease_that_ends_takes_its_hold_along(clocks: Clocks) -> None:
    held, free = reading(8), Assigned(0)
    clocks.say(1, high=9, stable=8)
    clocks.status(held)
    assert clocks.status(held, 1 + HELD_SECONDS).held_back is not None
    assert list(clocks.progress.statuses([free], at(5))) == []
    assert clocks.status(reading(8, fetched_since=6), 6).held_back is None


def test_a_new_lease_is_not_held_back_nor_complete_by_what_was_fetched_before_it(clocks: Clocks) -> None:
    assigned = reading(8, EndSeen(position=8, offset=10))
    clocks.say(10, high=10)
    clocks.say(11, high=10)
    assert (clocks.status(assigned).caught_up_at, clocks.status(assigned).read_to) == (at(10), 10)
    assert assigned.lease is not None
    assigned.begin(assigned.lease)
    clocks.say(20, high=10)
    clocks.say(21, high=10)
    again = clocks.status(assigned)
    assert (again.caught_up_at, again.read_to, again.lag) == (None, 8, 2)
