"""How many commands and documents a batch costs MongoDB, by the server's own counters."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from consumer.batches.batch import Batch, Rules
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.storage.committer import Committer
from consumer.storage.preparation import prepare
from consumer.storage.reading import WORTH_ASKING
from scripts.publish.generated.generate import ExpectedRating, ExpectedSale, generate
from shared.documents import PARTITIONS, PRODUCTS, ROLLUPS, partition_id
from shared.mongo import SyncDatabase, connect, ensure_collections
from shared.settings import SharedSettings
from tests.support.documents.writing import unfenced_committer
from tests.support.kafka.consumer_group import now_ms
from tests.support.kafka.messages import received
from tests.support.servers.interface import MongoServer

GROUP = TOPIC = "cost"
NUMBER = 20
EVENTS = 1_000
COMMANDS = ("insert", "update", "find", "findAndModify", "aggregate", "commitTransaction", "abortTransaction")


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[SyncDatabase]:
    settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database="cost", mongodb_timeout_ms=10_000)
    database = connect(settings, "tests")
    ensure_collections(database)
    yield database
    database.client.drop_database("cost")
    database.client.close()


def counters(database: SyncDatabase) -> Counter[str]:
    """Commands by name; documents inserted and update statements run as `inserted` and `updated`."""
    status = database.client.admin.command("serverStatus")
    commands = status["metrics"]["commands"]
    counts = {name: commands[name]["total"] for name in COMMANDS}
    return Counter(counts | {"inserted": status["opcounters"]["insert"], "updated": status["opcounters"]["update"]})


def batch_of(kind: type[ExpectedSale | ExpectedRating], leases: list[Lease], first: int, at_ms: int) -> Batch:
    """Events of one kind about all products, of one second, in all partitions."""
    wanted = (message for message in generate(count=10 * EVENTS, products=NUMBER, seed=5))
    batch = Batch(Rules(TOPIC, 400, copy_rejections=False))
    for lease in leases:
        some = [next(one for one in wanted if isinstance(one.expected, kind)) for _ in range(EVENTS)]
        batch.add(Taken(lease, received(some, lease.partition, at_ms, first), datetime.now(UTC), time.monotonic()))
    return batch


def claimed(database: SyncDatabase, count: int) -> list[Lease]:
    """Leases of so many partitions, from 0 on."""
    for partition in range(count):
        stored = {"_id": partition_id(GROUP, TOPIC, partition), "epoch": 1, "next_offset": 0}
        database[PARTITIONS].insert_one(stored)
    return [Lease(partition, 1, 1, next_offset=0, read_from=0, topic_id="") for partition in range(count)]


def test_a_batch_is_seven_commands_at_most_and_an_update_a_product(database: SyncDatabase) -> None:
    committer, leases, at_ms = unfenced_committer(database, GROUP, TOPIC), claimed(database, 2), now_ms()
    commit(committer, batch_of(ExpectedSale, leases, 0, at_ms))  # creates the day's collection, meets the products

    before = counters(database)
    commit(committer, batch_of(ExpectedSale, leases, EVENTS, at_ms))
    sales = counters(database) - before
    # The events and, for each partition, what the batch adds; the offsets, the rollups and the totals, of an hour and
    # of a minute. Products are known and need no update.
    assert sales == {
        "insert": 2, "inserted": 2 * EVENTS + 2, "update": 3, "updated": 2 + 2 * NUMBER + 2 * 2, "commitTransaction": 1,
    }  # fmt: skip

    before = counters(database)
    commit(committer, batch_of(ExpectedRating, leases, 2 * EVENTS, at_ms))
    ratings = counters(database) - before
    assert ratings == sales + Counter(update=1, updated=2 * NUMBER)


def test_a_batch_of_new_products_asks_once_and_inserts_the_rest(database: SyncDatabase) -> None:
    committer, (lease,), at_ms = unfenced_committer(database, GROUP, TOPIC), claimed(database, 1), now_ms()
    commit(committer, batch_of(ExpectedSale, [lease], 0, at_ms))  # creates the day's collection
    database[PRODUCTS].delete_many({})
    database[ROLLUPS].delete_many({})
    committer._memory.forget([lease])

    before = counters(database)
    commit(committer, batch_of(ExpectedSale, [lease], EVENTS, at_ms))
    # Which of the products are there; the events, the rollups, the products, what is added; the offset and the totals.
    assert counters(database) - before == {
        "find": 1, "insert": 4, "inserted": EVENTS + 2 * NUMBER + 1, "update": 2, "updated": 1 + 2,
        "commitTransaction": 1,
    }  # fmt: skip


def test_the_hour_of_a_forgotten_product_s_newest_event_is_not_asked_for(database: SyncDatabase) -> None:
    committer, leases, at_ms = unfenced_committer(database, GROUP, TOPIC), claimed(database, 3), now_ms()
    commit(committer, batch_of(ExpectedSale, leases, 0, at_ms))
    committer._memory.forget(leases)

    before = counters(database)
    commit(committer, batch_of(ExpectedSale, leases, EVENTS, at_ms))
    asked = counters(database) - before
    assert (asked["find"], asked["inserted"]) == (1, 3 * EVENTS + 3)
    assert 3 * NUMBER >= WORTH_ASKING


def commit(committer: Committer, batch: Batch) -> None:
    committer.commit(batch, prepare(batch, committer.recall))
