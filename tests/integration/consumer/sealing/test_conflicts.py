"""Sealing beside others that write the same documents, with real transactions: batches, repairs, other consumers.

Each test opens one transaction, lets the other come in between, and looks at what is stored in the end.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from pymongo.errors import OperationFailure

from consumer.process import failpoints
from consumer.process.clocks import Clocks, utc_now
from consumer.process.failpoints import SEAL_STEPS
from consumer.sealing.due import ProductDay, TotalDay
from consumer.sealing.duty import Sealing
from consumer.sealing.transactions import SealingTransactions
from scripts.audit.reconcile import Reconciliation
from scripts.audit.repair.missing_sums import with_missing_sums
from scripts.audit.repair.transactions import Repair
from shared.mongo import SyncDatabase
from tests.support.documents.days import NOW, at
from tests.support.documents.invariant import check_aggregates
from tests.support.documents.sealing import OLD, a_day, audit_findings, moment, seal, write
from tests.support.documents.writing import GROUP, TOPIC, Writer, sold


@pytest.fixture
def writer(database: SyncDatabase) -> Writer:
    return Writer(database)


def at_step(monkeypatch: pytest.MonkeyPatch, step: str, act: Callable[[], object]) -> list[str]:
    """Have the first passage of `step` call `act`. Returns the list of the steps that are passed, as it grows."""
    passed: list[str] = []

    def reach(name: str) -> None:
        first = name == step and name not in passed
        passed.append(name)
        if first:
            act()

    monkeypatch.setattr(failpoints, "reach", reach)
    return passed


@contextmanager
def suppress_conflict() -> Iterator[None]:
    """Let a transaction lose against another one, and fail in no other way."""
    try:
        yield
    except OperationFailure as error:
        if not error.has_error_label("TransientTransactionError"):
            raise


@pytest.mark.parametrize("time", [(0, 0), (5, 0)], ids=["of an hour that is being sealed", "of another hour"])
def test_a_late_event_that_is_stored_while_its_day_is_being_sealed(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, time: tuple[int, int]
) -> None:
    """The batch commits between sealing's reading and its writing: an event of an hour that was read makes sealing run
    again, that of another hour stays for the next round."""
    write(writer, *a_day(OLD))
    late = sold(at_ms=moment(OLD, *time))
    passed = at_step(monkeypatch, "seal_read", lambda: write(writer, late))
    assert seal(writer.database).complete
    assert passed.count("seal_read") == (3 if time == (0, 0) else 2)
    check_aggregates(writer.database)
    assert writer.database.rollups.count_documents({}) == (0 if time == (0, 0) else 1)
    seal(writer.database)
    assert writer.database.rollups.count_documents({}) == 0
    check_aggregates(writer.database)
    assert audit_findings(writer.database) == []


@pytest.mark.parametrize(("step", "left"), [("seal_added", 0), ("seal_before_commit", 1)])
def test_a_late_event_of_an_hour_that_an_open_transaction_seals(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, step: str, left: int
) -> None:
    """The batch begins inside sealing's transaction. Before the hour is deleted, the batch commits and sealing runs
    again; after that, the batch meets it and runs again once sealing has committed."""
    database = writer.database
    write(writer, *a_day(OLD))
    late = threading.Thread(target=lambda: write(writer, sold(at_ms=moment(OLD))))

    def begin() -> None:
        late.start()
        late.join(0.5)

    at_step(monkeypatch, step, begin)
    seal(database)
    late.join(20)
    assert not late.is_alive()
    check_aggregates(database)
    assert database.rollups.count_documents({}) == left
    seal(database)
    check_aggregates(database)


@pytest.mark.parametrize("step", ["seal_read", "seal_added", "seal_before_commit", "seal_after_commit"])
def test_two_consumers_that_seal_the_same_day(writer: Writer, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A consumer that does not know yet that it has lost a partition meets the new owner."""
    database = writer.database
    write(writer, *a_day(OLD))

    def other() -> None:
        with database.client.start_session() as session:
            transactions = SealingTransactions(database, session, lambda: False)
            days = [ProductDay(1, OLD, 0, (OLD * 24, OLD * 24 + 9, OLD * 24 + 23))]
            with suppress_conflict():
                transactions.seal_products(days)
            with suppress_conflict():
                transactions.seal_total(TotalDay(OLD, 0, days[0].hours))

    at_step(monkeypatch, step, other)
    seal(database)
    check_aggregates(database)
    assert audit_findings(database) == []
    day = database.rollup_days.find_one()
    assert day is not None
    assert day["sales"] == 8
    assert database.rollups.count_documents({}) == 0


def test_the_heir_of_a_partition_ends_the_transaction_that_its_owner_left_open(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen consumer holds the hours that it deletes; the heir does not have to wait a minute for MongoDB."""
    database = writer.database
    write(writer, *a_day(OLD))

    class Frozen(Exception):
        pass

    def freeze() -> None:
        monkeypatch.undo()
        seal(database)
        assert database.rollups.count_documents({}) == 0
        raise Frozen

    at_step(monkeypatch, "seal_before_commit", freeze)
    with pytest.raises(Frozen):
        seal(database)
    check_aggregates(database)
    assert database.rollups.count_documents({}) == 0


def test_a_partition_that_comes_while_a_round_is_under_way(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round on an old database takes hours: the transaction that a new partition's owner left open ends at once."""
    database = writer.database
    write(writer, *a_day(OLD))
    assigned = [0]
    one = Sealing(database, Clocks(database, utc_now), 72, lambda: list(assigned), GROUP, TOPIC, at(NOW), share=1.0)
    with database.client.start_session() as former:
        former.start_transaction()
        database.rollup_days.insert_one({"_id": {"p": 9, "d": OLD, "k": 1}}, session=former)
        database.maintenance.insert_one({"_id": "sealer 1", "lsid": dict(former.session_id)})
        at_step(monkeypatch, "seal_read", lambda: assigned.append(1))
        one.seal_due_days()
        noted = database.maintenance.find_one({"_id": "sealer 1"})
        assert noted is not None
        assert noted["lsid"] != former.session_id
        with pytest.raises(OperationFailure):
            former.commit_transaction()


def test_a_reply_to_a_commit_that_is_lost(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction runs again, finds no hours, and adds nothing twice."""
    database = writer.database
    write(writer, *a_day(OLD))

    def lose() -> None:
        error = OperationFailure("the reply was lost")
        error._add_error_label("UnknownTransactionCommitResult")
        raise error

    passed = at_step(monkeypatch, "seal_after_commit", lose)
    assert seal(database).complete
    assert passed.count("seal_after_commit") == 3
    check_aggregates(database)


def in_first_minute(**sums: object) -> dict[str, Any]:
    """An update that adds to a product's first minute of the day, its block and its hour."""
    return {"$inc": {f"{path}{name}": value for name, value in sums.items() for path in ("", "b.0.", "b.0.m.0.")}}


def repair_of(database: SyncDatabase, before: Callable[[], object] = lambda: None) -> Repair:
    """A repair that an audit has run; `before` is called between the audit's moment and the repair's transaction."""
    with database.client.start_session() as session:
        repair = Repair(database, session, GROUP, TOPIC)
        add = repair.add_missing_sums

        def after(*arguments: Any) -> None:
            before()
            add(*arguments)

        vars(repair)["add_missing_sums"] = after
        Reconciliation(database, GROUP, TOPIC, None, None, repair).run(lambda _: None)
    return repair


def assert_right(database: SyncDatabase) -> None:
    """Nothing is wrong, neither before nor after the rest is sealed."""
    for _ in range(2):
        check_aggregates(database)
        assert audit_findings(database) == []
        assert seal(database).unsealable == 0


@pytest.mark.parametrize(
    ("sums", "repaired"),
    [
        ({"sales": -1}, True),
        ({"amount": Decimal128("-1.000000")}, True),
        ({"sales": 1}, False),
        ({"sales": 1, "amount": Decimal128("-1.000000")}, False),
        ({"sales": 2**48}, False),
    ],
    ids=[
        "lacks a sale",
        "lacks an amount",
        "has a sale too many",
        "lacks an amount and has a sale too many",
        "is no sum",
    ],
)
def test_an_hour_that_is_sealed_between_an_audit_and_its_repair(
    writer: Writer, sums: dict[str, Any], repaired: bool
) -> None:
    """The audit found the hour wrong, and sealing moves its sums before the repair writes. What the hour lacks is then
    added as an hour of its own; what it has too many cannot be taken from an hour that is gone, and the next audit
    takes it from the day."""
    database = writer.database
    write(writer, *a_day(OLD))
    database.rollups.update_one({"_id.h": OLD * 24}, in_first_minute(**sums))
    repair = repair_of(database, lambda: seal(database))
    assert (len(repair.left), repair.repaired.total()) == ((0, 1) if repaired else (1, 0))
    if not repaired:
        assert dict(repair_of(database).repaired) == {"rollup_days": 1}
    assert_right(database)


@pytest.mark.parametrize("sales", [-1, 1])
def test_late_events_that_are_sealed_between_an_audit_and_its_repair(writer: Writer, sales: int) -> None:
    """The day was sealed before the audit, and is wrong. Late events come, and are sealed, before the repair writes."""
    database = writer.database
    write(writer, *a_day(OLD))
    seal(database)
    write(writer, *a_day(OLD))
    database.rollup_days.update_one({}, {"$inc": {"sales": sales, "q.0.sales": sales}})

    def meanwhile() -> None:
        write(writer, *a_day(OLD))
        seal(database)

    repair = repair_of(database, meanwhile)
    assert (repair.left, dict(repair.repaired)) == ([], {"rollup_days": 1})
    assert_right(database)


def damage(writer: Writer, sealed: bool) -> None:
    """A day of which an hour lacks a sale or, where the day is sealed and has late events, of which the sealed document
    does."""
    write(writer, *a_day(OLD))
    if sealed:
        seal(writer.database)
        write(writer, *a_day(OLD))
        writer.database.rollup_days.update_one({}, {"$inc": {"sales": -1, "q.0.sales": -1}})
    else:
        writer.database.rollups.update_one({"_id.h": OLD * 24}, in_first_minute(sales=-1))


@pytest.mark.parametrize("sealed", [False, True], ids=["of an hour", "of the sealed day"])
def test_a_sealing_that_commits_between_a_repairs_reading_and_its_writing(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    """The document that the repair has read was deleted, or added to: its transaction runs again."""
    damage(writer, sealed)
    read: list[object] = []

    def then_seal(*arguments: Any) -> Any:
        read.append(arguments)
        if len(read) == 1:
            assert seal(writer.database).documents[OLD]
        return with_missing_sums(*arguments)

    monkeypatch.setattr("scripts.audit.repair.transactions.with_missing_sums", then_seal)
    repair = repair_of(writer.database)
    assert (repair.left, repair.repaired.total(), len(read)) == ([], 1, 2)
    assert_right(writer.database)


@pytest.mark.parametrize("sealed", [False, True], ids=["of an hour", "of the sealed day"])
def test_a_repair_that_commits_between_sealings_reading_and_its_writing(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    damage(writer, sealed)
    repairs: list[Repair] = []
    passed = at_step(monkeypatch, "seal_read", lambda: repairs.append(repair_of(writer.database)))
    assert seal(writer.database).complete
    assert passed.count("seal_read") == 3
    assert (repairs[0].left, repairs[0].repaired.total()) == ([], 1)
    assert_right(writer.database)


class Dead(Exception):
    """Stands for the end of a process, which runs nothing afterwards."""


@pytest.mark.parametrize("step", SEAL_STEPS)
def test_a_process_that_dies_at(writer: Writer, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Its transaction is gone or committed, whole. The next round does the rest. `tests/faults` does it by kill -9."""
    database = writer.database
    write(writer, *a_day(OLD), *a_day(OLD, 2))

    def die() -> None:
        raise Dead

    at_step(monkeypatch, step, die)
    with pytest.raises(Dead):
        seal(database)
    check_aggregates(database)
    assert audit_findings(database) == []
    seal(database)
    check_aggregates(database)
    assert database.rollups.count_documents({}) == database.totals.count_documents({}) == 0
