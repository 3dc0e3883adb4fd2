"""A real consumer counts an event once by its id or its header, and does what its settings say about ids."""

import subprocess
from pathlib import Path

from confluent_kafka import Producer

from shared.documents import EVENT_ID_SPARE_SECONDS, EVENT_IDS
from shared.event_id_window import read_window
from tests.support.commands.audit import audit, script
from tests.support.documents.writing import sold
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer

HEADER = {"EVENT_ID_HEADER": "ce_id"}


def publish(events: ConsumerGroup, *messages: tuple[bytes, list[tuple[str, str | bytes | None]]]) -> None:
    """Publish to partition 0, in order."""
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers})
    for value, headers in messages:
        producer.produce(events.topic, value=value, headers=headers, partition=0, on_delivery=events.note)
        assert producer.flush(30) == 0
    events.wait_handled()


def reasons(events: ConsumerGroup) -> list[tuple[int, str]]:
    found = events.database.rejected_events.find().sort("_id", 1)
    return [(letter["_id"]["o"], letter["reason"]) for letter in found]


def replay(events: ConsumerGroup, *arguments: str) -> subprocess.CompletedProcess[str]:
    return script("dead_letters", events.environment(**HEADER), "replay", *arguments)


def test_ids_in_fields_and_headers_and_a_replay_as_new(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        consumer = events.consumer(EVENT_ID_DAYS="3", **HEADER)
        ce_id: list[tuple[str, str | bytes | None]] = [("ce_id", b"a")]
        publish(events, (sold(event_id="a"), []), (sold(), ce_id), (sold(event_id="b"), ce_id), (sold(), []))
        publish(events, (sold(amount=2), ce_id))
        assert reasons(events) == [(1, "duplicate"), (4, "event_id_conflict")]
        window = read_window(events.database)
        assert window is not None
        assert window.days == 3
        assert (
            events.database[EVENT_IDS].index_information()["at"]["expireAfterSeconds"]
            == 3 * 86_400 + EVENT_ID_SPARE_SECONDS
        )
        left = replay(events, "--reason", "duplicate")
        assert (left.returncode, "rejected still: duplicate" in left.stderr) == (1, True)
        assert "0:0:1" in left.stderr
        done = replay(events, "0:1", "--as-new")
        assert (done.returncode, "1 replayed" in done.stderr) == (0, True), done.stderr
        assert audit(events.environment())["counts"] == {}
        assert consumer.stop() == 0


def test_without_days_both_count_and_the_window_is_forgotten(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        consumer = events.consumer(EVENT_ID_DAYS="0")
        publish(events, (sold(event_id="a"), []), (sold(event_id="a"), []))
        assert reasons(events) == []
        assert read_window(events.database) is None
        assert consumer.stop() == 0
