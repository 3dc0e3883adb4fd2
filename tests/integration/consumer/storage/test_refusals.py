"""What MongoDB refuses: events become dead letters, aggregates halt their partition."""

import time

import pytest
from pymongo.errors import BulkWriteError

from shared.documents import event_collection
from shared.errors import (
    AggregateRefused,
    InvariantBroken,
    PartitionRefused,
)
from shared.mongo import brief, ensure_event_collection
from tests.support.documents import invariant
from tests.support.documents.writing import Writer, sold
from tests.support.kafka.consumer_group import now_ms


def test_ten_thousand_refused_events_are_dead_letters_in_seconds(writer: Writer) -> None:
    at = now_ms()
    day = event_collection(at)
    ensure_event_collection(writer.database, day)
    writer.database.command("collMod", day, validator={"name_of_product": {"$ne": "$refused"}})
    batch = writer.batch(writer.lease(), [sold("$refused", at)] * 10_000 + [sold("good", at)])
    started = time.monotonic()
    writer.commit(batch)
    assert time.monotonic() - started < 10
    assert writer.database.rejected_events.count_documents({"reason": "refused_by_database"}) == 10_000
    assert writer.database[day].count_documents({}) == 1
    (written,) = writer.written
    assert (len(written), len(written.rejected)) == (10_001, 10_000)


@pytest.mark.parametrize("collection", ["rollups", "totals", "products", "rejected_events"])
@pytest.mark.parametrize("refusal", ["duplicate", "validator"])
def test_what_trying_again_cannot_mend_halts_its_partition(writer: Writer, collection: str, refusal: str) -> None:
    """Another program's unique index or validator on a collection of this project's own."""
    at = now_ms()
    writer.commit(writer.batch(writer.lease(0), [sold("a secret", at), b"a secret"]))
    before = writer.stored()
    expected: type[PartitionRefused]
    if refusal == "duplicate":
        writer.database[collection].create_index("_id.h", unique=True)  # an hour, or none
        expected = InvariantBroken
    else:
        writer.database.command("collMod", collection, validator={"_id.k": {"$ne": 1}})
        expected = AggregateRefused
    with pytest.raises(expected) as raised:
        writer.commit(writer.batch(writer.lease(1), [sold("a secret", at, product=2), b"a secret"]))
    assert raised.value.partition == 1
    assert collection in str(raised.value)
    assert "secret" not in str(raised.value)
    assert writer.stored() == before


def test_an_event_that_is_there_already_halts_its_partition(writer: Writer) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold(at_ms=now_ms())]))
    (event,) = invariant.raw_events(writer.database)
    writer.database.partitions.update_one({}, {"$set": {"next_offset": 0}})
    again = writer.lease()
    with pytest.raises(InvariantBroken):
        writer.commit(writer.batch(again, [sold(at_ms=event["_id"]["t"])]))


def test_the_log_quotes_no_document() -> None:
    error = BulkWriteError({"writeErrors": [{"code": 121, "op": {"name": "secret"}}] * 2 + [{"code": 11000}]})
    assert brief(error) == "BulkWriteError: 2 times code 121, 1 times code 11000"
