"""Replays and event ids: what counted already stays rejected, and what a replay counts is counted for everybody."""

import threading
from datetime import timedelta

import pytest
from pymongo.client_session import ClientSession

from consumer.events.rejection import Rejection
from consumer.process import failpoints
from consumer.process.clocks import utc_now
from scripts.dead_letters import forgotten_ids, replay_run
from scripts.dead_letters.replay import REPLAYED, Accepted, Replays
from scripts.dead_letters.replayed_ids import ReplayedIds
from shared.documents import EVENT_IDS, REPLAYED_PARTITION, Document, event_id_key, replayed_offset
from shared.events import Reason
from tests.support.documents.invariant import check_aggregates, event_collections
from tests.support.documents.replaying import NOT_JSON, letters, own_value, replayer
from tests.support.documents.writing import Writer, sold

A = sold(event_id="a")


def of_id_a(_: Document) -> bytes:
    """What a letter's message is taken for: the event `a`."""
    return A


@pytest.fixture
def rejected(writer: Writer) -> Writer:
    """Two dead letters at the offsets 0 and 1, that are no JSON."""
    writer.commit(writer.batch(writer.lease(), [NOT_JSON, NOT_JSON]))
    return writer


def stored_id(writer: Writer) -> Document:
    found = writer.database[EVENT_IDS].find_one({"_id": event_id_key(1, "a")})
    assert found is not None
    return found


def events(writer: Writer) -> list[Document]:
    return [event for collection in event_collections(writer.database) for event in collection.find()]


def test_a_letter_whose_id_counted_stays_rejected_with_its_reason_and_place(rejected: Writer) -> None:
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    with replayer(rejected, of_id_a) as command, replayer(rejected, lambda _: sold(event_id="a", amount=2)) as other:
        (same, _), (conflict, _) = command.verdicts(letters(rejected)), other.verdicts(letters(rejected))
    assert isinstance(same, Rejection)
    assert isinstance(conflict, Rejection)
    assert (same.reason, conflict.reason) == (Reason.DUPLICATE, Reason.EVENT_ID_CONFLICT)
    assert "0:2:1" in same.detail
    assert len(events(rejected)) == 1


def test_a_replayed_letter_s_id_is_recorded_and_a_later_message_repeats_it(rejected: Writer) -> None:
    with replayer(rejected, of_id_a) as command:
        assert command.replay(letters(rejected)[1:]) == [REPLAYED]
    first = stored_id(rejected)
    assert (first["k"], first["o"], first["g"]) == (REPLAYED_PARTITION, replayed_offset(0, 1), 1)
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    (_, _, repeat) = letters(rejected)
    assert (repeat["reason"], repeat["first"]["k"]) == ("duplicate", REPLAYED_PARTITION)
    assert "the replayed letter 0:1:1" in repeat["detail"]
    assert len(events(rejected)) == 1


def test_of_two_letters_with_one_id_in_one_transaction_one_counts(rejected: Writer) -> None:
    with replayer(rejected, of_id_a) as command:
        first, second = command.replay(letters(rejected))
    assert first == REPLAYED
    assert second.startswith("rejected still: duplicate")
    assert "the replayed letter 0:0:1" in second
    assert [letter["state"] for letter in letters(rejected)] == ["replayed", "new"]
    check_aggregates(rejected.database)


def test_of_two_replays_with_one_id_one_counts(rejected: Writer) -> None:
    """Both judge their letters before either stores any."""
    one, two = letters(rejected)
    with replayer(rejected, of_id_a) as quick, replayer(rejected, of_id_a) as slow:
        judged = slow.judge([two])
        assert quick.replay([one]) == [REPLAYED]
        (outcome,) = slow.store(judged)
    assert outcome.startswith("rejected still: duplicate")
    assert len(events(rejected)) == 1
    check_aggregates(rejected.database)


def test_of_a_replay_and_a_consumer_at_once_one_counts_the_id(
    rejected: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay has inserted the id and is held before its commit, while a consumer stores a message with it."""
    lease = rejected.lease()
    batch = rejected.batch(lease, [A])
    started = threading.Thread(target=lambda: rejected.commit(batch))

    def reach(step: str) -> None:
        if step == "replay_after_event_ids" and started.ident is None:
            started.start()
            started.join(0.3)  # the consumer meets the id, fails, and waits
            assert started.is_alive()

    monkeypatch.setattr(failpoints, "reach", reach)
    with replayer(rejected, of_id_a) as command:
        assert command.replay(letters(rejected)[:1]) == [REPLAYED]
    started.join(20)
    assert [event["_id"]["k"] for event in events(rejected)] == [REPLAYED_PARTITION]
    assert letters(rejected)[2]["reason"] == "duplicate"
    check_aggregates(rejected.database)


def test_an_id_that_a_consumer_counts_before_the_replay_stores_it_is_found(rejected: Writer) -> None:
    with replayer(rejected, of_id_a) as command:
        judged = command.judge(letters(rejected)[:1])
        rejected.commit(rejected.batch(rejected.lease(), [A]))
        (outcome,) = command.store(judged)
    assert outcome.startswith("rejected still: duplicate")
    assert [letter["state"] for letter in letters(rejected)] == ["new", "new"]
    assert len(events(rejected)) == 1


def test_a_letter_rejected_for_its_id_stays_so_when_the_id_is_forgotten(writer: Writer) -> None:
    """It does not age while it waits: a replay of all letters after the window counts nothing twice."""
    writer.commit(writer.batch(writer.lease(), [A, A, sold(event_id="a", amount=2)]))
    writer.database[EVENT_IDS].delete_many({})
    with replayer(writer) as command:
        verdicts = command.verdicts(letters(writer))
    assert [verdict.reason for verdict in verdicts if isinstance(verdict, Rejection)] == [
        Reason.DUPLICATE, Reason.EVENT_ID_CONFLICT,
    ]  # fmt: skip
    assert all("0:0:1" in verdict.detail for verdict in verdicts if isinstance(verdict, Rejection))


def waited(writer: Writer, days: float) -> None:
    """Let all letters have been rejected so long ago, and all ids that counted be as much older."""
    ago = timedelta(days=days)
    for letter in letters(writer):
        older = {"$set": {"rejected_at": letter["rejected_at"] - ago}}
        writer.database.rejected_events.update_one({"_id": letter["_id"]}, older)
    for each in writer.database[EVENT_IDS].find():
        writer.database[EVENT_IDS].update_one({"_id": each["_id"]}, {"$set": {"at": each["at"] - ago}})


@pytest.mark.parametrize("days", [1, 6.9, 7.001, 8, 20])
def test_a_letter_whose_copy_counted_while_it_waited_never_counts(rejected: Writer, days: float) -> None:
    """Also when the id's days are over, whether MongoDB has deleted it or not."""
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    waited(rejected, days)
    with replayer(rejected, of_id_a) as command:
        (verdict, _) = command.verdicts(letters(rejected))
        assert isinstance(verdict, Rejection)
        assert verdict.reason == Reason.DUPLICATE
        rejected.database[EVENT_IDS].delete_many({})
        (verdict, _) = command.verdicts(letters(rejected))
    assert isinstance(verdict, str)
    assert "from 0:2:1" in verdict
    assert "--as-new" in verdict


def test_a_letter_whose_id_never_counted_is_replayed_however_long_it_waited(rejected: Writer) -> None:
    others = [sold(event_id="b"), sold(event_id="a", product=2), sold()]
    rejected.commit(rejected.batch(rejected.lease(), others))
    waited(rejected, 8)
    with replayer(rejected, of_id_a) as command:
        first, second = command.replay(letters(rejected))
    assert (first, second.partition(",")[0]) == (REPLAYED, "rejected still: duplicate")


def test_an_event_that_counted_as_new_has_not_counted_its_id(rejected: Writer) -> None:
    with replayer(rejected, of_id_a, as_new=True) as as_new:
        assert as_new.replay(letters(rejected)[:1]) == [REPLAYED]
    waited(rejected, 8)
    with replayer(rejected, of_id_a) as command:
        assert command.replay(letters(rejected)[1:]) == [REPLAYED]


def test_where_the_search_takes_too_long_the_letter_is_left(rejected: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    rejected.commit(rejected.batch(rejected.lease(), [sold()]))
    waited(rejected, 8)
    monkeypatch.setattr(forgotten_ids, "SEARCH_SECONDS", 0.000_001)
    with replayer(rejected, of_id_a) as command:
        (verdict, _) = command.verdicts(letters(rejected))
    assert "may have counted and been forgotten" in str(verdict)


def test_a_replay_keeps_with_a_letter_that_it_is_a_duplicate(rejected: Writer, session: ClientSession) -> None:
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    ids = ReplayedIds(rejected.database, 7, "", as_new=False)
    replays = Replays(rejected.database, session, 400, ["new"], of_id_a, utc_now, ids)
    list(replay_run.replayed(replays, letters(rejected), dry_run=True))
    assert [letter["reason"] for letter in letters(rejected)] == ["not_json", "not_json"]
    list(replay_run.replayed(replays, letters(rejected), dry_run=False))
    for letter in letters(rejected):
        assert (letter["reason"], letter["state"], letter["first"]["o"]) == ("duplicate", "new", 2)
        assert "0:2:1" in letter["detail"]


def test_a_damaged_id_leaves_the_letter_and_is_named(rejected: Writer) -> None:
    rejected.database[EVENT_IDS].insert_one({"_id": event_id_key(1, "a")})
    with replayer(rejected, of_id_a) as command:
        (verdict, _) = command.verdicts(letters(rejected))
    assert "'i': 'a'" in str(verdict)


@pytest.mark.parametrize(("days", "id_is_known"), [(7, False), (0, True), (0, False)])
def test_a_letter_rejected_for_its_id_stays_so_whatever_the_replay_is_told_of_ids(
    writer: Writer, session: ClientSession, days: int, id_is_known: bool
) -> None:
    """The shell of the replay may lack `EVENT_ID_HEADER`, so that the event has no id, or have EVENT_ID_DAYS=0."""
    writer.commit(writer.batch(writer.lease(), [A, A, sold(event_id="a", amount=2)]))
    ids = ReplayedIds(writer.database, days, "", as_new=False)
    value = A if id_is_known else sold()
    replays = Replays(writer.database, session, 400, ["new"], lambda _: value, utc_now, ids)
    judged = [replays.judge(letter) for letter in letters(writer)]
    assert [one.reason for one in judged if isinstance(one, Rejection)] == [
        Reason.DUPLICATE, Reason.EVENT_ID_CONFLICT,
    ]  # fmt: skip


def test_an_id_whose_days_are_over_is_replaced(rejected: Writer) -> None:
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    old = {"$set": {"at": utc_now() - timedelta(days=7, seconds=1)}}
    rejected.database[EVENT_IDS].update_one({}, old)
    with replayer(rejected, of_id_a) as command:
        assert command.replay(letters(rejected)[:1]) == [REPLAYED]
    assert stored_id(rejected)["k"] == REPLAYED_PARTITION
    assert len(events(rejected)) == 2
    check_aggregates(rejected.database)


def test_as_new_counts_whatever_the_id_and_does_not_record_it(writer: Writer) -> None:
    writer.commit(writer.batch(writer.lease(), [A, A, sold(event_id="a", amount=2)]))
    first = stored_id(writer)
    with replayer(writer, as_new=True) as command:
        assert command.replay(letters(writer)) == [REPLAYED, REPLAYED]
    assert stored_id(writer) == first
    replayed = [event for event in events(writer) if event["_id"]["k"] == REPLAYED_PARTITION]
    assert [(event["event_id"], event["as_new"]) for event in replayed] == [("a", True), ("a", True)]
    assert [letter["replayed_as_new"] for letter in letters(writer)] == [True, True]
    check_aggregates(writer.database)


def test_a_replay_without_as_new_marks_nothing(rejected: Writer) -> None:
    with replayer(rejected, of_id_a) as command:
        command.replay(letters(rejected)[:1])
    assert "as_new" not in events(rejected)[0]
    assert "replayed_as_new" not in letters(rejected)[0]


@pytest.fixture
def session(writer: Writer) -> ClientSession:
    return writer.database.client.start_session()


def test_a_header_gives_the_id_as_it_does_for_the_consumer(rejected: Writer, session: ClientSession) -> None:
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    headers = [["ce_id", b"other"], ["ce_id", b"a"], ["another", b"b"]]
    rejected.database.rejected_events.update_one({"_id.o": 0}, {"$set": {"headers": headers}})
    ids = ReplayedIds(rejected.database, 7, "ce_id", as_new=False)
    replays = Replays(rejected.database, session, 400, ["new"], lambda _: sold(), utc_now, ids)
    with_header, without = (replays.judge(letter) for letter in letters(rejected))
    assert isinstance(with_header, Rejection)
    assert with_header.reason == Reason.DUPLICATE
    assert not isinstance(without, Rejection | str)


def test_a_letter_that_lacks_headers_which_may_give_the_id_is_left(rejected: Writer, session: ClientSession) -> None:
    cut = {"truncated": True, "headers_left_out": None}
    # The headers that are left give an id, but one that is lacking may be the last, which counts.
    rejected.database.rejected_events.update_many({}, {"$set": cut | {"headers": [["ce_id", b"b"]]}})
    letter = letters(rejected)[0]

    def judged(header: str, value: bytes, as_new: bool = False) -> object:
        ids = ReplayedIds(rejected.database, 7, header, as_new)
        return Replays(rejected.database, session, 400, ["new"], lambda _: value, utc_now, ids).judge(letter)

    assert "headers of it were left out" in str(judged("ce_id", sold()))
    for left in (judged("", sold()), judged("ce_id", sold(), as_new=True), judged("ce_id", A)):
        assert not isinstance(left, str)


def test_without_days_ids_mean_nothing(rejected: Writer, session: ClientSession) -> None:
    rejected.commit(rejected.batch(rejected.lease(), [A]))
    ids = ReplayedIds(rejected.database, 0, "", as_new=False)
    replays = Replays(rejected.database, session, 400, ["new"], own_value, utc_now, ids)
    rejected.database.rejected_events.update_many({}, {"$set": {"value": A}})
    judged = [replays.judge(letter) for letter in letters(rejected)]
    accepted = [one for one in judged if isinstance(one, Accepted)]
    assert [outcome for _, outcome in replays.store(accepted)] == [REPLAYED, REPLAYED]
    assert rejected.database[EVENT_IDS].count_documents({}) == 1
