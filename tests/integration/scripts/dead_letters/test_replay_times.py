"""A replay judges a message's age by a clock that makes sense, whatever time the producer gave the record."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from shared.documents import DAY_MS
from tests.support.commands.audit import findings_of, script
from tests.support.documents.invariant import raw_events
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.kafka.topic_config import set_topic
from tests.support.servers.interface import KafkaServer, MongoServer

NOW_MS = now_ms()
SENSELESS = (-1, 1, NOW_MS // 1000, NOW_MS * 1000, NOW_MS * 10**6, 2**63 - 1, -62_135_596_800_001)
"""Times of records: none, the first one, now in seconds, microseconds and nanoseconds, and the ends of what there is.
(0 cannot be tried: Kafka's client takes it for "now".)"""


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as one:
        set_topic(kafka, one.topic, message_timestamp_after_max_ms=2**63 - 1)
        yield one


def published(events: ConsumerGroup, days_ago: int | None, *recorded_ms: int) -> None:
    """Publish a sale for each of these times of a record; with `days_ago` the sale has a time of its own."""
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers, "batch.num.messages": 1})
    event: dict[str, object] = {"event": "productSold", "name_of_product": "p", "product_id": 1, "no_of_units": 1}
    event["amount"] = 1
    if days_ago is not None:
        event["occurred_at"] = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    for time_ms in recorded_ms:
        producer.produce(events.topic, json.dumps(event).encode(), timestamp=time_ms, on_delivery=events.note)
    assert producer.flush(30) == 0


def rejected(events: ConsumerGroup, retention_days: int = 400) -> None:
    """Have a consumer reject all that was published."""
    consumer = events.consumer(EVENT_RETENTION_DAYS=str(retention_days))
    events.wait_handled()
    assert consumer.stop() == 0
    assert events.database.rejected_events.count_documents({}) == len(events.acknowledged)


def replay(events: ConsumerGroup) -> subprocess.CompletedProcess[str]:
    return script("dead_letters", events.environment(), "replay", "--all")


def test_letters_of_senseless_record_times_are_rejected_still_and_say_why(events: ConsumerGroup) -> None:
    """Also where retention has dropped days before: those are not why."""
    published(events, None, *SENSELESS)
    published(events, 500, *SENSELESS)
    rejected(events)
    today = NOW_MS // DAY_MS
    events.database.maintenance.update_one({"_id": "retention"}, {"$set": {"dropped_before": today - 402}}, upsert=True)
    done = replay(events)
    assert done.returncode == 1
    assert done.stderr.count("rejected still: too_old") == 4 + len(SENSELESS) + 1  # a line each, and their count
    assert done.stderr.count("rejected still: from_the_future") == 3 + 1
    assert "retention" not in done.stderr
    assert list(raw_events(events.database)) == []
    assert events.database.rejected_events.distinct("state") == ["new"]


def test_a_letter_of_a_senseless_record_time_is_replayed_once_its_own_time_is_accepted(events: ConsumerGroup) -> None:
    published(events, 2, *SENSELESS)
    consumer_keeps_one_day = 1
    rejected(events, consumer_keeps_one_day)
    done = replay(events)
    assert done.returncode == 0, done.stderr
    assert len(list(raw_events(events.database))) == len(SENSELESS)
    assert findings_of(events, events.database) == []


def test_no_event_is_replayed_into_a_day_that_retention_drops_within_the_hour(events: ConsumerGroup) -> None:
    """Its record is as old as the event, so it was not too old then; but nothing of that day is kept any more."""
    published(events, None, NOW_MS - 500 * DAY_MS)
    rejected(events)
    done = replay(events)
    assert done.returncode == 1
    assert "retention no longer keeps the day of its event" in done.stderr
    assert list(raw_events(events.database)) == []
