"""Partitions are claimed independently of each other, read from their stored offsets, and not while paused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.partitions.assignment import Assignment
from consumer.partitions.brokers import Brokers, PartitionState, consumer_config
from consumer.partitions.claimer import Claimer
from consumer.partitions.claims import PartitionClaims
from consumer.partitions.lease import Lease
from consumer.process.clocks import Clocks, utc_now
from consumer.process.outage import OutageBackoff
from scripts.publish.generated.generate import generate
from shared.errors import SourceUnavailable
from shared.settings import ConsumerSettings
from stack.waiting import wait_until
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.process import module
from tests.support.servers.interface import KafkaServer, MongoServer

SALE = b'{"event":"productSold","name_of_product":"p","product_id":1,"no_of_units":1,"amount":1}'


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path) as one:
        yield one


def claimed(events: ConsumerGroup) -> set[int]:
    return {one["_id"]["k"] for one in events.database.partitions.find({"epoch": {"$gt": 0}})}


def test_a_partition_whose_leader_is_away_delays_no_other(events: ConsumerGroup, tmp_path: Path) -> None:
    deaf = module("tests.support.programs.without_leader", tmp_path / "deaf.log", events.environment())
    with closing(deaf):
        deaf.start()
        wait_until("the other partitions claimed", lambda: claimed(events) == {1, 2, 3}, 15)
        events.publish(generate(count=300, products=20, seed=1))
        rest = sum(partition != 0 for partition, _ in events.acknowledged)
        wait_until("the other partitions read", lambda: events.handled == rest, 15)
        deaf.wait_for_output("a partition waits")
        assert "reading pauses" not in deaf.output
        assert deaf.stop() == 0
    events.consumer()
    events.wait_handled()
    events.check()


def test_marks_of_transactions_that_retention_took_are_no_loss(events: ConsumerGroup) -> None:
    producer = Producer(
        {"bootstrap.servers": events.kafka.bootstrap_servers, "transactional.id": events.topic, "linger.ms": 0}
    )
    producer.init_transactions(30)
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        for partition in range(4):
            producer.produce(events.topic, value=SALE, partition=partition)
        producer.flush(10)
        end(10)
    first = events.consumer()
    ends = {"next_offset": 1, "read_to": 4}  # a sale and its commit marker, an aborted sale and its abort marker
    wait_until("all that is to be read read", lambda: events.database.partitions.count_documents(ends) == 4, 30)
    assert first.stop() == 0
    admin = AdminClient({"bootstrap.servers": events.kafka.bootstrap_servers})
    everything = [TopicPartition(events.topic, partition, OFFSET_END) for partition in range(4)]
    for future in admin.delete_records(everything).values():
        future.result(10)
    second = events.consumer()
    wait_until("partitions claimed", lambda: second.output.count("partition claimed") == 4, 30)
    for partition in range(4):
        producer.begin_transaction()
        producer.produce(events.topic, value=SALE, partition=partition)
        producer.commit_transaction(10)
    wait_until("what followed read", lambda: events.database.partitions.count_documents({"next_offset": 5}) == 4, 30)
    assert "halted" not in second.output


def answer(brokers: Brokers) -> PartitionState:
    """Kafka's answer about partition 0, as soon as the new topic has a leader."""
    answers: list[PartitionState] = []

    def answered() -> bool:
        with suppress(SourceUnavailable):
            answers.append(brokers.ask(0).answer())
        return bool(answers)

    wait_until("an answer", answered, 20)
    return answers[0]


def test_a_topic_id_that_was_not_known_is_stored_once_it_is(events: ConsumerGroup) -> None:
    ids = []
    for check in (False, True, False):
        settings = ConsumerSettings(kafka_bootstrap_servers=events.kafka.bootstrap_servers, kafka_topic=events.topic)
        brokers = Brokers(settings.model_copy(update={"kafka_topic_id_check": check}), "claims")
        with events.database.client.start_session() as session:
            claims = PartitionClaims(events.database, brokers, "group", events.topic, "owner", dict(session.session_id))
            ids.append(claims.claim(0, answer(brokers)).topic_id)
    assert ids[0] == ""
    assert ids[1] == ids[2] != ""


def test_a_partition_claimed_while_reading_is_paused_is_not_read(events: ConsumerGroup) -> None:
    events.publish(generate(count=100, products=20, seed=1))
    settings = ConsumerSettings(kafka_bootstrap_servers=events.kafka.bootstrap_servers, group_id=events.topic)
    consumer = Consumer(consumer_config(settings, "paused") | {"enable.partition.eof": False})
    with ThreadPoolExecutor(1) as database_thread, closing(consumer):
        assignment = Assignment(consumer, events.topic, database_thread)
        assignment.subscribe()
        wait_until("an assignment", lambda: not consumer.consume(1, 0.1) and len(list(assignment)) == 4, 20)
        assignment.pause_reading()
        for assigned in assignment:
            assignment.start(assigned, Lease(assigned.partition, 1, 1, 0, read_from=0, topic_id=""))
        assert consumer.consume(100, 2.0) == []
        assignment.resume_reading()
        assert len(consumer.consume(100, 20.0)) > 0


def test_a_claim_judges_by_what_kafka_says_then_not_by_what_it_said_before_the_last(events: ConsumerGroup) -> None:
    events.publish(generate(count=100, products=20, seed=1))
    settings = ConsumerSettings(kafka_bootstrap_servers=events.kafka.bootstrap_servers, kafka_topic=events.topic)
    consumer = Consumer(consumer_config(settings, "claims") | {"group.id": events.topic})
    clocks, database = Clocks(events.database, utc_now), events.database
    session = database.client.start_session()
    with ThreadPoolExecutor(1) as database_thread, closing(consumer), session:
        claims = PartitionClaims(
            database, Brokers(settings, "claims"), "group", events.topic, "owner", dict(session.session_id)
        )
        assignment = Assignment(consumer, events.topic, database_thread)
        claimer = Claimer(database, clocks, claims, assignment, OutageBackoff(), database_thread)
        assignment.subscribe()

        def all_judged() -> bool:
            consumer.consume(1, 0.05)
            claimer.advance()
            return [one.lease is not None or bool(one.halted) for one in assignment] == [True] * 4

        wait_until("all claimed", all_judged, 30)
        assert len(assignment.leased()) == 4
        admin = AdminClient({"bootstrap.servers": events.kafka.bootstrap_servers})
        everything = [TopicPartition(events.topic, partition, OFFSET_END) for partition in range(4)]
        for future in admin.delete_records(everything).values():
            future.result(10)
        for assigned in assignment:
            assignment.suspend(assigned, claim_at=0.0)
        wait_until("all claimed again", all_judged, 30)
        assert assignment.leased() == []
