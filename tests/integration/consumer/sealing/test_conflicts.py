"""Sealing beside others that write the same documents, with real transactions: batches, repairs, other consumers.

Each test opens one transaction, lets the other come in between, and looks at what is stored in the end.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from consumer.process import failpoints
from consumer.process.clocks import Clocks, utc_now
from consumer.process.failpoints import SEAL_STEPS
from consumer.sealing.due import ProductDay, TotalDay
from consumer.sealing.duty import Sealing
from consumer.sealing.transactions import SealingTransactions
from scripts.audit.reconcile import Reconciliation
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
    with database.client.start_session() as session, database.client.start_session() as former:
        former.start_transaction()
        database.rollup_days.insert_one({"_id": {"p": 9, "d": OLD, "k": 1}}, session=former)
        database.maintenance.insert_one({"_id": "sealer 1", "lsid": dict(former.session_id)})
        at_step(monkeypatch, "seal_read", lambda: assigned.append(1))
        one.seal_due_days(session)
        noted = database.maintenance.find_one({"_id": "sealer 1"})
        assert noted == {"_id": "sealer 1", "lsid": dict(session.session_id)}
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


@pytest.mark.parametrize(
    ("change", "repaired"),
    [
        ({"$inc": {"sales": -1, "b.0.sales": -1, "b.0.m.0.sales": -1}}, True),
        ({"$inc": {"sales": 1, "b.0.sales": 1, "b.0.m.0.sales": 1}}, False),
    ],
    ids=["an hour that lacks a sale", "an hour that has one too many"],
)
def test_a_day_that_is_sealed_between_an_audit_and_its_repair(
    writer: Writer, change: dict[str, Any], repaired: bool
) -> None:
    """The audit found the hour wrong, and sealing moves its sums before the repair writes. What the hour lacks is then
    added as an hour of its own; what it has too many cannot be taken from an hour that is gone, and the next audit
    takes it from the day."""
    database = writer.database
    write(writer, *a_day(OLD))
    with database.client.start_session() as session:
        repair = Repair(database, session, GROUP, TOPIC)
        database.rollups.update_one({"_id.h": OLD * 24}, change)
        add = repair.add_missing_sums

        def seal_first(*arguments: Any) -> None:
            seal(database)
            add(*arguments)

        vars(repair)["add_missing_sums"] = seal_first
        Reconciliation(database, GROUP, TOPIC, None, None, repair).run(lambda _: None)
        assert (len(repair.left), repair.repaired.total()) == ((0, 1) if repaired else (1, 0))
        if not repaired:
            again = Repair(database, session, GROUP, TOPIC)
            Reconciliation(database, GROUP, TOPIC, None, None, again).run(lambda _: None)
            assert dict(again.repaired) == {"rollup_days": 1}
    check_aggregates(database)
    assert audit_findings(database) == []
    seal(database)
    check_aggregates(database)


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
