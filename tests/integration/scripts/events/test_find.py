"""`events find` of a real group: an event or a dead letter is found wherever it is, and nothing is written anywhere."""

import json
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from bson.int64 import Int64
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from scripts.common.fates.places import Place
from shared.documents import Document, event_collection, partition_id, rejected_id
from tests.support.commands.audit import script
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer

LOST = 3
"""So many messages at the beginning of partition 0 are deleted from Kafka after they were stored."""


class Published(NamedTuple):
    """A group that has handled everything, and the places of its messages by their keys."""

    group: ConsumerGroup
    places: dict[str, Place]


def sale(product: int, amount: str, days_ago: float = 0, event_id: str | None = None) -> bytes:
    event = {"event": "productSold", "name_of_product": "x", "product_id": product, "no_of_units": 1, "amount": amount}
    event["occurred_at"] = f"{datetime.now(UTC) - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps(event | ({"event_id": event_id} if event_id else {})).encode()


@pytest.fixture(scope="module")
def published(kafka: KafkaServer, mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with consumer_group(kafka, mongo, tmp_path_factory.mktemp("find"), partitions=2) as group:
        places: dict[str, Place] = {}
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})

        def send(key: str, value: bytes, partition: int) -> None:
            def note(error: Any, message: Any) -> None:
                group.note(error, message)
                places[key] = Place(message.partition(), message.offset())

            headers: dict[str, str | bytes | None] = {"trace": b"abc-" + key.encode()}
            producer.produce(group.topic, value, key, partition=partition, headers=headers, on_delivery=note)
            assert producer.flush(20) == 0

        for number in range(LOST):
            send(f"lost-{number}", sale(5, "1", days_ago=number), 0)
        send("bad", b"not json", 0)
        send("order", sale(3, "249.90", event_id="order-17"), 0)
        for number in range(20):
            send(f"many-{number}", sale(7, str(number), days_ago=number / 4), 1)
        consumer = group.consumer()
        group.wait_handled()
        assert consumer.stop() == 0
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        end = TopicPartition(group.topic, 0, LOST)
        admin.delete_records([end])[end].result(20)
        yield Published(group, places)


def find(published: Published, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return script("events", published.group.environment(**environment), "find", *arguments)


def found(published: Published, *arguments: str, code: int = 0, **environment: str) -> list[dict[str, Any]]:
    done = find(published, *arguments, "--json", **environment)
    assert done.returncode == code, done.stderr
    findings: list[dict[str, Any]] = json.loads(done.stdout)["found"]
    return findings


def stored_at(published: Published, place: Place) -> Document:
    names = published.group.database.list_collection_names(filter={"name": {"$regex": "^events_"}})
    chosen = {"_id.k": place.partition, "_id.o": place.offset}
    (event,) = (each for name in names for each in published.group.database[name].find(chosen))
    return event


def test_an_event_is_found_at_its_place_with_its_headers(published: Published) -> None:
    place = published.places["order"]
    (one,) = found(published, "--at", str(place))
    assert (one["place"], one["fate"]) == (f"{place}:1", "counted")
    assert one["event"]["document"]["amount"] == "249.900000"
    identity = one["event"]["document"]["_id"]
    assert one["event"]["collection"] == event_collection(identity["t"])
    assert stored_at(published, place)["_id"] == identity
    message = one["message"]
    assert b64decode(message["key_base64"]) == b"order"
    assert [(name, b64decode(value)) for name, value in message["headers"]] == [("trace", b"abc-order")]
    shown = find(published, "--at", f"{place}:1")
    assert shown.returncode == 0
    for text in ("counted: ", "header     trace: abc-order", "key        order", '"249.900000"', "recorded "):
        assert text in shown.stdout


def test_a_dead_letter_is_found_by_place_and_by_key(published: Published) -> None:
    place = published.places["bad"]
    for arguments in (("--at", str(place)), ("--at", f"{place.partition}:{place.offset}:1"), ("--key", "bad")):
        (one,) = found(published, *arguments)
        assert (one["fate"], one["letter"]["reason"]) == ("rejected", "not_json")
        assert b64decode(one["letter"]["value"]) == b"not json"
        assert b64decode(one["message"]["value_base64"]) == b"not json"
    assert "not_json" in find(published, "--at", str(place)).stdout


def test_what_kafka_has_lost_is_found_by_a_scan_that_says_so(published: Published) -> None:
    for number in range(LOST):
        done = find(published, "--at", f"0@{number}")
        assert done.returncode == 0, done.stderr
        assert "counted: " in done.stdout
        assert "Kafka holds it no more" in done.stdout
        assert "every stored event is looked at" in done.stderr


def test_a_scan_that_runs_out_of_time_says_what_it_left_out(published: Published) -> None:
    done = find(published, "--at", "0@0:1", "--no-kafka", "--seconds", "0.1", MONGODB_TIMEOUT_MS="10000")
    if done.returncode == 3:
        assert "not searched to the end within 0.1 s" in done.stderr
        assert "nothing was found so far" in done.stderr
    else:
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("place", "why"), [("0@5000", "ends at offset"), ("99@0", "Kafka did not answer")])
def test_what_is_nowhere_is_not_found(published: Published, place: str, why: str) -> None:
    done = find(published, "--at", place)
    assert done.returncode == 1
    assert why in done.stdout
    assert "not handled yet" in done.stdout
    assert "nothing was found" in done.stderr


def test_the_latest_events_of_a_product(published: Published) -> None:
    latest = found(published, "--product", "7", "--last", "6")
    assert [each["event"]["document"]["amount"] for each in latest] == [f"{number}.000000" for number in range(6)]
    assert len({each["event"]["collection"] for each in latest}) > 1
    assert all(each["message"] for each in latest)
    assert found(published, "--product", "12345", code=1) == []


def test_an_event_is_found_by_its_id_with_and_without_the_window(published: Published) -> None:
    place, database = published.places["order"], published.group.database
    event = stored_at(published, place)
    assert event["event_id"] == "order-17"
    for product in (("--product", "3"), ()):
        (one,) = found(published, "--event-id", "order-17", *product)
        assert one["place"] == f"{place}:1"
    assert found(published, "--event-id", "order-17", "--product", "4", code=1) == []
    assert found(published, "--event-id", "order-1", code=1) == []
    ids = database["event_ids"]
    known = {"_id": {"p": 3, "i": "order-17"}, **{name: event["_id"][name] for name in "tkog"}}
    if ids.find_one({"_id": known["_id"]}) is None:
        ids.insert_one(known)
    for product in (("--product", "3"), ()):
        (one,) = found(published, "--event-id", "order-17", *product)
        assert one["event"]["document"]["event_id"] == "order-17"


def test_an_id_that_is_known_hides_no_other_event_with_it(published: Published) -> None:
    """An event from before the window, one of another product, and one that was counted in spite of its id."""
    first = stored_at(published, published.places["order"])
    database, day = published.group.database, event_collection(first["_id"]["t"])
    database["event_ids"].replace_one(
        {"_id": {"p": 3, "i": "order-17"}}, {name: first["_id"][name] for name in "tkog"}, upsert=True
    )
    others = [first | {"_id": first["_id"] | {"p": product, "o": Int64(4_000 + product)}} for product in (3, 4)]
    database[day].insert_many(others)
    try:
        for product, amount in ((("--product", "3"), 2), ((), 3)):
            findings = found(published, "--event-id", "order-17", "--no-kafka", *product)
            assert {each["place"] for each in findings} >= {f"{published.places['order']}:1", "0@4003:1"}
            assert len(findings) == amount
        done = find(published, "--event-id", "order-17", "--product", "3", "--no-kafka")
        assert "rejected for other reasons are not found by their id: --key or --at" in done.stderr
    finally:
        database[day].delete_many({"_id": {"$in": [each["_id"] for each in others]}})


def test_a_duplicate_names_the_event_that_counted(published: Published) -> None:
    group = published.group
    first = stored_at(published, published.places["order"])["_id"]
    identity = rejected_id(group.topic, 1, 1, 3_000)
    group.database.rejected_events.insert_one(
        {
            "_id": identity,
            "reason": "duplicate",
            "detail": "d",
            "state": "new",
            "rejected_at": datetime.now(UTC),
            "timestamp_ms": Int64(0),
            "key": b"again",
            "value": b"{}",
            "headers": [],
            "truncated": False,
            "first": {"p": first["p"], "i": "order-17", **{name: first[name] for name in "tkog"}},
        }
    )
    try:
        (letter,) = found(published, "--key", "again", code=0)
        assert (letter["fate"], letter["first"]["document"]["_id"]) == ("duplicate", first)
        assert f"the event of product 3 at {published.places['order']}:1" in letter["explanation"]
        both = found(published, "--event-id", "order-17", "--product", "3")
        assert [each["fate"] for each in both] == ["counted", "duplicate"]
    finally:
        group.database.rejected_events.delete_one({"_id": identity})


def test_messages_are_found_by_key_within_a_bound_that_is_said(published: Published) -> None:
    (one,) = found(published, "--key", "many-3")
    assert (one["fate"], one["event"]["document"]["amount"]) == ("counted", "3.000000")
    bounded = find(published, "--key", "many-3", "--records", "10")
    assert bounded.returncode == 3
    assert "the latest 7 were searched" in bounded.stderr
    assert "--records searches more" in bounded.stderr


def test_each_generation_is_told_apart(published: Published) -> None:
    """The partition's topic was made anew under generation 2, which has not come as far as generation 1 had."""
    group, place = published.group, published.places["order"]
    identity = {"_id": partition_id(group.topic, group.topic, place.partition)}
    before = group.database.partitions.find_one(identity)
    assert before is not None
    past = {name: before[name] for name in ("generation", "first_offset", "next_offset", "topic_id")}
    new = {"generation": 2, "first_offset": Int64(0), "next_offset": Int64(1), "topic_id": before["topic_id"]}
    group.database.partitions.update_one(identity, {"$set": new | {"past": [past | {"topic_id": "of another topic"}]}})
    try:
        present, earlier = found(published, "--at", str(place), "--seconds", "20")
        assert (present["place"], present["fate"]) == (f"{place}:2", "waiting")
        assert (earlier["place"], earlier["fate"]) == (f"{place}:1", "counted")
        assert earlier["message"] is None
        (waiting,) = found(published, "--at", f"{place}:2")
        assert waiting["fate"] == "waiting"
    finally:
        group.database.partitions.replace_one(identity, before)


def test_without_kafka_mongodb_is_still_searched(published: Published) -> None:
    place = published.places["order"]
    done = find(published, "--event-id", "order-17", "--product", "3", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert "Kafka did not answer" in done.stdout
    assert "counted: " in done.stdout
    (one,) = found(published, "--at", str(place), "--no-kafka")
    assert (one["fate"], one["message"]) == ("counted", None)


def test_without_mongodb_it_says_so(published: Published) -> None:
    done = find(published, "--product", "3", MONGODB_URI="mongodb://127.0.0.1:1/?replicaSet=rs0")
    assert done.returncode in (1, 3)
    assert "MongoDB does not answer" in done.stderr


def test_nothing_is_written(published: Published) -> None:
    """MongoDB's own counters of writes stand still, and Kafka knows no group of the command's."""
    group = published.group

    def writes() -> tuple[Any, ...]:
        counters = group.database.client.admin.command("serverStatus")["opcounters"]
        return tuple(counters[name] for name in ("insert", "delete"))

    def contents() -> dict[str, list[Document]]:
        return {name: list(group.database[name].find()) for name in group.database.list_collection_names()}

    before, stored = writes(), contents()
    for arguments in (("--at", "0@4"), ("--event-id", "order-17"), ("--product", "7"), ("--key", "many-3")):
        assert find(published, *arguments).returncode == 0
    assert (writes(), contents()) == (before, stored)
    admin = AdminClient({"bootstrap.servers": group.kafka.bootstrap_servers})
    groups = {one.group_id for one in admin.list_consumer_groups(request_timeout=10).result(20).valid}
    assert f"{group.topic}-events" not in groups


def test_a_product_s_events_are_read_by_a_range(published: Published) -> None:
    """The command's own query looks at the events that it shows and at no other product's."""
    from scripts.events.budget import Budget
    from scripts.events.stored import Stored

    database = published.group.database
    database.command("profile", 2)
    try:
        assert len(Stored(database, published.group.topic, Budget(10)).of_product(5, {}, 10)) == LOST
    finally:
        database.command("profile", 0)
    asked = [
        each
        for each in database["system.profile"].find({"op": {"$in": ["query", "getmore"]}})
        if "events_" in each["ns"]
    ]
    assert asked
    assert sum(each.get("docsExamined", 0) for each in asked) <= LOST + len(asked)
    database["system.profile"].drop()
