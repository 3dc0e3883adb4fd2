"""What `partitions list` says of a partition, from its documents and from what Kafka answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.datetime_ms import DatetimeMS

from consumer.partitions.brokers import PartitionState
from scripts.common.console import LiteralConsole
from scripts.partitions.display import print_list
from scripts.partitions.kafka import KafkaView
from scripts.partitions.overview import SILENT_SECONDS, Condition, Overview, overviews
from shared.documents import Document, partition_id

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
OWNER = "host-1-abc"


def stored(partition: int = 3, **more: Any) -> Document:
    return {
        "_id": partition_id("group", "topic", partition),
        "next_offset": 100,
        "first_offset": 0,
        "epoch": 7,
        "generation": 2,
        "owner": OWNER,
        "topic_id": "first",
    } | more


def status(age: float = 0.5, partition: int = 3, **more: Any) -> Document:
    at = NOW - timedelta(seconds=age)
    return {"_id": partition_id("group", "topic", partition), "lag": 0, "at": at, "caught_up_at": at} | more


def view(state: PartitionState | None = None, members: set[str] | None = None, *partitions: int) -> KafkaView:
    state = state or PartitionState("first", low=0, high=100)
    return KafkaView({3, *partitions}, {3: state}, {OWNER} if members is None else members)


def only(document: Document, said: Document | None, kafka: KafkaView) -> Overview:
    (found,) = overviews([document], [] if said is None else [said], kafka, NOW)
    return found


def test_a_partition_that_is_read() -> None:
    found = only(stored(), status(), view())
    assert (found.condition, found.reason, found.halt, found.lag) == (Condition.READ, None, None, 0)
    assert (found.next_offset, found.first_in_kafka, found.end_in_kafka) == (100, 0, 100)
    assert (found.status_age_seconds, found.generation, found.epoch, found.owner) == (0.5, 2, 7, OWNER)


@pytest.mark.parametrize(
    ("document", "state", "lag"),
    [
        (stored(), PartitionState("first", 0, 50_100), 50_000),
        (stored(read_to=104), PartitionState("first", 0, 104), 0),
        (stored(read_to=104), PartitionState("first", 0, 110), 6),
        (stored(), PartitionState("first", 150, 200), 50),
        (stored(), PartitionState("second", 0, 30), 30),
        (stored(), PartitionState("second", 20, 130), 110),
        (stored(), PartitionState("first", 0, 90), 0),
    ],
)
def test_the_lag_is_what_kafka_holds_and_mongodb_does_not(document: Document, state: PartitionState, lag: int) -> None:
    """Whatever the consumer's last status said."""
    assert only(document, status(lag=0), view(state)).lag == lag


@pytest.mark.parametrize(
    ("state", "kind", "says"),
    [
        (PartitionState("second", 0, 500), "TopicRecreated", "deleted and created again"),
        (PartitionState("first", 150, 200), "OffsetsLost", "begin at 150"),
        (PartitionState("first", 0, 90), "OffsetsLost", "end before 90"),
    ],
)
def test_a_halted_partition_says_why_whether_its_owner_lives_or_not(
    state: PartitionState, kind: str, says: str
) -> None:
    for members in ({OWNER}, set[str]()):
        found = only(stored(), status(age=1000), view(state, members))
        assert (found.condition, found.halt) == (Condition.HALTED, kind)
        assert says in (found.reason or "")
        assert "restart --partition 3" in (found.reason or "")


@pytest.mark.parametrize(
    ("age", "members", "condition"),
    [
        (SILENT_SECONDS, {OWNER}, Condition.READ),
        (SILENT_SECONDS + 0.1, {OWNER}, Condition.OWNER_SILENT),
        (37.4, {OWNER, "other"}, Condition.OWNER_SILENT),
        (37.4, set[str](), Condition.OWNER_DEAD),
        (37.4, {"other"}, Condition.OWNER_DEAD),
        (0.0, {"other"}, Condition.OWNER_DEAD),
        (-5.0, {OWNER}, Condition.READ),
    ],
)
def test_the_owner_is_judged_by_its_last_status_and_by_the_group(
    age: float, members: set[str], condition: Condition
) -> None:
    found = only(stored(), status(age), view(members=members))
    assert found.condition == condition
    assert found.status_age_seconds == round(max(0.0, age), 1)
    if condition != Condition.READ:
        assert f"its owner {OWNER} is silent since {max(0, age):.0f} s" in (found.reason or "")


def test_without_the_group_s_members_an_owner_is_silent_and_not_dead() -> None:
    found = only(stored(), status(60), KafkaView({3}, {3: PartitionState("first", 0, 100)}, None))
    assert found.condition == Condition.OWNER_SILENT
    assert "Kafka does not say" in (found.reason or "")


def test_an_owner_that_has_written_nothing_yet() -> None:
    assert "has written no status yet" in (only(stored(), None, view()).reason or "")


def test_a_halt_that_a_consumer_has_noted_counts_until_the_partition_is_read_again() -> None:
    noted = {"kind": "AggregateRefused", "reason": "a validator refuses [/red]", "at": NOW - timedelta(seconds=30)}
    found = only(stored(), status(31, halted=noted), view())
    assert (found.condition, found.halt) == (Condition.HALTED, "AggregateRefused")
    assert found.reason == "a validator refuses [/red] (since 2026-11-30 11:59:30 UTC)"
    assert only(stored(), {"_id": stored()["_id"], "halted": noted}, view()).condition == Condition.HALTED
    assert only(stored(), status(5, halted=noted), view()).condition == Condition.READ


def test_an_open_transaction_that_holds_it_back() -> None:
    found = only(stored(), status(held_back_since=NOW - timedelta(minutes=5)), view())
    assert found.condition == Condition.HELD_BACK
    assert found.reason == "an open Kafka transaction holds it back since 2026-11-30 11:55:00 UTC"


def test_what_kafka_alone_knows_is_none_while_it_does_not_answer() -> None:
    found = only(stored(), status(60), KafkaView(problems=["away"]))
    assert (found.first_in_kafka, found.end_in_kafka, found.lag, found.halt) == (None, None, None, None)
    assert (found.next_offset, found.condition) == (100, Condition.OWNER_SILENT)


def test_partitions_of_kafka_and_of_mongodb_alone_are_there_too() -> None:
    kafka = KafkaView({0, 3}, {0: PartitionState("first", 5, 12), 3: PartitionState("first", 0, 100)}, {OWNER})
    found = list(overviews([stored(11), stored(3)], [status()], kafka, NOW))
    assert [(one.partition, one.condition) for one in found] == [
        (0, Condition.NEVER_READ),
        (3, Condition.READ),
        (11, Condition.NOT_IN_KAFKA),
    ]
    assert (found[0].lag, found[0].end_in_kafka, found[0].next_offset) == (7, 12, None)
    assert found[2].lag is None


@pytest.mark.parametrize("damage", [{"next_offset": "100"}, {"owner": None, "epoch": None}, {"_id": {"k": 3}}])
def test_a_damaged_document_hides_no_other(damage: Document) -> None:
    kafka = KafkaView({3, 4}, {p: PartitionState("first", 0, 100) for p in (3, 4)}, {OWNER})
    found = list(overviews([stored() | damage, stored(4)], [status(partition=4)], kafka, NOW))
    assert [one.partition for one in found] == [3, 4]
    assert found[1].condition == Condition.READ


def test_a_status_with_a_time_that_is_no_date() -> None:
    found = only(stored(), status(caught_up_at=DatetimeMS(2**60), at=DatetimeMS(2**60)), view())
    assert found.as_json()["caught_up_at"] == f"{2**60} ms"


def test_the_same_sentence_is_printed_once_for_all_partitions(capsys: pytest.CaptureFixture[str]) -> None:
    kafka = KafkaView({1, 2}, {p: PartitionState("first", 0, 50_100) for p in (1, 2)}, set())
    found = list(overviews([stored(1), stored(2)], [status(40, 1), status(40, 2)], kafka, NOW))
    print_list(LiteralConsole(), found, NOW)
    *table, sentence = capsys.readouterr().out.splitlines()
    assert sum("50000" in line and "owner dead" in line and "40 s ago" in line for line in table) == 2
    assert sentence.startswith(f"partitions 1, 2: owner dead: its owner {OWNER} is silent since 40 s and has left")


def test_json_names_are_those_that_the_page_promises() -> None:
    assert list(only(stored(), status(), view()).as_json()) == [
        "partition",
        "condition",
        "reason",
        "halt",
        "next_offset",
        "first_in_kafka",
        "end_in_kafka",
        "lag",
        "caught_up_at",
        "held_back_since",
        "status_at",
        "status_age_seconds",
        "generation",
        "epoch",
        "owner",
    ]
