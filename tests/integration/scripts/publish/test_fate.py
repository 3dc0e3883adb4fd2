"""`publish --wait`: what became of the event that was just published, by a real consumer and by stored documents."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson.int64 import Int64

from consumer.partitions.brokers import Brokers
from shared.documents import PARTITION_STATUS, PARTITIONS, partition_id, rejected_id
from shared.settings import ConsumerSettings
from tests.support.commands.audit import script
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer

SOLD = ("sold", "--product", "3", "--units", "10", "--amount", "1000", "--event-id", "order-17")


@pytest.fixture
def group(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as one:
        yield one


def published(group: ConsumerGroup, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return script("publish", group.environment(**environment), *arguments, "--wait")


def store_partition(group: ConsumerGroup, next_offset: int, **changes: Any) -> None:
    """Store how far partition 0 is, as a consumer does that has handled everything before `next_offset`."""
    settings = ConsumerSettings(kafka_bootstrap_servers=group.kafka.bootstrap_servers, kafka_topic=group.topic)
    brokers = Brokers(settings, "tests")
    document = {
        "_id": partition_id(group.topic, group.topic, 0),
        "next_offset": Int64(next_offset),
        "first_offset": Int64(0),
        "epoch": 1,
        "owner": "host-1-x",
        "topic_id": brokers.ask(0).answer().topic_id,
        "generation": 1,
    } | changes
    group.database[PARTITIONS].insert_one(document)


def store_letter(group: ConsumerGroup, generation: int = 1, **fields: Any) -> None:
    """Store the dead letter of the topic's first message."""
    letter = {"_id": rejected_id(group.topic, generation, 0, 0), "reason": "bad_amount", "detail": "d", "state": "new"}
    group.database.rejected_events.insert_one(letter | fields)


def test_a_consumer_counts_it(group: ConsumerGroup) -> None:
    group.consumer()
    done = published(group, *SOLD, "--deadline", "60")
    assert done.returncode == 0, done.stderr
    place, fate = done.stdout.splitlines()
    assert place == "0@0"
    assert fate.startswith("counted: events_")
    assert '"p": 3' in fate
    rejected = published(group, "sold", "--product", "3", "--units", "1", "--amount", "-1", "--no-check")
    assert rejected.returncode == 4, rejected.stderr
    place, fate = rejected.stdout.splitlines()
    assert place == "0@1"
    assert fate.startswith("rejected: bad_amount: amount: -1 is less than 0")
    assert "dead_letters show 0:1:1" in fate


def test_what_nobody_handles_is_waited_for_until_the_deadline(group: ConsumerGroup) -> None:
    started = time.monotonic()
    done = published(group, *SOLD, "--deadline", "1")
    assert (done.returncode, done.stdout.splitlines()[0]) == (5, "0@0")
    assert "not handled yet: no consumer has claimed partition 0" in done.stdout
    store_partition(group, 1)
    group.database[PARTITION_STATUS].insert_one(
        {"_id": partition_id(group.topic, group.topic, 0), "caught_up_at": "never"}
    )
    done = published(group, *SOLD, "--deadline", "1")
    assert done.returncode == 5
    assert (
        "the next offset of partition 0 is 1, its owner host-1-x, everything up to never UTC is counted" in done.stdout
    )
    assert time.monotonic() - started < 60


def test_a_duplicate_says_which_event_counted(group: ConsumerGroup) -> None:
    store_partition(group, 1)
    at_ms = now_ms()
    store_letter(group, reason="duplicate", first={"p": 3, "i": "order-17", "t": at_ms, "k": 0, "o": 7, "g": 1})
    done = published(group, *SOLD)
    assert done.returncode == 3, done.stderr
    assert "duplicate: it is counted once, by the event of product 3 at 0@7:1" in done.stdout


def test_another_event_with_its_id_is_a_rejection(group: ConsumerGroup) -> None:
    store_partition(group, 1)
    first = {"p": 3, "i": "order-17", "t": now_ms(), "k": -1, "o": (5 << 44) + 9, "g": 1}
    store_letter(group, reason="event_id_conflict", first=first)
    done = published(group, *SOLD)
    assert done.returncode == 4, done.stderr
    assert "its id belongs to the event of product 3 at 5@9:1" in done.stdout


def test_a_generation_that_is_over_is_not_asked(group: ConsumerGroup) -> None:
    past = {"generation": 1, "first_offset": 0, "next_offset": 5, "topic_id": "of a topic that was deleted"}
    store_partition(group, 0, generation=2, past=[past])
    store_letter(group, generation=1)
    done = published(group, *SOLD, "--deadline", "1")
    assert done.returncode == 5, done.stdout
    store_letter(group, generation=2, detail="of this generation")
    done = script("events", group.environment(), "find", "--at", "0@0:2")
    assert "of this generation" in done.stdout


def test_a_topic_that_nobody_has_accepted_is_not_handled(group: ConsumerGroup) -> None:
    store_partition(group, 5, topic_id="of a topic that was deleted")
    store_letter(group)
    done = published(group, *SOLD, "--deadline", "1")
    assert done.returncode == 5, done.stdout
    assert "another topic or generation" in done.stdout


def test_what_is_neither_an_event_nor_a_letter_is_unknown(group: ConsumerGroup) -> None:
    store_partition(group, 5)
    done = published(group, *SOLD)
    assert done.returncode == 6, done.stderr
    assert "neither an event nor a dead letter" in done.stdout


def test_without_mongodb_it_is_unknown(group: ConsumerGroup) -> None:
    uri = "mongodb://127.0.0.1:1/?replicaSet=rs0"
    done = published(group, *SOLD, "--deadline", "5", MONGODB_URI=uri, MONGODB_TIMEOUT_MS="1000")
    assert (done.returncode, done.stdout.splitlines()[0]) == (6, "0@0")
    assert "unknown: Kafka holds the event, but MongoDB does not say what became of it" in done.stdout
    assert done.stderr.count("asking again until --deadline") == 1


def test_a_replayed_letter_is_counted(group: ConsumerGroup) -> None:
    store_partition(group, 1)
    identity = {"p": 3, "t": now_ms(), "k": -1, "o": Int64(0), "g": 1}
    store_letter(group, state="replayed", replayed_as=identity)
    done = published(group, *SOLD)
    assert done.returncode == 0, done.stderr
    assert "counted by a replay, after it was rejected as bad_amount: d: retention has dropped its day" in done.stdout
