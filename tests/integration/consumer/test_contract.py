"""A real consumer stores what the contract's vectors say, and takes ids from a header where it is told to."""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, Message, Producer

from shared.documents import Document
from shared.mongo import SyncDatabase
from tests.support.documents.invariant import event_collections
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer
from tests.unit.consumer.events.test_contract import NOW_MS, VECTORS, as_vectors_write, comparable, digits, value_of

BY_THE_CLOCK = {"too_old", "from_the_future"}
"""Reasons that depend on when a consumer reads; the vectors' clock stands still."""
FIXED = [vector for vector in VECTORS if vector["expect"].get("rejected") not in BY_THE_CLOCK]
SOLD = {"event": "productSold", "name_of_product": "P", "product_id": 7, "no_of_units": 2, "amount": 1}

Headers = list[tuple[str, str | bytes | None]]
Place = tuple[int, int]


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path) as one:
        yield one


def published(group: ConsumerGroup, messages: list[tuple[bytes | None, Headers]]) -> list[Place]:
    """Publish values with their headers; returns the partition and the offset of each."""
    producer, places = Producer({"bootstrap.servers": group.kafka.bootstrap_servers}), dict[int, Place]()

    def note(number: int, error: KafkaError | None, message: Message) -> None:
        group.note(error, message)
        places[number] = (message.partition() or 0, message.offset() or 0)

    for number, (value, headers) in enumerate(messages):
        producer.produce(
            group.topic, value, partition=number % 4, timestamp=NOW_MS, headers=headers,
            on_delivery=partial(note, number),
        )  # fmt: skip
    assert producer.flush(30) == 0
    return [places[number] for number in range(len(messages))]


def stored_at(database: SyncDatabase) -> dict[Place, Document]:
    """Every raw event and every dead letter, by the partition and the offset of its message."""
    collections = [*event_collections(database), database.rejected_events]
    return {(one["_id"]["k"], one["_id"]["o"]): one for each in collections for one in each.find()}


def assert_stored(event: Document, expected: dict[str, Any]) -> None:
    """A raw event has what a vector expects of it, and nothing else."""
    given = {name: event[name] for name in ("event", "no_of_units", "category", "event_id") if name in event}
    assert given == {
        name: expected[name] for name in ("event", "no_of_units", "category", "event_id") if name in expected
    }
    assert event["_id"]["p"] == expected["product_id"]
    assert event["_id"]["t"] == expected.get("occurred_at_ms", NOW_MS)
    for name in ("amount", "rating"):
        assert (name in event) == (name in expected)
        assert name not in event or event[name].to_decimal() == Decimal(expected[name])
    extra = comparable(event.get("extra"))
    assert extra == as_vectors_write(extra, expected.get("extra"))
    assert digits(event.get("extra_json")) == digits(expected.get("extra_json"))


def test_each_vector_is_stored_as_it_says(events: ConsumerGroup) -> None:
    events.consumer(EVENT_RETENTION_DAYS="3650")
    places = published(events, [(value_of(vector), []) for vector in FIXED])
    events.wait_handled()
    events.check()
    stored = stored_at(events.database)
    for vector, place in zip(FIXED, places, strict=True):
        found = stored[place]
        if "rejected" in vector["expect"]:
            assert found.get("reason") == vector["expect"]["rejected"], vector["name"]
            assert found["value"] == value_of(vector)
        else:
            assert "reason" not in found, (vector["name"], found)
            assert_stored(found, vector["expect"]["accepted"])


def ids_of(group: ConsumerGroup, places: list[Place]) -> list[str | None]:
    """The id or the reason that is stored for each message, None for an event without an id."""
    stored = stored_at(group.database)
    return [stored[place].get("reason", stored[place].get("event_id")) for place in places]


HEADERS: list[tuple[dict[str, Any], Headers]] = [
    ({}, [("ce_id", "header-1")]),
    ({}, [("ce_id", "header-2"), ("other", "x"), ("ce_id", "header-3")]),
    ({"event_id": "own-1"}, [("ce_id", "header-4")]),
    ({"event_id": None}, [("ce_id", "header-5")]),
    ({}, [("CE_ID", "header-6")]),
    ({}, [("ce_id", None)]),
    ({}, []),
    ({}, [("ce_id", "ü" * 128)]),
    ({}, [("ce_id", "ü" * 129)]),
    ({}, [("ce_id", "")]),
    ({}, [("ce_id", b"\xff")]),
    ({"a.b": 1.5}, [("ce_id", "header-7")]),
    ({"event_id": ""}, [("ce_id", "header-8")]),
]


def test_the_last_header_of_the_name_gives_an_id_to_an_event_without_one(events: ConsumerGroup) -> None:
    events.consumer(EVENT_RETENTION_DAYS="3650", EVENT_ID_HEADER="ce_id")
    places = published(events, [(json.dumps(SOLD | more).encode(), headers) for more, headers in HEADERS])
    events.wait_handled()
    assert ids_of(events, places) == [
        "header-1", "header-3", "own-1", "header-5", None, None, None, "ü" * 128, "bad_event_id", "bad_event_id",
        "bad_event_id", "header-7", "bad_event_id",
    ]  # fmt: skip


def test_without_the_setting_no_header_is_an_id(events: ConsumerGroup) -> None:
    events.consumer(EVENT_RETENTION_DAYS="3650")
    places = published(events, [(json.dumps(SOLD | more).encode(), headers) for more, headers in HEADERS])
    events.wait_handled()
    assert ids_of(events, places) == [*[None] * 2, "own-1", *[None] * 9, "bad_event_id"]
