"""Days that cannot be sealed: they stay as they are, are counted and named, and hold up no other day."""

from collections.abc import Iterable
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.errors import ExecutionTimeout

from consumer.sealing.transactions import SealingTransactions
from shared.documents import Document
from shared.mongo import SyncDatabase
from tests.support.documents.invariant import check_aggregates
from tests.support.documents.sealing import OLD, a_day, audit_findings, moment, seal, sealed, unsealed, write
from tests.support.documents.writing import Writer, sold


@pytest.fixture
def writer(database: SyncDatabase) -> Writer:
    return Writer(database)


@pytest.mark.parametrize(
    ("collection", "change"),
    [
        ("rollups", {"$inc": {"sales": 1}}),
        ("rollups", {"$set": {"b.0.m.0.amount": 5}}),
        ("rollups", {"$set": {"currency": "EUR"}}),
        ("rollup_days", {"$inc": {"q.0.sales": 1}}),
        ("rollup_days", {"$set": {"note": 1}}),
        ("totals", {"$inc": {"b.0.m.0.units": 1, "b.0.units": 1, "units": 1}}),
        ("totals", {"$set": {"b.0.m.0.seconds": {}}}),
        ("total_days", {"$unset": {"q.0": ""}}),
    ],
)
def test_what_is_not_as_written_stays_and_is_said(
    writer: Writer, capsys: pytest.CaptureFixture[str], collection: str, change: dict[str, Any]
) -> None:
    """Nothing of a product's day is sealed whose documents are damaged, and the rest is."""
    database = writer.database
    write(writer, *a_day(OLD), sold(product=2, at_ms=moment(OLD, 5)))
    seal(database)
    write(writer, *a_day(OLD), sold(product=2, at_ms=moment(OLD, 5)))
    damaged = database[collection].find_one_and_update({}, change, sort=[("_id", 1)], return_document=True)
    assert damaged is not None
    before = {name: list(database[name].find()) for name in ("rollups", "totals", "rollup_days", "total_days")}
    one = seal(database)
    assert one.unsealable == 1
    assert one.complete
    assert damaged in database[collection].find()
    if collection.startswith("rollup"):
        assert list(database.rollups.find()) == [
            document for document in before["rollups"] if document["_id"]["p"] == 1
        ]
        assert database.totals.count_documents({}) == 0
    else:
        assert list(database.totals.find()) == before["totals"]
        assert database.rollups.count_documents({}) == 0
    assert "a day stays unsealed" in capsys.readouterr().out
    assert audit_findings(database) != []


def test_a_minute_that_no_hour_holds_is_not_deleted(writer: Writer) -> None:
    database = writer.database
    write(writer, sold(at_ms=moment(OLD, 5, 7)))
    database.totals.insert_one({"_id": {"m": OLD * 1440 + 5 * 60 + 8, "k": 0}, "s": {"3": {"sales": 1}}})
    assert seal(database).unsealable == 1
    assert database.totals.count_documents({}) == 3


def test_a_day_over_all_products_that_mongodb_refuses_is_counted_once(writer: Writer) -> None:
    """Its hours are tried in parts of six and fewer."""
    database = writer.database
    write(writer, *(sold(at_ms=moment(OLD, hour)) for hour in range(0, 24, 2)), sold(at_ms=moment(OLD - 1)))
    database.command("collMod", "total_days", validator={"_id.d": {"$ne": OLD}})
    one = seal(database)
    assert (one.unsealable, one.complete) == (1, True)
    assert sealed(database) == {(1, OLD - 1, 0), (1, OLD, 0), (OLD - 1, 0)}
    check_aggregates(database)


def test_what_one_transaction_cannot_do_in_time_is_divided(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine a transaction may always meet its deadline: half of its days takes half as long."""
    database = writer.database
    write(writer, *(sold(at_ms=moment(OLD, hour), product=product) for product in range(1, 5) for hour in range(6)))
    find = SealingTransactions._find

    def slow(transactions: SealingTransactions, collection: str, ids: Iterable[Any]) -> Iterable[Document]:
        chosen = list(ids)
        if len(chosen) > 6 and collection == "rollups":
            raise ExecutionTimeout("operation exceeded time limit", 50)
        return find(transactions, collection, chosen)

    monkeypatch.setattr(SealingTransactions, "_find", slow)
    assert seal(database).complete
    assert unsealed(database) == 0
    check_aggregates(database)


def test_a_day_that_mongodb_refuses_holds_up_no_other(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    """An operator's validator refuses one product: the transaction that has it among others is divided."""
    database = writer.database
    for day in (OLD - 1, OLD):
        write(writer, *(sold(at_ms=moment(day, 5), product=product) for product in range(1, 9)))
    database.command("collMod", "rollup_days", validator={"_id.p": {"$ne": 6}})
    one = seal(database)
    assert (one.unsealable, one.complete) == (2, True)
    assert {document["_id"]["p"] for document in database.rollups.find()} == {6}
    assert len(sealed(database)) == 2 * (7 + 1)
    assert "MongoDB refuses its document" in capsys.readouterr().out
    check_aggregates(database)
    database.command("collMod", "rollup_days", validator={})
    assert seal(database).unsealable == 0
    assert unsealed(database) == 0


def test_a_document_that_cannot_be_read_holds_up_no_other(writer: Writer) -> None:
    """Text that is not UTF-8, which no program of ours writes and MongoDB does not look at."""
    database = writer.database
    write(writer, *(sold(at_ms=moment(OLD, 5), product=product) for product in range(1, 4)))
    (hour,) = database.rollups.find({"_id.p": 2})
    damaged = bson.encode({**hour, "note": "ab"}).replace(b"ab\0", b"\xff\xfe\0")
    database.rollups.delete_one({"_id": hour["_id"]})
    database.rollups.insert_one(RawBSONDocument(damaged))
    one = seal(database)
    assert (one.unsealable, one.complete) == (1, True)
    assert [document["_id"]["p"] for document in database.rollups.find({}, {"_id": 1})] == [2]
    assert len(sealed(database)) == 2 + 1


@pytest.mark.parametrize("hour", [-1, -(2**62)])
def test_an_hour_that_no_event_can_have_is_left_to_the_audit(writer: Writer, hour: int) -> None:
    writer.database.rollups.insert_one({"_id": {"p": 1, "h": hour, "k": 0}, "sales": 1})
    writer.database.totals.insert_one({"_id": {"h": hour, "k": 0}, "sales": 1})
    write(writer, *a_day(OLD))
    assert seal(writer.database).complete
    assert sealed(writer.database) == {(1, OLD, 0), (OLD, 0)}
