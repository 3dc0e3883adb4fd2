"""What batches leave in `recent_sums`: by partition, without a gap, and together what the rollups hold."""

from collections import Counter
from typing import Any

import pytest

from shared.columns import unpacked
from shared.documents import RECENT_SECONDS, RECENT_SUMS_TTL, minute_path
from shared.errors import TopicRecreated
from shared.mongo import SyncDatabase
from tests.support.documents.replaying import NOT_JSON, letters, replayer
from tests.support.documents.writing import Writer, rated, sold

MINUTE_MS = 60_000


def added_up(database: SyncDatabase) -> Counter[tuple[int, int, int]]:
    """Sales by partition, product and minute."""
    sales: Counter[tuple[int, int, int]] = Counter()
    for document in database.recent_sums.find({"rows": {"$gt": 0}}):
        columns = (unpacked(document.get(name, b""), document["rows"]) for name in ("product", "minute", "sales"))
        for product, minute, count in zip(*columns, strict=True):
            sales[document["_id"]["k"], product, document["first_minute"] + minute] += count
    return sales


def in_rollups(database: SyncDatabase) -> Counter[tuple[int, int, int]]:
    """The same, as the rollups say."""
    sales: Counter[tuple[int, int, int]] = Counter()
    for document in database.rollups.find():
        identity = document["_id"]
        for minute in range(identity["h"] * 60, identity["h"] * 60 + 60):
            level: Any = document
            for name in minute_path(minute).split("."):
                level = level.get(name, {})
            sales[identity["k"], identity["p"], minute] += level.get("sales", 0)
    return +sales


def spans(database: SyncDatabase, partition: int) -> list[tuple[int, int]]:
    documents = database.recent_sums.find({"_id.k": partition}).sort("_id")
    return [(document["_id"]["o"], document["to"]) for document in documents]


def now_ms(writer: Writer) -> int:
    return int(writer.clock().timestamp() * 1000)


def test_batches_follow_each_other_and_add_up_to_the_rollups(database: SyncDatabase, writer: Writer) -> None:
    leases, now = [writer.lease(0), writer.lease(1)], now_ms(writer)
    for number in range(4):
        for lease in leases:
            times = [now - minute * MINUTE_MS for minute in range(number + 1)]
            writer.commit(writer.batch(lease, [sold(product=number % 2, at_ms=at) for at in times]))
    assert spans(database, 0) == spans(database, 1) == [(0, 1), (1, 3), (3, 6), (6, 10)]
    assert added_up(database) == in_rollups(database)


def test_a_batch_without_an_event_leaves_a_document_all_the_same(database: SyncDatabase, writer: Writer) -> None:
    lease = writer.lease()
    for values in ([sold()], [b"nonsense"], [rated()]):
        writer.commit(writer.batch(lease, values))
    assert spans(database, 0) == [(0, 1), (1, 2), (2, 3)]
    assert database.recent_sums.find_one({"_id.o": 1}, {"_id": 0, "to": 1, "rows": 1}) == {"to": 2, "rows": 0}


def test_a_batch_whose_commit_got_no_reply_leaves_one_document(database: SyncDatabase, writer: Writer) -> None:
    lease, replies = writer.lease(), iter([True, False, False])
    writer.loses_reply = lambda: next(replies)
    writer.commit(writer.batch(lease, [sold(), sold()]))
    assert spans(database, 0) == [(0, 2)]


def test_a_batch_that_is_not_committed_leaves_nothing(database: SyncDatabase, writer: Writer) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold()]))
    writer.topic_id = "another topic's id"
    with pytest.raises(TopicRecreated):
        writer.commit(writer.batch(lease, [sold()]))
    assert spans(database, 0) == [(0, 1)]


def test_a_partition_of_another_generation_begins_anew(database: SyncDatabase, writer: Writer) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold()]))
    database.partitions.update_many({}, {"$set": {"generation": 2, "next_offset": 0}})
    again = writer.lease()
    again.generation = 2
    writer.commit(writer.batch(again, [sold()]))
    assert [document["_id"]["g"] for document in database.recent_sums.find().sort("_id")] == [1, 2]


def test_replays_follow_each_other_by_how_many_letters_were_replayed(database: SyncDatabase, writer: Writer) -> None:
    writer.commit(writer.batch(writer.lease(), [NOT_JSON] * 3))
    rejected = letters(writer)
    with replayer(writer, lambda letter: sold(product=5)) as run:
        run.replay(rejected[:2])
        run.replay(rejected[2:])
    assert spans(database, -1) == [(0, 2), (2, 3)]
    assert added_up(database) == in_rollups(database)
    assert sum(added_up(database).values()) == 3


def test_mongodb_takes_them_after_ten_minutes(database: SyncDatabase, writer: Writer) -> None:
    index = database.recent_sums.index_information()[RECENT_SUMS_TTL]
    assert (index["key"], index["expireAfterSeconds"]) == ([("at", 1)], RECENT_SECONDS)
