"""Each dead letter gets its copy in the dead-letter topic, whatever its size, and none holds up the others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from consumer.dead_letters.copier import DeadLetterCopier
from consumer.dead_letters.record import RejectedMessage, rejected_document
from consumer.events.rejection import Rejection
from shared.documents import partition_id
from shared.events import Reason
from shared.settings import ConsumerSettings
from stack.waiting import wait_until
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.kafka.copies import copies
from tests.support.kafka.topic_config import set_topic
from tests.support.servers.interface import KafkaServer, MongoServer

NOW = datetime.now(UTC)
LARGE, SMALL = b"x" * 100_000, b"not json"


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as one:
        kafka.create_topic(f"{one.topic}-dlq", 1)
        yield one


def publish(events: ConsumerGroup, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers})
    for value in values:
        producer.produce(events.topic, value, b"k", partition=0, headers={"trace": b"t1"}, on_delivery=events.note)
        producer.poll(0)
    assert producer.flush(30) == 0


def waiting(events: ConsumerGroup) -> int:
    return events.database.rejected_events.count_documents({"copy_pending": True})


def wait_copied(events: ConsumerGroup) -> None:
    events.wait_handled()
    wait_until("all copies noted", lambda: waiting(events) == 0, 60)


def test_a_copy_holds_the_message_its_reason_and_its_source(events: ConsumerGroup) -> None:
    publish(events, SMALL, b"x" * 900_000)
    events.consumer(DEAD_LETTER_TOPIC=f"{events.topic}-dlq")
    wait_copied(events)
    (small, headers), (large, _) = sorted(
        copies(events.kafka, f"{events.topic}-dlq"), key=lambda one: len(one[0] or b"")
    )
    assert (small, headers["trace"], headers["dead-letter-reason"]) == (SMALL, b"t1", b"not_json")
    assert headers["dead-letter-topic"] == events.topic.encode()
    assert (headers["dead-letter-partition"], headers["dead-letter-offset"]) == (b"0", b"0")
    assert (headers["dead-letter-truncated"], headers["dead-letter-value-bytes"]) == (b"false", b"8")
    assert len(large or b"") == 900_000


def test_copies_that_the_topic_finds_too_large_are_cut_and_hold_up_none(events: ConsumerGroup) -> None:
    """More large letters than one round copies come before small ones. The whole messages stay in MongoDB."""
    dead_letters = f"{events.topic}-dlq"
    set_topic(events.kafka, dead_letters, max_message_bytes=20_000)
    larger, large, small = 510, 4, 30
    publish(events, *[b"y" * 30_000] * larger, *[LARGE] * large, *[SMALL] * small)
    events.consumer(DEAD_LETTER_TOPIC=dead_letters)
    wait_copied(events)
    found = list(copies(events.kafka, dead_letters))
    assert len({headers["dead-letter-offset"] for _, headers in found}) == larger + large + small
    cut = [headers for value, headers in found if value is None]
    assert {headers["dead-letter-truncated"] for headers in cut} == {b"true"}
    lengths = [headers["dead-letter-value-bytes"] for headers in cut]
    assert (lengths.count(b"30000"), lengths.count(b"100000")) == (larger, large)
    whole = [headers for value, headers in found if value == SMALL]
    assert len(whole) == small
    assert all((one["trace"], one["dead-letter-truncated"]) == (b"t1", b"false") for one in whole)
    kept = events.database.rejected_events.find({"reason": "too_large"})
    assert [(letter["value"], letter["truncated"]) for letter in kept] == [(LARGE, False)] * large


def test_a_copy_is_cut_no_more_than_the_topic_asks_for(events: ConsumerGroup) -> None:
    dead_letters = f"{events.topic}-dlq"
    set_topic(events.kafka, dead_letters, max_message_bytes=80_000)
    publish(events, LARGE)
    events.consumer(DEAD_LETTER_TOPIC=dead_letters)
    wait_copied(events)
    ((value, headers),) = copies(events.kafka, dead_letters)
    assert value == LARGE[: 64 * 1024]
    assert (headers["dead-letter-truncated"], headers["dead-letter-value-bytes"]) == (b"true", b"100000")


def test_a_topic_that_takes_no_copy_at_all_is_told_and_blocks_nothing(events: ConsumerGroup) -> None:
    dead_letters = f"{events.topic}-dlq"
    set_topic(events.kafka, dead_letters, max_message_bytes=100)
    publish(events, SMALL)
    consumer = events.consumer(DEAD_LETTER_TOPIC=dead_letters)
    wait_copied(events)
    (letter,) = events.database.rejected_events.find()
    assert (letter["copy_refused"], letter["value"]) == (True, SMALL)
    assert "max.message.bytes is too low" in consumer.output
    assert list(copies(events.kafka, dead_letters)) == []


def a_letter(events: ConsumerGroup, partition: int) -> dict[str, Any]:
    message = RejectedMessage(events.topic, 1, partition, 0, 0, None, SMALL, [])
    return rejected_document(message, Rejection(Reason.NOT_JSON), NOW, copy_pending=True)


@pytest.mark.parametrize(
    ("mine", "left"), [((1,), [2]), ((2,), [1, 7, 8]), ((), [1, 2, 7, 8])], ids=["first", "second", "none"]
)
def test_letters_of_partitions_that_nobody_holds_are_copied_by_the_holder_of_the_first_that_is(
    events: ConsumerGroup, mine: tuple[int, ...], left: list[int]
) -> None:
    """Partitions 1 and 2 are held, 7 was held until an hour ago, and 8 has never had a status."""
    for partition, age in ((1, 0), (2, 0), (7, 3600)):
        status = {"_id": partition_id("group", events.topic, partition), "at": NOW - timedelta(seconds=age)}
        events.database.partition_status.insert_one(status)
    events.database.rejected_events.insert_many([a_letter(events, partition) for partition in (1, 2, 7, 8)])
    settings = ConsumerSettings(
        kafka_bootstrap_servers=events.kafka.bootstrap_servers,
        kafka_topic=events.topic,
        group_id="group",
        dead_letter_topic=f"{events.topic}-dlq",
    )
    DeadLetterCopier(events.database, settings, lambda: mine, lambda: NOW).copy_round()
    pending = events.database.rejected_events.find({"copy_pending": True}).sort("_id.k", 1)
    assert [letter["_id"]["k"] for letter in pending] == left
