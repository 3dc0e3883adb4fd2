"""The commands for dead letters: whatever an operator does, and wherever a command dies, each message counts once."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.process.failpoints import REPLAY_STEPS
from scripts.publish.generated.generate import GeneratedMessage, generate
from shared.documents import event_collection
from tests.support.commands.audit import findings_of, script
from tests.support.documents.invariant import check_aggregates
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.kafka.topic_config import set_topic
from tests.support.process import module
from tests.support.servers.interface import KafkaServer, MongoServer

OLD = 30
"""So many messages hold events that are two days old. A consumer that keeps one day makes dead letters of them."""
SPOILED = 5
"""So many messages are not JSON, and stay rejected."""


def old_message(number: int) -> bytes:
    """A message that the contract accepts under a longer retention. Products change their names back and forth, and
    of the events of one second each product has several."""
    event = {"event": "productSold", "name_of_product": "ABCD"[number % 4], "product_id": number % 3, "no_of_units": 1}
    moment = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}T10:00:{number // 7:02}Z"
    return json.dumps(event | {"amount": "0.01", "occurred_at": moment}).encode()


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    """300 events and 35 dead letters of two reasons; the consumer has ended."""
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as one:
        one.publish(generate(count=300, products=5, seed=1, now_ms=now_ms()))
        one.publish(GeneratedMessage(b"%d" % number, old_message(number), "too_old") for number in range(OLD))
        one.publish(GeneratedMessage(b"%d" % number, b"not json", "not_json") for number in range(SPOILED))
        consumer = one.consumer(EVENT_RETENTION_DAYS="1")
        one.wait_handled()
        assert consumer.stop() == 0
        yield one


def dead_letters(events: ConsumerGroup, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return script("dead_letters", events.environment(**environment), *arguments)


def states(events: ConsumerGroup) -> dict[str, int]:
    counted = events.database.rejected_events.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
    return {one["_id"]: one["count"] for one in counted}


def replayed(events: ConsumerGroup) -> int:
    """How many replayed events are stored."""
    names = events.database.list_collection_names(filter={"name": {"$regex": "^events_"}})
    return sum(events.database[name].count_documents({"_id.k": -1}) for name in names)


def test_replayed_letters_count_once_at_their_own_time_and_the_others_stay(events: ConsumerGroup) -> None:
    assert findings_of(events, events.database) == []
    first = dead_letters(events, "replay", "--all")
    assert (first.returncode, replayed(events)) == (1, OLD), first.stderr
    assert f"{SPOILED} rejected still: not_json, {OLD} replayed" in first.stderr
    assert states(events) == {"replayed": OLD, "new": SPOILED}
    assert findings_of(events, events.database) == []
    check_aggregates(events.database)
    assert events.database.totals.find_one({"_id.k": -1, "_id.h": {"$exists": True}})["sales"] == OLD  # type: ignore[index]
    again = dead_letters(events, "replay", "--reason", "too_old")
    assert (again.returncode, replayed(events)) == (1, OLD)


def test_a_letter_and_its_replayed_event_are_held_together(events: ConsumerGroup) -> None:
    def kinds() -> set[str]:
        return {one.kind.value for one in findings_of(events, events.database) if one.kind != "sum_differs"}

    assert dead_letters(events, "replay", "--reason", "too_old").returncode == 0
    letters = events.database.rejected_events
    letter = letters.find_one_and_update({"state": "replayed"}, {"$set": {"state": "new"}})
    assert letter is not None
    assert kinds() == {"replay_without_letter"}
    letters.update_one({"_id": letter["_id"]}, {"$set": {"state": "replayed"}})
    identity = letter["replayed_as"]
    events.database[event_collection(identity["t"])].delete_one({"_id": identity})
    assert kinds() == {"letter_without_replay"}


def test_a_replay_that_is_killed_at_any_step_counts_once(events: ConsumerGroup) -> None:
    letters = list(events.database.rejected_events.find({"reason": "too_old"}, {"_id": 1}))
    coordinates = [f"{letter['_id']['k']}:{letter['_id']['o']}" for letter in letters]
    each = OLD // len(REPLAY_STEPS)
    for number, step in enumerate(REPLAY_STEPS):
        chosen = coordinates[number * each : (number + 1) * each]
        killed = dead_letters(events, "replay", *chosen, FAILPOINT=f"{step}:kill:1")
        assert killed.returncode == -9, killed.stderr
        assert replayed(events) == each * (number + (step == "replay_after_commit")), step
        assert findings_of(events, events.database) == []
        again = dead_letters(events, "replay", *chosen)
        # After the commit nothing is left to be done, which is not what was asked for.
        assert again.returncode == (step == "replay_after_commit"), again.stderr
        assert replayed(events) == each * (number + 1)
    assert findings_of(events, events.database) == []
    check_aggregates(events.database)


def test_concurrent_replays_of_the_same_letters_count_once(events: ConsumerGroup, tmp_path: Path) -> None:
    both = [
        module(
            "scripts.dead_letters", tmp_path / f"{number}.log", events.environment(), "replay", "--reason", "too_old"
        )
        for number in range(2)
    ]
    for one in both:
        one.start()
    codes = [one.wait(60) for one in both]
    # One of them stored all in its transaction; to the other, they had changed or were gone from the selection.
    assert sorted(codes) == [0, 1], [one.output for one in both]
    assert replayed(events) == OLD
    assert findings_of(events, events.database) == []


def test_discarded_letters_are_replayed_by_force_alone(events: ConsumerGroup) -> None:
    assert dead_letters(events, "discard", "--yes", "--reason", "too_old", "--note", "not ours").returncode == 0
    assert states(events) == {"discarded": OLD, "new": SPOILED}
    letter = events.database.rejected_events.find_one({"reason": "too_old"})
    assert letter is not None
    coordinates = f"{letter['_id']['k']}:{letter['_id']['o']}"
    refused = dead_letters(events, "replay", coordinates)
    assert (refused.returncode, replayed(events)) == (1, 0)
    assert "its state is discarded" in refused.stderr
    assert dead_letters(events, "replay", coordinates, "--force").returncode == 0
    assert replayed(events) == 1
    assert findings_of(events, events.database) == []


def test_letters_are_listed_shown_and_exported(events: ConsumerGroup) -> None:
    listed = dead_letters(events, "list", "--reason", "not_json")
    assert listed.stdout.count("not_json") == SPOILED
    assert "too_old" not in listed.stdout
    letter = events.database.rejected_events.find_one({"reason": "not_json"})
    assert letter is not None
    shown = dead_letters(events, "show", f"{letter['_id']['k']}:{letter['_id']['o']}").stdout
    assert "not json" in shown.splitlines()
    assert shown.count("not_json") == 1
    assert f"offset {letter['_id']['o']}" in shown
    exported = dead_letters(events, "export", "--partition", "0").stdout.splitlines()
    assert len(exported) == events.database.rejected_events.count_documents({"_id.k": 0})
    assert {json.loads(line)["partition"] for line in exported} == {0}
    assert dead_letters(events, "list", "--since", "2999-01-01").stdout.count("not_json") == 0
    assert dead_letters(events, "list", "--reason", "no_such").returncode == 2
    assert dead_letters(events, "replay").returncode == 2
    assert dead_letters(events, "show", "0:999999").returncode == 1


def test_a_cut_letter_is_replayed_from_kafka_while_it_holds_it(events: ConsumerGroup) -> None:
    admin = AdminClient({"bootstrap.servers": events.kafka.bootstrap_servers})
    set_topic(events.kafka, events.topic, max_message_bytes=4_000_000)
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers, "message.max.bytes": 4_000_000})
    for number in range(2):
        headers: dict[str, str | bytes | None] = {"large": b"h" * 1_500_000}
        producer.produce(events.topic, old_message(number), partition=number, headers=headers, on_delivery=events.note)
    assert producer.flush(20) == 0
    consumer = events.consumer(EVENT_RETENTION_DAYS="1")
    events.wait_handled()
    assert consumer.stop() == 0
    kept, gone = events.database.rejected_events.find({"truncated": True}).sort("_id.k", 1)
    end = gone["_id"]["o"] + 1
    admin.delete_records([TopicPartition(events.topic, 1, end)])[TopicPartition(events.topic, 1, end)].result(10)
    assert dead_letters(events, "replay", f"0:{kept['_id']['o']}").returncode == 0
    refused = dead_letters(events, "replay", f"1:{gone['_id']['o']}")
    assert refused.returncode == 1
    assert "Kafka no longer holds" in refused.stderr
    assert replayed(events) == 1
    assert findings_of(events, events.database) == []
