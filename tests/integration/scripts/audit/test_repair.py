"""A repair makes wrong sums right from the raw events, while consumers run, and loses nothing."""

from pathlib import Path

from scripts.publish.generated.generate import generate
from shared.mongo import SyncDatabase
from stack.waiting import wait_until
from tests.integration.scripts.audit import test_corrupt_products as products
from tests.integration.scripts.audit import test_corrupt_sums as sums
from tests.integration.scripts.audit.corrupting import copied
from tests.support.commands.audit import audit
from tests.support.documents.invariant import check_aggregates
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.kafka.load import ENDLESS, under_load
from tests.support.servers.interface import KafkaServer, MongoServer


def spoil_all(database: SyncDatabase) -> None:
    """Make sums of every kind wrong, and delete a third of the documents of every collection of aggregates."""
    for corrupt in (sums.a_cent("b.{block}.m.{minute}."), sums.a_cent_in_a_second, sums.a_cent_in_a_total_hour):
        corrupt(database)
    products.move_a_bin(database)
    sums.move_a_bin(database)
    sums.forget_bins(database)
    for collection in (database.rollups, database.totals, database.products):
        ids = [document["_id"] for document in collection.find({}, {"_id": 1})]
        collection.delete_many({"_id": {"$in": ids[1::3]}})
    sums.invent_a_rollup(database)


def test_a_repair_heals_and_the_next_audit_finds_nothing(stored: ConsumerGroup) -> None:
    database = copied(stored.database, f"{stored.topic}-repaired")
    spoil_all(database)
    for corruption in ("an amount that is no number", "an unknown field in a minute", "seconds that are none"):
        sums.CORRUPTIONS[corruption](database)
    for corruption in ("the newest event another's", "seen a millisecond later", "an unknown field"):
        products.CORRUPTIONS[corruption](database)
    environment = stored.environment(MONGODB_DATABASE=database.name)
    report = audit(environment, "--repair-rollups")
    assert report["ok"], (report["counts"], report["not_repaired"])
    assert set(report["repaired"]) == {"rollups", "totals", "products"}
    assert audit(environment)["counts"] == {}
    check_aggregates(database)


def test_a_repair_under_load_loses_nothing(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=2) as events:
        events.publish(generate(count=4_000, products=30, seed=1, spread_seconds=80_000, now_ms=now_ms()))
        consumer = events.consumer()
        events.wait_handled()
        spoil_all(events.database)
        messages = generate(count=ENDLESS, products=30, seed=2, spread_seconds=80_000, now_ms=now_ms())
        with under_load(events, messages):
            before = events.handled
            wait_until("load", lambda: events.handled > before, 30)
            report = audit(events.environment(), "--repair-rollups")
            assert events.handled > before + 100, "no load"
        assert report["not_repaired"] == []
        events.wait_handled()
        events.check()
        assert consumer.stop() == 0
