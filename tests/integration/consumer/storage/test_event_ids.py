"""What is published twice counts once, in MongoDB: whatever is stored, fails, or is written by another consumer."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient, monitoring
from pymongo.errors import PyMongoError
from structlog.testing import capture_logs

from consumer.batches.batch import Rules
from consumer.process import failpoints
from consumer.storage import committer
from consumer.storage.counted_before import settle
from shared.documents import DAY_MS, EVENT_IDS, Document, event_collection, event_id_key
from shared.errors import DatabaseUnavailable, InvariantBroken
from shared.mongo import _CONCERNS, SyncClient, SyncDatabase, ensure_event_collection
from tests.support.documents import invariant
from tests.support.documents.writing import TOPIC, Writer, sold
from tests.support.kafka.consumer_group import now_ms
from tests.support.servers.interface import MongoServer

A = sold(event_id="a")


def events(writer: Writer) -> list[Document]:
    """All raw events, in order of their offsets."""
    found = [event for collection in invariant.event_collections(writer.database) for event in collection.find()]
    return sorted(found, key=lambda event: (event["_id"]["k"], event["_id"]["o"]))


def letters(writer: Writer) -> list[tuple[int, int, str]]:
    """Partition, offset and reason of the dead letters, in order."""
    found = writer.database.rejected_events.find().sort("_id", 1)
    return [(letter["_id"]["k"], letter["_id"]["o"], letter["reason"]) for letter in found]


def places(writer: Writer) -> list[tuple[int, int]]:
    """Partition and offset of the raw events, in order."""
    return sorted((event["_id"]["k"], event["_id"]["o"]) for event in events(writer))


def stored_id(writer: Writer, event_id: str = "a", product: int = 1) -> Document:
    found = writer.database[EVENT_IDS].find_one({"_id": event_id_key(product, event_id)})
    assert found is not None
    return found


def age(writer: Writer, by: timedelta) -> None:
    """Make the id `a` older, as if it had been counted earlier."""
    at = stored_id(writer)["at"] - by
    writer.database[EVENT_IDS].update_one({"_id": event_id_key(1, "a")}, {"$set": {"at": at}})


def before_the_first_run(writer: Writer, *acts: Callable[[], object]) -> None:
    """Do something after MongoDB was asked for ids and before the transaction begins, before each attempt another."""
    transactions = writer.committer._transactions
    run, waiting = transactions.run, iter(acts)

    def run_later(*arguments: Any) -> Any:
        for one in waiting:
            one()
            break
        return run(*arguments)

    vars(transactions)["run"] = run_later


@pytest.fixture
def other(writer: Writer) -> Writer:
    """A second consumer on the same database."""
    return Writer(writer.database)


class Commands(monitoring.CommandListener):
    """The commands that a client sends, by name."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent.append((event.command_name, event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def test_a_repeat_in_a_later_batch_of_any_partition_is_a_dead_letter(writer: Writer) -> None:
    one, two = writer.lease(0), writer.lease(1)
    writer.commit(writer.batch(one, [A, sold()]))
    writer.commit(writer.batch(two, [sold(), A, sold(event_id="a", amount=2), sold(event_id="a", product=2)]))
    writer.commit(writer.batch(one, [A]))
    assert places(writer) == [(0, 0), (0, 1), (1, 0), (1, 3)]
    assert letters(writer) == [(0, 2, "duplicate"), (1, 1, "duplicate"), (1, 2, "event_id_conflict")]
    first = stored_id(writer)
    assert {letter["first"]["o"] for letter in writer.database.rejected_events.find()} == {0}
    assert (first["k"], first["o"], first["g"]) == (0, 0, 1)
    (event,) = [one for one in events(writer) if one["_id"]["k"] == 0 and one["_id"]["o"] == 0]
    assert (event["event_id"], event["_id"]["t"]) == ("a", first["t"])
    invariant.check_aggregates(writer.database)


def test_a_repeat_of_another_generation_of_the_topic_is_a_dead_letter(writer: Writer) -> None:
    writer.commit(writer.batch(writer.lease(), [sold(), A]))
    lease = writer.lease()
    lease.generation = 2
    writer.commit(writer.batch(lease, [A]))
    assert places(writer) == [(0, 0), (0, 1)]
    (letter,) = writer.database.rejected_events.find()
    assert (letter["_id"]["g"], letter["first"]["g"]) == (2, 1)
    assert "0:1:1" in letter["detail"]


def test_a_batch_that_is_run_again_after_a_lost_reply_is_no_repeat_of_itself(writer: Writer) -> None:
    lost = iter([True])
    writer.loses_reply = lambda: next(lost, False)
    writer.commit(writer.batch(writer.lease(), [A, A, sold(event_id="b")]))
    assert (places(writer), letters(writer)) == ([(0, 0), (0, 2)], [(0, 1, "duplicate")])
    assert [(len(batch), len(batch.rejected)) for batch in writer.written] == [(3, 1)]
    invariant.check_aggregates(writer.database)


def test_an_id_that_another_consumer_counts_between_question_and_insert_is_found(writer: Writer, other: Writer) -> None:
    """Two consumers ask, and find nothing. One commits first; the other's insert fails, and it asks again."""
    mine, theirs = writer.lease(0), writer.lease(1)
    before_the_first_run(writer, lambda: other.commit(other.batch(theirs, [sold(), A])))
    writer.commit(writer.batch(mine, [sold(), sold(event_id="b"), A]))
    assert places(writer) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert letters(writer) == [(0, 2, "duplicate")]
    invariant.check_aggregates(writer.database)


def test_ids_that_another_consumer_counts_before_each_attempt_are_found_one_after_another(
    writer: Writer, other: Writer
) -> None:
    mine, theirs = writer.lease(0), writer.lease(1)
    acts = [lambda one=one: other.commit(other.batch(theirs, [sold(event_id=one)])) for one in "abc"]
    before_the_first_run(writer, *acts)
    writer.commit(writer.batch(mine, [sold(event_id=one) for one in "abcd"]))
    assert places(writer) == [(0, 3), (1, 0), (1, 1), (1, 2)]
    assert letters(writer) == [(0, offset, "duplicate") for offset in range(3)]


def test_of_two_open_transactions_with_one_id_one_counts_it(
    writer: Writer, other: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One consumer has inserted the id and is held before its commit: the other waits, and then finds it."""
    mine, theirs = writer.lease(0), writer.lease(1)
    inserted, failed = threading.Event(), threading.Event()

    def hold() -> str:
        inserted.set()
        assert failed.wait(10)
        return writer.topic_id

    writer.committer._ask_topic_id = lambda: hold
    monkeypatch.setattr(committer.log, "warning", lambda *_, **__: failed.set())
    thread = threading.Thread(target=lambda: writer.commit(writer.batch(mine, [A])))
    thread.start()
    assert inserted.wait(10)
    other.commit(other.batch(theirs, [A]))
    thread.join(10)
    assert (places(writer), letters(writer)) == ([(0, 0)], [(1, 0, "duplicate")])
    invariant.check_aggregates(writer.database)


def test_meetings_at_an_id_halve_no_batch(writer: Writer) -> None:
    """A conflict at the ids says nothing of the batch's size."""
    held = writer.database.client.start_session()
    held.start_transaction()
    writer.database[EVENT_IDS].insert_one({"_id": event_id_key(1, "a")}, session=held)
    met: list[int] = []

    def wait(_: float) -> None:
        met.append(1)
        if len(met) == committer.HALVE_AFTER_MEETINGS - 1:
            held.abort_transaction()

    vars(writer.committer._stopping)["wait"] = wait
    writer.commit(writer.batch(writer.lease(), [sold(), A, sold(), sold()]))
    assert [len(batch) for batch in writer.written] == [4]
    assert len(met) == committer.HALVE_AFTER_MEETINGS - 1


def test_a_batch_that_always_meets_is_halved(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large for MongoDB's cache fails like a conflict; and a frozen consumer holds up half of it only."""
    monkeypatch.setattr(committer, "ATTEMPT_SECONDS", 3.0)
    with writer.database.client.start_session() as frozen:
        frozen.start_transaction()
        writer.database[EVENT_IDS].insert_one({"_id": event_id_key(1, "a")}, session=frozen)
        with pytest.raises(DatabaseUnavailable, match="holds an id"):
            writer.commit(writer.batch(writer.lease(), [sold(), sold(), sold(), A]))
        frozen.abort_transaction()
    assert places(writer)[:2] == [(0, 0), (0, 1)]


def test_a_batch_waits_no_longer_than_any_other_for_an_id_that_a_frozen_transaction_holds(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "ATTEMPT_SECONDS", 0.5)
    with writer.database.client.start_session() as frozen:
        frozen.start_transaction()
        writer.database[EVENT_IDS].insert_one({"_id": event_id_key(1, "a")}, session=frozen)
        batch = writer.batch(writer.lease(), [A])
        with pytest.raises(DatabaseUnavailable):
            writer.commit(batch)
        assert writer.stored() == 0
        frozen.abort_transaction()
    writer.commit(batch)
    assert places(writer) == [(0, 0)]


@pytest.mark.parametrize(("days", "counts"), [(6.999, False), (7.001, True), (8, True), (6, False)])
def test_an_id_whose_days_are_over_counts_anew_and_is_replaced(writer: Writer, days: float, counts: bool) -> None:
    """MongoDB's TTL monitor has not run yet."""
    lease = writer.lease()
    writer.commit(writer.batch(lease, [A]))
    age(writer, timedelta(days=days))
    writer.commit(writer.batch(lease, [sold(), A, A]))
    if counts:
        assert places(writer) == [(0, 0), (0, 1), (0, 2)]
        assert (letters(writer), stored_id(writer)["o"]) == ([(0, 3, "duplicate")], 2)
        assert {letter["first"]["o"] for letter in writer.database.rejected_events.find()} == {2}
    else:
        assert (places(writer), stored_id(writer)["o"]) == ([(0, 0), (0, 1)], 0)
        assert letters(writer) == [(0, 2, "duplicate"), (0, 3, "duplicate")]
    invariant.check_aggregates(writer.database)


def test_of_two_consumers_that_replace_an_id_one_does(writer: Writer, other: Writer) -> None:
    mine, theirs = writer.lease(0), writer.lease(1)
    writer.commit(writer.batch(mine, [A]))
    age(writer, timedelta(days=8))
    before_the_first_run(writer, lambda: other.commit(other.batch(theirs, [A])))
    writer.commit(writer.batch(mine, [A]))
    assert (places(writer), letters(writer)) == ([(0, 0), (1, 0)], [(0, 1, "duplicate")])


def test_an_id_that_mongodb_deletes_after_the_question_is_inserted(writer: Writer) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [A]))
    age(writer, timedelta(days=8))
    before_the_first_run(writer, lambda: writer.database[EVENT_IDS].delete_many({}))
    writer.commit(writer.batch(lease, [A]))
    assert (places(writer), stored_id(writer)["o"]) == ([(0, 0), (0, 1)], 1)


def test_without_days_nothing_is_asked_and_nothing_recorded(writer: Writer) -> None:
    writer.rules = Rules(TOPIC, 400, copy_rejections=False, event_id_days=0)
    writer.commit(writer.batch(writer.lease(), [A, A]))
    assert (places(writer), letters(writer)) == ([(0, 0), (0, 1)], [])
    assert writer.database[EVENT_IDS].count_documents({}) == 0
    assert [event["event_id"] for event in events(writer)] == ["a", "a"]


def test_an_event_that_mongodb_refuses_leaves_its_id_to_the_next(writer: Writer) -> None:
    at = now_ms()
    day = event_collection(at)
    ensure_event_collection(writer.database, day)
    writer.database.command("collMod", day, validator={"name_of_product": {"$ne": "refused"}})
    refused, taken = (sold(name, at, event_id="a") for name in ("refused", "good"))
    writer.commit(writer.batch(writer.lease(), [refused, taken, taken]))
    assert (places(writer), stored_id(writer)["o"]) == ([(0, 1)], 1)
    assert letters(writer) == [(0, 0, "refused_by_database"), (0, 2, "duplicate")]


def test_all_copies_of_an_event_that_mongodb_refuses_are_refused_at_once(writer: Writer) -> None:
    """An attempt for each would take longer than a batch may be tried."""
    at = now_ms()
    day = event_collection(at)
    ensure_event_collection(writer.database, day)
    writer.database.command("collMod", day, validator={"name_of_product": {"$ne": "refused"}})
    refused, taken = (sold(name, at, event_id="a") for name in ("refused", "good"))
    with capture_logs() as logged:
        writer.commit(writer.batch(writer.lease(), [*[refused] * 50, taken, taken, *[refused] * 2]))
    assert [line["events"] for line in logged] == [52]
    assert places(writer) == [(0, 50)]
    reasons = Counter(reason for _, _, reason in letters(writer))
    assert reasons == {"refused_by_database": 52, "duplicate": 1}
    invariant.check_aggregates(writer.database)


@pytest.mark.parametrize(
    "damage", [{"$unset": {"t": ""}}, {"$set": {"k": "0"}}, {"$set": {"at": "today"}}, {"$unset": {"fingerprint": ""}}]
)
def test_a_damaged_id_halts_the_partition_and_is_named(writer: Writer, damage: Document) -> None:
    one, two = writer.lease(0), writer.lease(1)
    writer.commit(writer.batch(one, [A]))
    writer.database[EVENT_IDS].update_one({}, damage)
    with pytest.raises(InvariantBroken, match="'i': 'a'") as raised:
        writer.commit(writer.batch(two, [A]))
    assert raised.value.partition == 1
    assert letters(writer) == []


def test_an_id_of_an_event_that_was_never_stored_halts_its_partition(writer: Writer) -> None:
    """As when a backup was restored in part: waiting would find the same for ever."""
    lease = writer.lease()
    writer.commit(writer.batch(lease, [A]))
    (event,) = events(writer)
    writer.database[event_collection(event["_id"]["t"])].delete_many({})
    writer.database.partitions.update_one({}, {"$set": {"next_offset": 0}})
    again = writer.lease()
    same = sold(event_id="a", at_ms=event["_id"]["t"])
    with pytest.raises(InvariantBroken, match=EVENT_IDS):
        writer.commit(writer.batch(again, [same]))


def test_a_validator_on_the_ids_halts_the_partition(writer: Writer) -> None:
    writer.database.command("collMod", EVENT_IDS, validator={"k": {"$ne": 1}})
    with pytest.raises(Exception, match=f"{EVENT_IDS}.*validator") as raised:
        writer.commit(writer.batch(writer.lease(1), [A]))
    assert getattr(raised.value, "partition", None) == 1


@pytest.mark.parametrize("step", ["after_events", "after_event_ids", "after_products", "before_commit"])
def test_an_attempt_that_dies_leaves_no_id_behind(writer: Writer, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids and events are one transaction: what is aborted at any step has neither, and counts when it is read again."""

    def die(passed: str) -> None:
        if passed == step:
            raise RuntimeError

    lease = writer.lease()
    writer.commit(writer.batch(lease, [sold()]))
    batch = writer.batch(lease, [A, A])
    with monkeypatch.context() as patched:
        patched.setattr(failpoints, "reach", die)
        with pytest.raises(RuntimeError):
            writer.commit(batch)
    assert (writer.database[EVENT_IDS].count_documents({}), writer.stored()) == (0, 1)
    writer.commit(batch)
    assert (places(writer), letters(writer)) == ([(0, 0), (0, 1)], [(0, 2, "duplicate")])


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def watched(commands: Commands, database: SyncDatabase, mongo: MongoServer) -> Iterator[Writer]:
    """A writer whose commands are noted."""
    client: SyncClient = MongoClient(mongo.uri, uuidRepresentation="standard", event_listeners=[commands])
    with client:
        yield Writer(client.get_database(database.name, **_CONCERNS))


def sent(commands: Commands, writer: Writer, values: list[bytes]) -> list[tuple[str, Any]]:
    batch = writer.batch(writer.lease(), values)
    commands.sent.clear()
    writer.commit(batch)
    return [(name, command) for name, command in commands.sent if name not in ("hello", "listCollections")]


def test_a_batch_without_ids_sends_no_command_more_and_one_with_ids_two(commands: Commands, watched: Writer) -> None:
    sent(commands, watched, [sold()])  # creates the day's collection, and meets the product
    plain = [name for name, _ in sent(commands, watched, [sold()] * 50)]
    with_ids = sent(commands, watched, [sold(event_id=str(number)) for number in range(50)])
    assert len(with_ids) == len(plain) + 2
    (asked,) = [command for name, command in with_ids if name == "find" and command["find"] == EVENT_IDS]
    assert asked["readConcern"] == {"level": "majority"}
    assert "txnNumber" not in asked
    # Repeats cost no further question, however many copies of one id there are.
    repeats = sent(commands, watched, [sold(event_id=str(number % 10)) for number in range(50)])
    assert [name for name, command in repeats if command.get("find") == EVENT_IDS] == ["find"]
    assert [command["insert"] for name, command in repeats if name == "insert"] == ["recent_sums", "rejected_events"]


def test_many_ids_are_asked_for_in_few_commands(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.storage.commands.MOST_IDENTITIES", 7)
    values = [sold(event_id=str(number)) for number in range(20)]
    writer.commit(writer.batch(writer.lease(), values))
    with capture_logs() as logged:
        writer.commit(writer.batch(writer.lease(), values))
    assert len(letters(writer)) == 20
    assert logged == [], "all are found before the first attempt"


def test_ids_are_asked_for_again_when_mongodb_does_not_answer(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = writer.lease()
    writer.commit(writer.batch(lease, [A]))
    failing = iter([PyMongoError("no answer")])

    def settle_later(*arguments: Any) -> Any:
        for error in failing:
            raise error
        return settle(*arguments)

    monkeypatch.setattr(committer, "settle", settle_later)
    writer.commit(writer.batch(lease, [A]))
    assert letters(writer) == [(0, 1, "duplicate")]


def test_an_id_is_as_old_as_the_clock_said_that_its_event_was_judged_by(writer: Writer) -> None:
    lease = writer.lease()
    old = replace(writer.taken(lease, [A]))
    batch = writer.batch(lease, [])
    batch.add(old)
    writer.commit(batch)
    at = stored_id(writer)["at"]
    assert abs((old.at - at).total_seconds()) < 0.001
    assert at.timestamp() * 1000 > now_ms() - DAY_MS
