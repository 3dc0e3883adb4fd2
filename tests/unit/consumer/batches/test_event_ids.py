"""Of the events of a batch with one id the first counts, whatever becomes of the batch."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message
from hypothesis import given
from hypothesis import strategies as st

from consumer.batches.batch import Batch, Rules
from consumer.batches.event_ids import ID_BYTES, Comparison, Coordinates, StoredId, compared, is_expired
from consumer.events import decode
from consumer.events.encode import Encoder
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from shared.documents import DAY_MS, Document, place_name, replayed_offset
from shared.events import Reason
from tests.support.documents.writing import rated, sold

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
RULES = Rules("events", 400, copy_rejections=False)
DAYS = timedelta(days=RULES.event_id_days)


def taken(values: Sequence[bytes], partition: int = 0, first: int = 0, at: datetime = NOW) -> Taken:
    lease = Lease(partition, 5, generation=1, next_offset=first, read_from=first, topic_id="")
    messages = [
        Message("events", partition, offset, b"", value, timestamp=(TIMESTAMP_CREATE_TIME, NOW_MS))
        for offset, value in enumerate(values, first)
    ]
    return Taken(lease, messages, at, 0.0)


def counted(batch: Batch) -> list[Coordinates]:
    """Partition and offset of each event with an id that counts."""
    return [occurrence.coordinates for occurrence in batch.ids.counted.values()]


def sales(batch: Batch) -> int:
    return sum(sums.sales for of_lease in batch.increments.values() for sums in of_lease.seconds.values())


def reasons(batch: Batch) -> dict[Coordinates, str]:
    return {(letter["_id"]["k"], letter["_id"]["o"]): letter["reason"] for letter in batch.rejected}


def stored(place: Document, at: datetime, fingerprint: bytes = b"other") -> dict[tuple[int, str], StoredId]:
    return {(place["p"], place["i"]): StoredId(place, fingerprint, at)}


def elsewhere(batch: Batch, event_id: str = "a") -> Document:
    """A place in another partition that has the id of an event in the batch."""
    return batch.ids.counted[1, event_id].place | {"k": 9, "o": 77}


def test_the_first_of_two_counts_and_the_other_names_its_place() -> None:
    batch = Batch(RULES, [taken([sold(event_id="a"), sold(event_id="a")])])
    assert (sales(batch), counted(batch)) == (1, [(0, 0)])
    (letter,) = batch.rejected
    assert (letter["_id"]["o"], letter["reason"]) == (1, "duplicate")
    assert letter["first"] == {"p": 1, "i": "a", "t": NOW_MS, "k": 0, "o": 0, "g": 1}
    for part in ("'a'", "0:0:1", "2026-06-01 12:30:00", "--as-new"):
        assert part in letter["detail"]


def test_other_content_is_a_conflict_that_keeps_its_bytes() -> None:
    other = sold(event_id="a", amount=2)
    batch = Batch(RULES, [taken([sold(event_id="a"), other])])
    (letter,) = batch.rejected
    assert (letter["reason"], letter["value"]) == ("event_id_conflict", other)


def test_an_id_belongs_to_a_product_and_is_of_any_kind_of_event() -> None:
    values = [
        sold(event_id="a"),
        sold(event_id="a", product=2),
        rated(event_id="a"),
        sold(event_id="b"),
        sold(),
        sold(),
    ]
    batch = Batch(RULES, [taken(values)])
    assert reasons(batch) == {(0, 2): "event_id_conflict"}
    assert sales(batch) == 5


def test_the_first_one_added_counts_in_whatever_partition_it_is() -> None:
    batch = Batch(RULES, [taken([sold(event_id="a")], partition=3, first=40), taken([sold(event_id="a")], partition=2)])
    assert (counted(batch), reasons(batch)) == ([(3, 40)], {(2, 0): "duplicate"})


def test_without_days_ids_mean_nothing() -> None:
    batch = Batch(Rules("events", 400, False, event_id_days=0), [taken([sold(event_id="a")] * 3)])
    assert (sales(batch), batch.rejected, counted(batch)) == (3, [], [])


def test_without_days_ids_cost_nothing_and_headers_reject_nothing() -> None:
    rules = Rules("events", 400, False, event_id_header="ce_id", event_id_days=0)
    plain, with_ids = (Batch(rules, [taken([sold(event_id=one, padding="p")])]) for one in (None, "a"))
    assert with_ids.size - plain.size < ID_BYTES / 2
    bad = Message(
        "events", 0, 0, b"", sold(), headers=[("ce_id", b"x" * 500)], timestamp=(TIMESTAMP_CREATE_TIME, NOW_MS)
    )
    for days, accepted in ((0, 1), (7, 0)):
        rules = Rules("events", 400, False, event_id_header="ce_id", event_id_days=days)
        batch = Batch(rules, [replace(taken([]), messages=[bad])])
        assert (sales(batch), len(batch.rejected)) == (accepted, 1 - accepted)


def test_a_part_of_a_batch_that_lacks_the_first_counts_the_next() -> None:
    first, second = taken([sold(event_id="a")] * 2), taken([sold(event_id="a")], partition=1)
    batch = Batch(RULES, [first, second])
    first.lease.next_offset = 1
    assert counted(batch.unwritten()) == [(0, 1)]
    first.lease.lost = True
    assert counted(batch.unwritten()) == [(1, 0)]


def test_an_event_that_mongodb_refuses_leaves_its_id_to_the_next() -> None:
    batch = Batch(RULES, [taken([sold(event_id="a"), sold(event_id="a")])])
    refused = batch.reject({(0, 0): Rejection(Reason.REFUSED_BY_DATABASE, "by a validator")})
    assert (counted(refused), reasons(refused)) == ([(0, 1)], {(0, 0): "refused_by_database"})
    assert sales(refused) == 1


def test_all_events_of_a_stored_id_are_rejected_at_once() -> None:
    batch = Batch(RULES, [taken([sold(event_id="a"), sold(event_id="a"), sold(event_id="a", amount=2), sold()])])
    first = elsewhere(batch)
    fingerprint = batch.ids.counted[1, "a"].identity.fingerprint
    comparison = compared(batch.ids, stored(first, NOW, fingerprint))
    assert [(at, one.reason, one.first) for at, one in comparison.rejections.items()] == [
        ((0, 0), Reason.DUPLICATE, first),
        ((0, 1), Reason.DUPLICATE, first),
        ((0, 2), Reason.EVENT_ID_CONFLICT, first),
    ]
    left = batch.reject(comparison.rejections)
    assert (sales(left), counted(left)) == (1, [])
    assert all(letter["first"] == first for letter in left.rejected)
    assert len(left) == 4


def test_an_event_s_own_place_is_no_repeat() -> None:
    batch = Batch(RULES, [taken([sold(event_id="a"), sold(event_id="a")])])
    own = batch.ids.counted[1, "a"].place
    comparison = compared(batch.ids, stored(own, NOW))
    assert comparison.own == {(1, "a")}
    assert list(comparison.rejections) == [(0, 1)]
    # A later one of the batch may be the one that an earlier attempt counted.
    comparison = compared(batch.ids, stored(own | {"o": 1}, NOW))
    assert list(comparison.rejections) == [(0, 0)]
    assert counted(batch.reject(comparison.rejections)) == [(0, 1)]


@pytest.mark.parametrize(
    ("age", "is_over"),
    [
        (DAYS - timedelta(milliseconds=1), False),
        (DAYS, True),
        (DAYS - timedelta(hours=1), False),
        (DAYS + timedelta(days=1), True),
        (timedelta(days=-1), False),
    ],
)
def test_an_id_counts_anew_when_its_days_are_over(age: timedelta, is_over: bool) -> None:
    assert is_expired(NOW - age, NOW, RULES.event_id_days * DAY_MS) == is_over
    batch = Batch(RULES, [taken([sold(event_id="a"), sold(event_id="a")])])
    comparison = compared(batch.ids, stored(elsewhere(batch), NOW - age))
    if is_over:
        assert comparison == Comparison({}, {(1, "a"): NOW - age}, frozenset())
    else:
        assert list(comparison.rejections) == [(0, 0), (0, 1)]
        assert comparison.expired == {}


def test_each_event_is_judged_by_the_clock_that_it_was_taken_by() -> None:
    """The days of an id end between two parts of a batch: the first is a repeat, the second counts anew."""
    later = taken([sold(event_id="a")], partition=1, at=NOW + timedelta(seconds=1))
    batch = Batch(RULES, [taken([sold(event_id="a")]), later])
    comparison = compared(batch.ids, stored(elsewhere(batch), NOW + timedelta(seconds=1) - DAYS))
    assert (list(comparison.rejections), list(comparison.expired)) == ([(0, 0)], [(1, "a")])
    assert counted(batch.reject(comparison.rejections)) == [(1, 0)]


def test_what_has_ids_is_added_again_and_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with_ids = taken([sold(event_id=str(number)) for number in range(200)])
    without = taken([sold() for _ in range(100)], partition=1)
    batch = Batch(RULES, [with_ids, without])
    judged: list[int] = []

    def judge(run: Sequence[Message], limits: TimeLimits, encoder: Encoder, id_header: str) -> decode.Judged:
        judged.append(len(run))
        return decode.judge(run, limits, encoder, id_header)

    monkeypatch.setattr("consumer.batches.batch.judge", judge)
    left = batch.reject({(0, 0): Rejection(Reason.DUPLICATE)})
    assert sum(judged) == 100
    assert (sales(left), len(left), left.ends) == (299, 300, batch.ends)


def test_ids_make_a_batch_larger() -> None:
    plain, with_ids = (Batch(RULES, [taken([sold(event_id=one, padding="p")])]) for one in (None, "a"))
    assert with_ids.size - plain.size >= ID_BYTES
    assert Batch(RULES, [taken([sold(padding="p" * 40)])]).size < with_ids.size


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 2), st.booleans()), max_size=150),
    st.sets(st.integers(0, 149)),
)
def test_a_batch_made_again_is_the_batch_made_at_once(events: list[tuple[str, int, bool]], rejected: set[int]) -> None:
    """Rejecting events of a batch gives what judging the same messages anew gives."""
    values = [sold(event_id=one if has_id else None, amount=amount) for one, amount, has_id in events]
    given_rejections = {at: Rejection(Reason.REFUSED_BY_DATABASE) for at in rejected if at < len(values)}
    messages = taken(values)
    again = Batch(RULES, [messages]).reject({(0, at): one for at, one in given_rejections.items()})
    anew = Batch(RULES, [messages.reject(given_rejections)])
    assert (reasons(again), counted(again), sales(again)) == (reasons(anew), counted(anew), sales(anew))
    assert [one.seconds for one in again.increments.values()] == [one.seconds for one in anew.increments.values()]
    expected: set[str] = set()
    for at, (one, _, has_id) in enumerate(events):
        repeats = at not in rejected and has_id and one in expected
        assert (reasons(again).get((0, at)) in ("duplicate", "event_id_conflict")) == repeats
        if has_id and at not in rejected:
            expected.add(one)


def test_a_place_is_named_as_people_name_letters() -> None:
    place = {"p": 1, "i": "a", "t": 5, "k": 7, "o": 42, "g": 2}
    assert place_name(place) == "7:42:2"
    assert place_name(place | {"k": -1, "o": replayed_offset(7, 42)}) == "the replayed letter 7:42:2"


def test_the_longest_ids_leave_the_place_in_the_detail() -> None:
    batch = Batch(RULES, [taken([sold(event_id="\u0001" * 128)] * 2)])
    assert "0:0:1" in batch.rejected[0]["detail"]
    assert "replay --as-new" in batch.rejected[0]["detail"]
    assert "\u0001" not in batch.rejected[0]["detail"]
