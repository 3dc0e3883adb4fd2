"""An audit finds nothing where nothing is wrong, while consumers run too, and finds and names whatever is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from confluent_kafka import Producer

from scripts._generate import generate
from shared.documents import EVENTS_PREFIX, Document, event_collection
from shared.mongo import SyncDatabase
from stack.waiting import wait_until
from tests.support.audit import audit, findings_of, script
from tests.support.invariant import check_aggregates, raw_events
from tests.support.pipeline import Pipeline, now_ms, pipeline
from tests.support.servers import KafkaServer, MongoServer

DAYS = 3


@pytest.fixture(scope="module")
def stored(kafka: KafkaServer, mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """2,500 events of three days with some dead letters, stored by a consumer that has ended."""
    with pipeline(kafka, mongo, tmp_path_factory.mktemp("stored")) as one:
        consumer = one.consumer()
        spread = (DAYS - 1) * 86_400
        one.publish(generate(count=2_500, products=15, seed=5, invalid=0.02, spread_seconds=spread, now_ms=now_ms()))
        one.wait_handled()
        assert consumer.stop() == 0
        yield one


def test_audits_while_consumers_run_find_nothing(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pipeline(kafka, mongo, tmp_path, partitions=6) as events:
        enough = Event()
        messages = generate(count=100_000, products=100, seed=3, invalid=0.02, spread_seconds=100_000, now_ms=now_ms())
        until_enough = takewhile(lambda _: not enough.is_set(), messages)
        load = Thread(target=lambda: events.publish(until_enough, rate=1_000))
        events.consumer()
        events.consumer()
        load.start()
        wait_until("a first event", lambda: events.handled > 0, 60)
        read = 0
        for _ in range(2):
            report = audit(events.environment())
            assert report["ok"], report["findings"][:5]
            assert report["events"] > read, "no load"
            read = report["events"]
        with monkeypatch.context() as patched:
            patched.setattr("scripts._audit.snapshot.RENEW_SECONDS", -1.0)  # a moment of its own for each day
            assert findings_of(events, events.database) == []
        enough.set()
        load.join()
        events.wait_handled()
        report = audit(events.environment())
        assert report["ok"], report["findings"][:5]
        assert report["events"] + report["dead_letters"] == len(events.acknowledged)
        assert report["unverifiable"] == {}


Corrupt = Callable[[SyncDatabase], dict[str, Any]]
"""Damages a database; returns fields that one finding must have."""


def an_event(database: SyncDatabase, **query: Any) -> tuple[str, Document]:
    """The middle one of those that match, and its collection."""
    for name in sorted(database.list_collection_names(filter={"name": {"$regex": f"^{EVENTS_PREFIX}"}})):
        found = list(database[name].find(query))
        if found:
            return name, found[len(found) // 2]
    raise AssertionError("no such event")


def a_rollup(database: SyncDatabase) -> Document:
    """One with sales and ratings."""
    found = list(database.rollups.find({"sales": {"$gt": 0}, "ratings": {"$gt": 0}}))
    return found[len(found) // 2]


def lose_an_event(database: SyncDatabase) -> dict[str, Any]:
    name, event = an_event(database)
    database[name].delete_one({"_id": event["_id"]})
    place = event["_id"]
    return {"kind": "lost", "partition": place["k"], "offset": place["o"], "product": place["p"]}


def double_an_event(database: SyncDatabase) -> dict[str, Any]:
    name, event = an_event(database)
    place = event["_id"]
    database[name].insert_one(event | {"_id": place | {"t": place["t"] ^ 1}})
    return {"kind": "duplicate", "partition": place["k"], "offset": place["o"], "product": place["p"]}


def reject_an_event(database: SyncDatabase) -> dict[str, Any]:
    """An event that is a dead letter too."""
    _, event = an_event(database)
    letter = database.rejected_events.find_one()
    assert letter is not None
    place = event["_id"]
    identity = letter["_id"] | {"k": place["k"], "o": place["o"]}
    database.rejected_events.insert_one(letter | {"_id": identity})
    return {"kind": "raw_and_rejected", "partition": place["k"], "offset": place["o"]}


def lose_a_dead_letter(database: SyncDatabase) -> dict[str, Any]:
    letter = database.rejected_events.find_one_and_delete({})
    assert letter is not None
    return {"kind": "lost", "partition": letter["_id"]["k"], "offset": letter["_id"]["o"]}


def a_cent(path: str) -> Corrupt:
    """A cent less at one level of a product's hour."""

    def corrupt(database: SyncDatabase) -> dict[str, Any]:
        rollup = a_rollup(database)
        block = next(number for number, one in rollup["b"].items() if one.get("sales"))
        minute = next(number for number, one in rollup["b"][block]["m"].items() if one.get("sales"))
        place = path.format(block=block, minute=minute)
        database.rollups.update_one({"_id": rollup["_id"]}, {"$inc": {f"{place}amount": Decimal128("-0.01")}})
        identity = rollup["_id"]
        return {
            "kind": "sum_differs", "collection": "rollups", "path": place.rstrip("."), "product": identity["p"],
            "partition": identity["k"],
        }  # fmt: skip

    return corrupt


def a_cent_in_a_second(database: SyncDatabase) -> dict[str, Any]:
    total = database.totals.find_one({"_id.m": {"$exists": True}})
    assert total is not None
    second = next(iter(total["s"]))
    database.totals.update_one({"_id": total["_id"]}, {"$inc": {f"s.{second}.amount": Decimal128("0.01")}})
    return {"kind": "sum_differs", "collection": "totals", "level": "second", "partition": total["_id"]["k"]}


def a_cent_in_a_total_hour(database: SyncDatabase) -> dict[str, Any]:
    total = database.totals.find_one_and_update({"sales": {"$gt": 1}}, {"$inc": {"amount": Decimal128("0.01")}})
    assert total is not None
    return {"kind": "sum_differs", "collection": "totals", "level": "hour", "partition": total["_id"]["k"]}


def lose_a_rollup(database: SyncDatabase) -> dict[str, Any]:
    rollup = a_rollup(database)
    database.rollups.delete_one({"_id": rollup["_id"]})
    return {"kind": "sum_differs", "collection": "rollups", "level": "minute", "product": rollup["_id"]["p"]}


def invent_a_rollup(database: SyncDatabase) -> dict[str, Any]:
    rollup = a_rollup(database)
    database.rollups.insert_one(rollup | {"_id": rollup["_id"] | {"p": 777_777}})
    return {"kind": "sum_differs", "collection": "rollups", "level": "hour", "product": 777_777}


def a_product(database: SyncDatabase) -> Document:
    found = database.products.find_one({"ratings": {"$gt": 1}})
    assert found is not None
    return found


def move_a_bin(database: SyncDatabase) -> dict[str, Any]:
    product = a_product(database)
    bins = product["histogram"]
    empty = next(str(number) for number in range(10) if not bins.get(str(number)) or number == 9)
    full = next(number for number in bins if number != empty)
    database.products.update_one({"_id": product["_id"]}, {"$inc": {f"histogram.{full}": -1, f"histogram.{empty}": 1}})
    return {"kind": "sum_differs", "level": "histogram", "product": product["_id"]["p"], "path": f"histogram.{full}"}


def a_hundredth_of_a_rating(database: SyncDatabase) -> dict[str, Any]:
    product = a_product(database)
    database.products.update_one({"_id": product["_id"]}, {"$inc": {"rating_sum": Decimal128("0.01")}})
    return {"kind": "sum_differs", "level": "product", "product": product["_id"]["p"], "path": "rating_sum"}


def move_an_offset(by: int) -> Corrupt:
    def corrupt(database: SyncDatabase) -> dict[str, Any]:
        database.partitions.update_one({"_id.k": 1}, {"$inc": {"next_offset": by}})
        return {"kind": "wrong_next_offset", "partition": 1}

    return corrupt


def misplace_an_event(database: SyncDatabase) -> dict[str, Any]:
    name, event = an_event(database)
    others = database.list_collection_names(filter={"name": {"$regex": f"^{EVENTS_PREFIX}"}})
    other = next(other for other in others if other != name)
    database[name].delete_one({"_id": event["_id"]})
    database[other].insert_one(event)
    return {"kind": "wrong_day", "collection": other, "product": event["_id"]["p"], "offset": event["_id"]["o"]}


def take_the_cluster_away(database: SyncDatabase) -> dict[str, Any]:
    name, _ = an_event(database)
    events = list(database[name].find())
    database[name].drop()
    database[name].insert_many(events)
    return {"kind": "not_clustered", "collection": name}


def lose_a_day(database: SyncDatabase) -> dict[str, Any]:
    name, _ = an_event(database)
    database[name].drop()
    return {"kind": "day_missing", "collection": name}


def spoil_an_event(database: SyncDatabase) -> dict[str, Any]:
    name, event = an_event(database, event="productSold")
    database[name].update_one({"_id": event["_id"]}, {"$set": {"amount": 3.5}})
    return {"kind": "malformed_event", "collection": name}


CORRUPTIONS: dict[str, Corrupt] = {
    "an event lost": lose_an_event,
    "an event twice": double_an_event,
    "an event that is a dead letter too": reject_an_event,
    "a dead letter lost": lose_a_dead_letter,
    "a cent in an hour": a_cent(""),
    "a cent in a block": a_cent("b.{block}."),
    "a cent in a minute": a_cent("b.{block}.m.{minute}."),
    "a cent in a second": a_cent_in_a_second,
    "a cent in an hour over all products": a_cent_in_a_total_hour,
    "a rollup lost": lose_a_rollup,
    "a rollup invented": invent_a_rollup,
    "a bin moved": move_a_bin,
    "a hundredth of a rating": a_hundredth_of_a_rating,
    "an offset moved back": move_an_offset(-1),
    "an offset moved on": move_an_offset(1),
    "an event in another day": misplace_an_event,
    "a day not clustered": take_the_cluster_away,
    "a day lost": lose_a_day,
    "an event spoiled": spoil_an_event,
}


def copied(source: SyncDatabase, name: str) -> SyncDatabase:
    """All of a database under another name, collections with their options."""
    target = source.client.get_database(name, codec_options=source.codec_options)
    for entry in source.list_collections():
        options = {key: value for key, value in entry["options"].items() if key == "clusteredIndex"}
        target.create_collection(entry["name"], **options)
        documents = list(source[entry["name"]].find())
        if documents:
            target[entry["name"]].insert_many(documents)
    return target


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_what_is_wrong_is_found_and_named(stored: Pipeline, corruption: str) -> None:
    number = list(CORRUPTIONS).index(corruption)
    database = copied(stored.database, f"{stored.topic}-{number}")
    wanted = CORRUPTIONS[corruption](database)
    found = [one.as_json() for one in findings_of(stored, database)]
    assert any(wanted.items() <= one.items() for one in found), f"none of {found[:10]} is {wanted}"


def spoil_all(database: SyncDatabase) -> None:
    """Sums of every kind wrong, and of every collection some missing."""
    for corrupt in (a_cent("b.{block}.m.{minute}."), a_cent_in_a_second, a_cent_in_a_total_hour, move_a_bin):
        corrupt(database)
    for collection in (database.rollups, database.totals, database.products):
        ids = [one["_id"] for one in collection.find({}, {"_id": 1})]
        collection.delete_many({"_id": {"$in": ids[1::3]}})
    invent_a_rollup(database)


def test_a_repair_heals_and_the_next_audit_finds_nothing(stored: Pipeline) -> None:
    database = copied(stored.database, f"{stored.topic}-repaired")
    spoil_all(database)
    environment = stored.environment(MONGODB_DATABASE=database.name)
    report = audit(environment, "--repair-rollups")
    assert report["ok"], (report["counts"], report["not_repaired"])
    assert set(report["repaired"]) == {"rollups", "totals", "products"}
    assert audit(environment)["counts"] == {}
    check_aggregates(database)


def test_a_repair_under_load_loses_nothing(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> None:
    with pipeline(kafka, mongo, tmp_path, partitions=2) as events:
        events.publish(generate(count=4_000, products=30, seed=1, spread_seconds=80_000, now_ms=now_ms()))
        consumer = events.consumer()
        events.wait_handled()
        spoil_all(events.database)
        enough = Event()
        messages = generate(count=100_000, products=30, seed=2, spread_seconds=80_000, now_ms=now_ms())
        until_enough = takewhile(lambda _: not enough.is_set(), messages)
        load = Thread(target=lambda: events.publish(until_enough, rate=1_000))
        load.start()
        before = events.handled
        wait_until("load", lambda: events.handled > before, 30)
        report = audit(events.environment(), "--repair-rollups")
        assert report["not_repaired"] == []
        assert events.handled > before + 100, "no load"
        enough.set()
        load.join()
        events.wait_handled()
        events.check()
        assert consumer.stop() == 0


def test_a_second_group_rebuilds_everything_but_verdicts_that_depend_on_time(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with pipeline(kafka, mongo, tmp_path, partitions=2) as events:
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
            "everything read", lambda: sum(one["next_offset"] for one in copy.partitions.find()) == events.handled, 60
        )
        assert reader.stop() == 0
        assert audit(other)["ok"]
        report = audit(events.environment(), "--compare", second)
        assert report["ok"], report["findings"][:5]
        first, again = (one.rejected_events.count_documents({"reason": "too_old"}) for one in (events.database, copy))
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
    with pipeline(kafka, mongo, tmp_path, partitions=2) as events:
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
        lost = lose_an_event(events.database)
        found = [one.as_json() for one in findings_of(events, events.database) if one.kind == "lost"]
        assert [lost.items() <= one.items() for one in found] == [True]


def test_an_audit_since_a_day_judges_what_came_since(stored: Pipeline) -> None:
    database = copied(stored.database, f"{stored.topic}-since")
    environment = stored.environment(MONGODB_DATABASE=database.name)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    report = audit(environment, "--since", today)
    assert (report["ok"], report["days"]) == (True, 1), report["findings"][:5]
    name = event_collection(now_ms())
    event = database[name].find_one_and_delete({})
    assert event is not None
    lost = audit(environment, "--since", today)["findings"]
    assert [one["offset"] for one in lost if one["kind"] == "lost"] == [event["_id"]["o"]]


def test_what_cannot_be_judged_is_said_in_a_line(stored: Pipeline) -> None:
    nothing = script("audit", stored.environment(MONGODB_DATABASE="no_such"))
    assert (nothing.returncode, "holds no partition" in nothing.stderr) == (2, True)
    away = script("audit", stored.environment(MONGODB_URI="mongodb://127.0.0.1:9/?replicaSet=rs0"))
    assert (away.returncode, away.stderr.startswith("not judged: MongoDB does not answer")) == (2, True)
