"""An audit finds nothing where nothing is wrong, also while consumers run."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from scripts.publish.generated.generate import generate
from stack.waiting import wait_until
from tests.integration.scripts.audit.corrupting import assert_exactly
from tests.integration.scripts.audit.test_corrupt_events import lose_an_event
from tests.support.commands.audit import audit, findings_of
from tests.support.documents.invariant import raw_events
from tests.support.kafka.consumer_group import consumer_group, now_ms
from tests.support.kafka.load import ENDLESS, under_load
from tests.support.servers.interface import KafkaServer, MongoServer


def test_audits_while_consumers_run_find_nothing(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=6) as events:
        messages = generate(count=ENDLESS, products=100, seed=3, invalid=0.02, spread_seconds=100_000, now_ms=now_ms())
        events.consumer()
        events.consumer()
        read = 0
        with under_load(events, messages):
            for _ in range(2):
                so_far = read
                wait_until("more events", lambda: events.handled > so_far, 60)  # noqa: B023  # called at once
                report = audit(events.environment())
                assert report["ok"], report["findings"][:5]
                assert report["events"] + report["dead_letters"] > read
                read = report["events"] + report["dead_letters"]
            with monkeypatch.context() as patched:
                # so that each day is read from a new snapshot
                patched.setattr("scripts.audit.reading.snapshot.RENEW_SECONDS", -1.0)
                assert findings_of(events, events.database) == []
        events.wait_handled()
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
        assert report["events"] + report["dead_letters"] == len(events.acknowledged)
        assert report["unverifiable"] == {}


def test_a_second_group_rebuilds_everything_but_verdicts_that_depend_on_time(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        spread = 3 * 86_400
        events.publish(generate(count=2_000, products=9, seed=4, invalid=0.05, spread_seconds=spread, now_ms=now_ms()))
        consumer = events.consumer(EVENT_RETENTION_DAYS="2")
        events.wait_handled()
        assert consumer.stop() == 0
        second = f"{events.topic}-second"
        other = events.environment(MONGODB_DATABASE=second, GROUP_ID=second)
        reader = events.consumer(MONGODB_DATABASE=second, GROUP_ID=second)
        copy = events.database.client[second]
        wait_until(
            "everything read",
            lambda: sum(document["next_offset"] for document in copy.partitions.find()) == events.handled,
            60,
        )
        assert reader.stop() == 0
        assert audit(other)["ok"]
        report = audit(events.environment(), "--compare", second)
        assert report["ok"], report["findings"][:5]
        first, again = (
            database.rejected_events.count_documents({"reason": "too_old"}) for database in (events.database, copy)
        )
        assert len(report["verdicts_by_time"]) == first - again > 0
        assert report["equal_events"] == len(list(raw_events(events.database)))

        (day, *_) = sorted(name for name in copy.list_collection_names() if name.startswith("events_"))[-2:]
        sale = copy[day].find_one({"event": "productSold"})
        assert sale is not None
        copy[day].delete_one({"_id": sale["_id"]})
        differs = audit(events.environment(), "--compare", second)
        assert differs["counts"] == {"groups_differ": 1}
        assert differs["findings"][0]["offset"] == sale["_id"]["o"]


def test_gaps_that_kafka_leaves_are_lawful_and_a_loss_between_them_is_found(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": events.topic})
        producer.init_transactions(30)
        for number in range(6):
            producer.begin_transaction()
            for message in generate(count=20, products=3, seed=number, now_ms=now_ms()):
                producer.produce(events.topic, key=message.key, value=message.value)
            if number % 2:
                producer.abort_transaction(10)
            else:
                producer.commit_transaction(10)
        consumer = events.consumer()
        wait_until("the committed events", lambda: len(list(raw_events(events.database))) == 60, 60)
        assert consumer.stop() == 0
        assert findings_of(events, events.database) == []
        wanted = lose_an_event(events.database)
        assert_exactly(wanted, [finding.as_json() for finding in findings_of(events, events.database)])
