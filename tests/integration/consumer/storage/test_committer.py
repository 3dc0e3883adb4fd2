"""How a batch comes into MongoDB, or does not: offsets that others moved, clocks and topics that changed."""

import time
from datetime import timedelta
from random import Random

import pytest

from consumer.partitions.brokers import PartitionState
from consumer.storage import committer, memory
from consumer.storage.transaction import Mismatch
from scripts.partitions.decision import DECISIONS, Decision, NotDecided, accept, settle
from shared.documents import DAY_MS, event_collection
from shared.errors import (
    ClockSkewed,
    DatabaseUnavailable,
    TopicRecreated,
)
from tests.support.documents import invariant
from tests.support.documents.writing import TOPIC_ID, Writer, rated, sold
from tests.support.kafka.consumer_group import now_ms


def test_a_batch_is_written_once_though_it_is_run_again(writer: Writer) -> None:
    """After a commit whose reply was lost."""
    lease, lost = writer.lease(), iter([True])
    writer.loses_reply = lambda: next(lost, False)
    writer.commit(writer.batch(lease, [sold(), rated(), b"bad"]))
    assert lease.next_offset == 3
    assert not lease.lost
    assert writer.stored() == 3
    assert [len(batch) for batch in writer.written] == [3]
    invariant.check_aggregates(writer.database)


@pytest.mark.parametrize("moved_to", [1, 7])
def test_an_offset_that_another_hand_moved_ends_the_lease(writer: Writer, moved_to: int) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold()] * 3))
    writer.database.partitions.update_one({}, {"$set": {"next_offset": moved_to}})
    writer.commit(writer.batch(lease, [sold()] * 2))
    assert lease.lost
    assert writer.stored() == 3
    assert writer.lease().next_offset == moved_to


def test_another_consumers_epoch_fences_its_partition_alone(writer: Writer) -> None:
    zombie, other = writer.lease(0), writer.lease(1)
    batch = writer.batch(zombie, [sold()] * 3)
    batch.add(writer.taken(other, [sold()] * 2))
    writer.lease(0)
    writer.commit(batch)
    assert zombie.lost
    assert not other.lost
    assert writer.stored() == other.next_offset == 2
    assert [len(written) for written in writer.written] == [2]


def test_a_mismatch_that_nothing_explains_is_given_up_in_time(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    def mismatch(*_: object) -> None:
        raise Mismatch

    monkeypatch.setattr(committer, "ATTEMPT_SECONDS", 0.5)
    monkeypatch.setattr(writer.committer._transactions, "run", mismatch)
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        writer.commit(writer.batch(writer.lease(), [sold()]))
    assert time.monotonic() - started < 5


def test_nothing_of_a_topic_created_again_is_stored(writer: Writer) -> None:
    batch = writer.batch(writer.lease(), [sold(), b"bad"])
    writer.topic_id = "another"
    with pytest.raises(TopicRecreated):
        writer.commit(batch)
    assert writer.stored() == 0


@pytest.mark.parametrize("hours", [-1, 1])
def test_nothing_that_a_wrong_clock_judged_is_stored(writer: Writer, hours: int) -> None:
    """Though it is set right before the batch is written."""
    lease = writer.lease()
    writer.skew = timedelta(hours=hours)
    batch = writer.batch(lease, [sold()])
    writer.skew = timedelta()
    with pytest.raises(ClockSkewed):
        writer.commit(batch)
    assert writer.stored() == 0
    writer.commit(writer.batch(lease, [sold()]))
    assert writer.stored() == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_product_is_named_as_its_newest_event_whatever_was_forgotten(
    writer: Writer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events late and early, sales and ratings, in batches of any size, with restarts, evictions and lost replies."""
    choose = Random(seed)
    monkeypatch.setattr(memory, "MOST_REMEMBERED", (1, 100)[seed % 2])
    writer.loses_reply = lambda: choose.random() < 0.4
    start, lease = now_ms() - 200_000_000, writer.lease()
    newest: dict[int, tuple[int, int, str]] = {}
    for step in range(60):
        values = []
        for offset in range(lease.next_offset, lease.next_offset + choose.randrange(1, 4)):
            kind, name, product = choose.choice((sold, sold, sold, rated)), choose.choice("AB"), choose.randrange(1, 3)
            at_ms = start + (step + choose.randrange(30)) // 2 * 4_000_000  # so that some happen at the same moment
            values.append(kind(name, at_ms, product))
            newest[product] = max((at_ms, offset, name), newest.get(product, (0, 0, "")))
        writer.commit(writer.batch(lease, values))
        named = {one["_id"]["p"]: one["latest"]["name"] for one in writer.database.products.find()}
        assert named == {product: name for product, (_, _, name) in newest.items()}
        if choose.random() < 0.1:
            writer.restart()
            lease = writer.lease()
    invariant.check_aggregates(writer.database)


@pytest.mark.parametrize("step", [1_000, DAY_MS], ids=["of one day", "of several days"])
def test_of_several_newer_events_that_are_stored_the_newest_names_the_product(writer: Writer, step: int) -> None:
    """The product's document has the time of the first event, since a sale by the known name does not change it, and
    the one after that was late."""
    at, lease = now_ms() - 10 * DAY_MS, writer.lease()
    for name, steps in (("A", 0), ("A", 3), ("C", 2)):
        writer.commit(writer.batch(lease, [sold(name, at + steps * step)]))
    (stored,) = writer.database.products.find()
    assert stored["latest"] == {"t": at, "o": 0, "name": "A", "key": "a"}
    writer.restart()
    writer.commit(writer.batch(writer.lease(), [sold("B", at + step), rated("B", at)]))
    (stored,) = writer.database.products.find()
    assert stored["latest"] == {"t": at + 3 * step, "o": 1, "name": "A", "key": "a"}
    invariant.check_aggregates(writer.database)


def test_of_a_stored_event_and_one_of_the_batch_at_one_moment_the_later_names_the_product(writer: Writer) -> None:
    at, lease = now_ms() - 100_000, writer.lease()
    writer.commit(writer.batch(lease, [sold("A", at), sold("A", at + 5)]))
    writer.restart()
    writer.commit(writer.batch(writer.lease(), [sold("B", at + 5)]))
    (stored,) = writer.database.products.find()
    assert stored["latest"] == {"t": at + 5, "o": 2, "name": "B", "key": "b"}


@pytest.mark.parametrize("lacking", [("first_seen",), ("latest",), ("first_seen", "latest")])
def test_a_document_that_lacks_its_times_is_written_as_if_it_were_older_than_any_event(
    writer: Writer, lacking: tuple[str, ...]
) -> None:
    at = now_ms() - 100_000
    writer.commit(writer.batch(writer.lease(), [sold("A", at)]))
    writer.database.products.update_one({}, {"$unset": dict.fromkeys(lacking, "")})
    writer.restart()
    writer.commit(writer.batch(writer.lease(), [sold("A", at + 5)]))
    (stored,) = writer.database.products.find()
    assert stored["first_seen"] == (at + 5 if "first_seen" in lacking else at)
    assert stored["latest"]["t"] == at + 5


def test_a_newer_event_of_another_partition_names_no_product_here(writer: Writer) -> None:
    at = now_ms() - 100_000
    writer.commit(writer.batch(writer.lease(1), [sold("theirs", at + 10), rated("theirs", at + 20)]))
    writer.commit(writer.batch(writer.lease(0), [sold("old", at)]))
    writer.restart()
    writer.commit(writer.batch(writer.lease(0), [sold("new", at + 5)]))
    names = {one["_id"]["k"]: one["latest"]["name"] for one in writer.database.products.find()}
    assert names == {0: "new", 1: "theirs"}
    invariant.check_aggregates(writer.database)


def test_a_newer_event_of_another_product_names_no_product_here(writer: Writer) -> None:
    at = now_ms() - 100_000
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold("first", at, 1), sold("second", at + 10, 2), sold("none", at + 10, 0)]))
    writer.restart()
    writer.commit(writer.batch(writer.lease(), [sold("new", at + 5, 1)]))
    names = {one["_id"]["p"]: one["latest"]["name"] for one in writer.database.products.find()}
    assert names == {0: "none", 1: "new", 2: "second"}


def test_of_events_at_one_moment_the_one_with_the_highest_offset_names_the_product(writer: Writer) -> None:
    """In one batch, in the next, after a restart, and whatever order their names have."""
    at, lease = now_ms() - 100_000, writer.lease()
    for names in ("BA", "C", "AB", "A"):
        writer.commit(writer.batch(lease, [rated(name, at) for name in names]))
        (product,) = writer.database.products.find()
        offset = lease.next_offset - 1
        assert product["latest"] == {"t": at, "o": offset, "name": names[-1], "key": names[-1].lower()}
        assert product["latest_rated"] == {"t": at, "o": offset, "name": names[-1], "category": "c"}
        if names == "C":
            writer.restart()
            lease = writer.lease()
    invariant.check_aggregates(writer.database)


def test_a_day_that_somebody_dropped_is_made_anew_as_it_must_be(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As retention does with a day that a consumer keeps of which MongoDB has not heard for two hours."""
    at = now_ms() - 5 * DAY_MS
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold(at_ms=at)]))
    writer.database.drop_collection(event_collection(at))
    monkeypatch.setattr(committer, "DAY_FOUND_SECONDS", 0.0)  # as if so much time had passed
    writer.commit(writer.batch(lease, [sold(at_ms=at)]))
    (day,) = writer.database.list_collections(filter={"name": event_collection(at)})
    assert "clusteredIndex" in day["options"]


def test_a_decision_about_a_partition_is_refused_when_a_batch_came_in_between(writer: Writer) -> None:
    lease = writer.lease()
    seen = writer.database.partitions.find_one()
    assert seen is not None
    writer.commit(writer.batch(lease, [sold()]))
    between = writer.database.partitions.find_one()
    assert not accept(writer.database, seen, Decision(0, "the beginning"), TOPIC_ID)
    assert writer.database.partitions.find_one() == between


@pytest.mark.parametrize("claims", [0, DECISIONS - 1, DECISIONS])
def test_a_decision_is_thought_over_while_consumers_claim_the_partition(writer: Writer, claims: int) -> None:
    writer.commit(writer.batch(writer.lease(), [sold()] * 3))
    stored, asked = writer.database.partitions.find_one(), iter(range(claims))
    assert stored is not None

    def ask() -> PartitionState:
        if next(asked, None) is not None:
            writer.lease()
        return PartitionState(TOPIC_ID, low=7, high=9)

    if claims == DECISIONS:
        with pytest.raises(NotDecided, match="run this again"):
            settle(writer.database, stored["_id"], ask)
        return
    assert settle(writer.database, stored["_id"], ask).next_offset == 7
    decided = writer.database.partitions.find_one()
    assert decided is not None
    assert (decided["next_offset"], decided["generation"]) == (7, stored["generation"] + 1)
    assert [past["next_offset"] for past in decided["past"]] == [3]
