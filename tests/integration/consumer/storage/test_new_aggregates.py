"""Aggregates that begin by an insert are those that an upsert would begin, and are added to when they are there."""

import time
from collections.abc import Iterator

import pytest
from bson import decode as bson_of
from pydantic import SecretStr

from consumer.batches.batch import Batch, Rules
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.process.clocks import utc_now
from consumer.storage.preparation import prepare
from consumer.storage.reading import WORTH_ASKING
from consumer.storage.statements.products import product_update
from consumer.storage.statements.rollups import rollup_updates
from scripts.publish.generated.generate import generate
from shared.documents import PARTITIONS, PRODUCTS, ROLLUPS, partition_id
from shared.mongo import SyncDatabase, connect, ensure_collections
from shared.settings import SharedSettings
from tests.support.documents import invariant
from tests.support.documents.writing import unfenced_committer
from tests.support.kafka.consumer_group import now_ms
from tests.support.kafka.messages import received
from tests.support.servers.interface import MongoServer

GROUP = TOPIC = "events"
EVENTS, MANY = 3_000, 400


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[SyncDatabase]:
    settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database="new", mongodb_timeout_ms=10_000)
    database = connect(settings, "tests")
    ensure_collections(database)
    database[PARTITIONS].insert_one({
        "_id": partition_id(GROUP, TOPIC, 0), "epoch": 1, "next_offset": 0, "first_offset": 0, "generation": 1,
    })  # fmt: skip
    yield database
    database.client.drop_database("new")
    database.client.close()


def batch(first: int, count: int, products: int, at_ms: int) -> Batch:
    """A batch of a new owner, who knows of no product."""
    lease = Lease(0, epoch=1, generation=1, next_offset=first, read_from=first, topic_id="")
    stream = generate(count=count, products=products, seed=first, spread_seconds=7_200, now_ms=at_ms)
    made = Batch(Rules(TOPIC, 400, copy_rejections=False))
    made.add(Taken(lease, received(stream, 0, at_ms, first), utc_now(), time.monotonic()))
    return made


def test_an_insert_begins_what_an_upsert_begins(database: SyncDatabase) -> None:
    one = batch(0, EVENTS, MANY, now_ms())
    new_products = prepare(one).new_products.values()
    rollups = [document for new in new_products for document in new.rollups]
    products = [new.document for new in new_products]
    (increments,) = one.increments.values()
    latest = [product_update(product, 0, added, added.latest) for product, added in increments.products.items()]
    for name, documents, updates in ((ROLLUPS, rollups, rollup_updates({0: increments})), (PRODUCTS, products, latest)):
        inserted, upserted = database[f"{name}_inserted"], database[f"{name}_upserted"]
        inserted.insert_many(map(bson_of, documents))
        database.command({"update": upserted.name, "updates": list(map(bson_of, updates))})
        assert list(inserted.find().sort("_id")) == list(upserted.find().sort("_id"))
        assert inserted.count_documents({}) == len(documents) > WORTH_ASKING


def test_a_new_owner_adds_to_what_is_there_and_begins_what_is_not(database: SyncDatabase) -> None:
    committer, at_ms = unfenced_committer(database, GROUP, TOPIC), now_ms()
    acknowledged = []
    for first, products in ((0, MANY), (EVENTS, 2 * MANY), (2 * EVENTS, MANY // 20)):
        one = batch(first, EVENTS, products, at_ms)
        committer.commit(one, prepare(one, committer.recall))
        acknowledged += [(0, offset) for offset in range(first, first + EVENTS)]
    invariant.check(database, acknowledged)


def test_hours_of_a_product_whose_document_was_taken_away_are_added_to(database: SyncDatabase) -> None:
    """Someone deleted it: an audit reports it, and repairs it."""
    at_ms = now_ms()
    for first in (0, EVENTS):
        committer, one = unfenced_committer(database, GROUP, TOPIC), batch(first, EVENTS, MANY, at_ms)
        database[PRODUCTS].delete_many({"_id.p": {"$lt": MANY // 2}})
        committer.commit(one, prepare(one, committer.recall))
    sales, ratings = (sum(hour.get(name, 0) for hour in database[ROLLUPS].find()) for name in ("sales", "ratings"))
    assert sales + ratings == 2 * EVENTS
