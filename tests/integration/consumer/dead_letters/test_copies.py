"""Each dead letter gets its copy in the dead-letter topic, whatever its size, and none holds up the others."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs

from consumer.dead_letters.copier import DeadLetterCopier
from consumer.dead_letters.record import KEEP_WHOLE_BYTES, RejectedMessage, rejected_document
from consumer.events.rejection import Rejection
from shared.documents import partition_id
from shared.events import Reason
from shared.settings import ConsumerSettings
from stack.waiting import wait_until
from tests.support.commands.audit import script
from tests.support.documents.invariant import raw_events
from tests.support.documents.writing import sold
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.kafka.copies import copies
from tests.support.kafka.raw_headers import publish_raw
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
    publish(events, SMALL, SMALL, SMALL)
    consumer = events.consumer(DEAD_LETTER_TOPIC=dead_letters)
    wait_copied(events)
    letters = list(events.database.rejected_events.find())
    assert [(letter["copy_refused"], letter["value"]) for letter in letters] == [(True, SMALL)] * 3
    assert consumer.output.count("max.message.bytes is too low") == 1
    assert list(copies(events.kafka, dead_letters)) == []


def test_headers_that_the_client_cannot_give_cost_no_event_and_are_missed_in_the_letter(events: ConsumerGroup) -> None:
    """A header's name may be any bytes; Kafka's client for Python raises for one that is not UTF-8."""
    names: list[tuple[bytes, bytes]] = [(b"trace", b"t1"), (b"caf\xe9", b"x"), (b"more", b"")]
    for value in (sold(), SMALL):
        publish_raw(events.kafka.bootstrap_servers, events.topic, value, names)
    events.consumer(DEAD_LETTER_TOPIC=f"{events.topic}-dlq")
    wait_until("both handled", lambda: events.handled == 2, 60)
    wait_until("its copy noted", lambda: waiting(events) == 0, 60)
    assert sum(1 for _ in raw_events(events.database)) == 1
    (letter,) = events.database.rejected_events.find()
    assert (letter["value"], letter["headers"]) == (SMALL, [])
    assert (letter["truncated"], letter["headers_left_out"], letter["value_bytes"]) == (True, 3, len(SMALL))
    ((copied, headers),) = copies(events.kafka, f"{events.topic}-dlq")
    assert (copied, headers["dead-letter-truncated"], headers["dead-letter-headers-left-out"]) == (SMALL, b"true", b"3")
    shown = script("dead_letters", events.environment(), "show", f"{letter['_id']['k']}:{letter['_id']['o']}").stdout
    assert "3 more are left out" in shown
    (exported,) = script("dead_letters", events.environment(), "export").stdout.splitlines()
    assert (json.loads(exported)["truncated"], json.loads(exported)["headers_left_out"]) == (True, 3)


def test_more_headers_than_the_client_shows_are_missed_in_the_letter(events: ConsumerGroup) -> None:
    """librdkafka gives up to 100,000 headers of a message, and none where there are more."""
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers, "compression.type": "gzip"})
    for value, count in ((SMALL, 150_000), (b"plain", 0), (b"most", 100_000), (old_sale(), 100_001)):
        headers: list[tuple[str, str | bytes | None]] = [("h", b"")] * count
        producer.produce(events.topic, value, partition=0, headers=headers, on_delivery=events.note)
        assert producer.flush(30) == 0
    consumer = events.consumer(DEAD_LETTER_TOPIC=f"{events.topic}-dlq", EVENT_RETENTION_DAYS="1")
    wait_copied(events)
    many, plain, most, old = events.database.rejected_events.find().sort("_id.o", 1)
    for letter in (many, old):
        assert (letter["headers"], letter["truncated"], letter["headers_left_out"]) == ([], True, None)
    assert [(letter["truncated"], len(letter["headers"])) for letter in (plain, most)] == [(False, 0), (False, 100_000)]
    copied = [headers for _, headers in copies(events.kafka, f"{events.topic}-dlq")]
    said = {int(headers["dead-letter-offset"]): headers.get("dead-letter-headers-left-out") for headers in copied}
    assert said == {0: b"unknown", 1: None, 2: b"100000", 3: b"unknown"}  # with its own, a copy would have too many
    assert consumer.stop() == 0
    assert "are left out" in script("dead_letters", events.environment(), "show", "0:0").stdout
    replayed = script("dead_letters", events.environment(), "replay", "0:3")
    assert replayed.returncode == 0, replayed.stderr
    assert sum(1 for _ in raw_events(events.database)) == 1


def test_they_are_missed_without_a_dead_letter_topic_too(events: ConsumerGroup) -> None:
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers})
    for count in (0, 150_000, 0):
        headers: list[tuple[str, str | bytes | None]] = [("h", b"")] * count
        producer.produce(events.topic, SMALL, partition=0, headers=headers, on_delivery=events.note)
    assert producer.flush(30) == 0
    events.consumer()
    letters = events.database.rejected_events
    wait_until("the mark", lambda: letters.count_documents({"truncated": True}) > 0, 60)
    events.wait_handled()
    assert [letter["truncated"] for letter in letters.find().sort("_id.o", 1)] == [False, True, False]


def old_sale() -> bytes:
    """A sale of three days ago."""
    return sold(at_ms=int((NOW - timedelta(days=3)).timestamp() * 1000))


def a_copier(events: ConsumerGroup, partitions: tuple[int, ...]) -> DeadLetterCopier:
    """A copier of a consumer that holds these partitions, with its thread not started."""
    settings = ConsumerSettings(
        kafka_bootstrap_servers=events.kafka.bootstrap_servers,
        kafka_topic=events.topic,
        group_id="group",
        dead_letter_topic=f"{events.topic}-dlq",
    )
    return DeadLetterCopier(events.database, settings, lambda: partitions, lambda: NOW)


def test_a_copy_that_fails_otherwise_is_made_again_and_is_not_counted_as_too_large(events: ConsumerGroup) -> None:
    """A compacted topic refuses messages without a key, whatever their size."""
    set_topic(events.kafka, f"{events.topic}-dlq", cleanup_policy="compact")
    letters = events.database.rejected_events
    letters.insert_many([a_letter(events, 0, offset) for offset in range(3)])
    copier = a_copier(events, (0,))
    with capture_logs() as logged:
        assert not copier.copy_round()
        assert not copier.copy_round()
    assert [(line["event"], line["letters"]) for line in logged] == [("dead letters wait to be copied", 3)]
    assert letters.count_documents({"copy_pending": True, "copy_refused": {"$exists": False}}) == 3
    set_topic(events.kafka, f"{events.topic}-dlq", cleanup_policy="delete")
    with capture_logs() as logged:
        wait_until("copies", lambda: copier.copy_round() or not waiting(events), 20)
    assert waiting(events) == 0
    assert [value for value, _ in copies(events.kafka, f"{events.topic}-dlq")] == [SMALL] * 3
    assert logged[-1]["event"] == "dead letters no longer wait to be copied"


def test_a_missing_topic_is_named_once_and_again_when_it_goes_missing_again(events: ConsumerGroup) -> None:
    dead_letters, letters = f"{events.topic}-dlq", events.database.rejected_events
    admin = AdminClient({"bootstrap.servers": events.kafka.bootstrap_servers})
    copier = a_copier(events, (0,))
    for attempt in range(2):
        admin.delete_topics([dead_letters])[dead_letters].result(20)
        letters.insert_many([a_letter(events, 0, offset) for offset in range(attempt * 5, attempt * 5 + 5)])
        with capture_logs() as logged:
            wait_until("its absence", lambda: not copier.copy_round() and bool(logged), 20)
            assert not copier.copy_round()
        (line,) = logged
        assert line["reason"].startswith(f"the topic {dead_letters} does not exist: create it, or unset")
        assert (line["event"], line["letters"]) == ("dead letters wait to be copied", 5)
        assert waiting(events) == 5
        events.kafka.create_topic(dead_letters, 1)
        wait_until("copies", lambda: copier.copy_round() or not waiting(events), 20)
    assert letters.count_documents({"copy_refused": True}) == 0


def test_a_round_holds_no_more_than_its_bytes_and_says_whether_more_can_be_copied(events: ConsumerGroup) -> None:
    """Ten letters of a mebibyte each come before a small one; a round stops when it holds more than eight."""
    letters = events.database.rejected_events
    sizes = [KEEP_WHOLE_BYTES] * 10 + [len(SMALL)]
    letters.insert_many([a_letter(events, 0, offset, b"x" * size) for offset, size in enumerate(sizes)])
    copier, left = a_copier(events, (0,)), []
    while copier.copy_round():
        left.append(waiting(events))
    assert left == [11 - 9, 0]
    assert len(list(copies(events.kafka, f"{events.topic}-dlq"))) == 11


def a_letter(events: ConsumerGroup, partition: int, offset: int = 0, value: bytes = SMALL) -> dict[str, Any]:
    message = RejectedMessage(events.topic, 1, partition, offset, 0, None, value, [])
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
    a_copier(events, mine).copy_round()
    pending = events.database.rejected_events.find({"copy_pending": True}).sort("_id.k", 1)
    assert [letter["_id"]["k"] for letter in pending] == left
