"""The consumer as a process, on a real Kafka and MongoDB, handles each message once, whatever is published."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from scripts.publish.generated.generate import generate
from shared.documents import EVENT_COLLECTION_OPTIONS, event_collection
from shared.mongo import ensure_event_collection
from stack.waiting import wait_until
from tests.support.documents.as_of import AsOfWatch
from tests.support.documents.invariant import raw_events
from tests.support.documents.writing import rated, sold
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.kafka.topic_config import set_topic
from tests.support.servers.interface import KafkaServer, MongoServer


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path) as one:
        yield one


def test_every_message_is_an_event_or_a_dead_letter_with_the_expected_reason(events: ConsumerGroup) -> None:
    messages = list(generate(count=5_000, products=50, seed=1, invalid=0.2))
    consumer = events.consumer()
    events.publish(messages)
    events.wait_handled()
    events.check()
    expected = Counter(message.expected for message in messages if isinstance(message.expected, str))
    assert Counter(one["reason"] for one in events.database.rejected_events.find()) == expected
    assert consumer.stop() == 0


def test_events_of_many_days_go_to_clustered_collections_of_their_days(events: ConsumerGroup) -> None:
    spread = 3 * 86_400
    events.consumer()
    events.publish(generate(count=500, products=5, seed=2, spread_seconds=spread, now_ms=now_ms()))
    events.wait_handled()
    events.check()
    days = [one for one in events.database.list_collections() if one["name"].startswith("events_")]
    assert len(days) >= 3
    for day in days:
        assert day["options"]["clusteredIndex"]["key"] == EVENT_COLLECTION_OPTIONS["clusteredIndex"]["key"]


def test_a_message_of_17_mb_is_a_dead_letter_that_says_what_was_cut(events: ConsumerGroup) -> None:
    set_topic(events.kafka, events.topic, max_message_bytes=20_000_000)
    consumer = events.consumer()
    events.publish(generate(count=100, products=5, seed=3))
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers, "message.max.bytes": 20_000_000})
    value = b"z" * 17_000_000
    producer.produce(events.topic, value=value, partition=0, on_delivery=events.note)
    assert producer.flush(30) == 0
    events.publish(generate(count=100, products=5, seed=4))
    events.wait_handled()
    events.check()
    (letter,) = events.database.rejected_events.find()
    assert (letter["reason"], letter["truncated"], letter["value_bytes"]) == ("too_large", True, len(value))
    assert letter["value_sha256"] == hashlib.sha256(value).digest()
    assert len(letter["value"]) == 64 * 1024
    assert consumer.stop() == 0


def test_one_event_that_mongodb_alone_refuses_becomes_a_dead_letter(events: ConsumerGroup) -> None:
    """An operator has added a validator that refuses it. The other events of the batch are stored."""
    events.consumer()
    events.publish(generate(count=100, products=5, seed=3))
    events.wait_handled()
    at_ms = now_ms()
    ensure_event_collection(events.database, event_collection(at_ms))
    validator = {"name_of_product": {"$ne": "refuse me"}}
    events.database.command("collMod", event_collection(at_ms), validator=validator)
    messages = list(generate(count=200, products=5, seed=4))
    messages[100] = messages[100]._replace(value=rated("refuse me", at_ms), expected="refused_by_database")
    events.publish(messages)
    events.wait_handled()
    events.check()
    assert [one["reason"] for one in events.database.rejected_events.find()] == ["refused_by_database"]


def test_partitions_added_while_running_are_read(events: ConsumerGroup) -> None:
    events.consumer()
    events.publish(generate(count=200, products=20, seed=5))
    events.wait_handled()
    admin = AdminClient({"bootstrap.servers": events.kafka.bootstrap_servers})
    admin.create_partitions([NewPartitions(events.topic, 6)])[events.topic].result(10)
    wait_until("the new partitions claimed", lambda: events.database.partitions.count_documents({}) == 6, 30)
    events.publish(generate(count=2_000, products=100, seed=6))
    events.wait_handled()
    events.check()
    assert {partition for partition, _ in events.acknowledged} == set(range(6))


def test_as_of_never_claims_what_is_not_stored(events: ConsumerGroup) -> None:
    """It is withheld while the consumer reads a backlog, stands still, and while a batch is on its way."""
    events.publish(generate(count=10_000, products=50, seed=1, invalid=0.02))
    watch = AsOfWatch(events.mongo.uri, events.topic)
    watch.start()
    consumer = events.consumer(BATCH_MAX_EVENTS="500")
    load = Thread(target=lambda: events.publish(generate(count=8_000, products=50, seed=2), rate=500))
    load.start()
    for goal in (12_000, 14_000, 16_000):
        wait_until("messages published", partial(published, events, goal), 60)
        consumer.freeze()
        wait_until("more published", partial(published, events, goal + 500), 60)
        consumer.thaw()
    load.join()
    ended = datetime.now(UTC)
    events.wait_handled()
    late = {"caught_up_at": {"$gt": ended}}
    wait_until("as-of", lambda: events.database.partition_status.count_documents(late) == 4, 30)
    # On a busy machine few were made under the load; some twenty show that the watch looks at what it should.
    wait_until("as-of to be claimed more often", lambda: watch.claims > 20, 30)
    watch.stop()
    assert watch.lies(events.acknowledgements) == []
    events.check()


def published(events: ConsumerGroup, messages: int) -> bool:
    """Whether Kafka has acknowledged so many messages."""
    return len(events.acknowledged) >= messages


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_an_open_transaction_withholds_as_of_unless_its_records_count_at_once(
    events: ConsumerGroup, isolation: str
) -> None:
    """A sale in a Kafka transaction, then one that another producer sells behind it, which Kafka acknowledges."""
    consumer = events.consumer(KAFKA_ISOLATION_LEVEL=isolation)
    statuses = events.database.partition_status
    wait_until("as-of", lambda: statuses.count_documents({"caught_up_at": {"$exists": True}}) == 4, 30)
    producer = Producer({"bootstrap.servers": events.kafka.bootstrap_servers, "transactional.id": events.topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(events.topic, value=sold(), partition=0)
    assert producer.flush(10) == 0
    plain = Producer({"bootstrap.servers": events.kafka.bootstrap_servers})
    plain.produce(events.topic, value=sold(), partition=0)
    assert plain.flush(10) == 0
    acknowledged = datetime.now(UTC)
    free = {"held_back_since": {"$exists": False}}
    if isolation == "read_committed":
        held = {"_id.k": 0, "lag": 2, "held_back_since": {"$exists": True}, "caught_up_at": {"$lt": acknowledged}}
        wait_until("a hold", lambda: statuses.count_documents(held) == 1, 30)
        later = {"_id.k": {"$ne": 0}, "caught_up_at": {"$gt": acknowledged}, "lag": 0, **free}
        wait_until("as-of of the others", lambda: statuses.count_documents(later) == 3, 30)
        assert statuses.count_documents(held) == 1
        assert len(list(raw_events(events.database))) == 0
        assert "held back by an open transaction" in consumer.output
    else:
        wait_until("both counted", lambda: len(list(raw_events(events.database))) == 2, 30)
        later = {"caught_up_at": {"$gt": acknowledged}, "lag": 0, **free}
        wait_until("as-of", lambda: statuses.count_documents(later) == 4, 30)
    producer.commit_transaction(10)
    committed = datetime.now(UTC)
    after = {"caught_up_at": {"$gt": committed}, "lag": 0, **free}
    wait_until("as-of again", lambda: statuses.count_documents(after) == 4, 30)
    assert len(list(raw_events(events.database))) == 2
    assert ("held back" in consumer.output) == (isolation == "read_committed")
    assert consumer.stop() == 0


def test_aborted_transactions_are_skipped_and_the_gaps_do_no_harm(events: ConsumerGroup) -> None:
    producer = Producer(
        {"bootstrap.servers": events.kafka.bootstrap_servers, "transactional.id": events.topic, "linger.ms": 0}
    )
    producer.init_transactions(30)
    event = b'{"event":"productSold","name_of_product":"p","product_id":%d,"no_of_units":1,"amount":1}'
    for number in range(10):
        producer.begin_transaction()
        for product in range(5):
            producer.produce(events.topic, value=event % (1 + number % 2), key=b"%d" % product)
        producer.flush(10)
        if number % 2:
            producer.abort_transaction(10)
        else:
            producer.commit_transaction(10)
    events.consumer()
    wait_until("the committed events stored", lambda: len(list(raw_events(events.database))) == 25, 30)
    assert events.database.products.distinct("_id.p") == [1]
    wait_until(
        "all partitions caught up",
        lambda: events.database.partition_status.count_documents({"caught_up_at": {"$exists": True}, "lag": 0}) == 4,
        15,
    )
