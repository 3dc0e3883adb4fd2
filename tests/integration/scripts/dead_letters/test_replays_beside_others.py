"""Replays beside others who change the same letters, days and sums at the same moment."""

from collections.abc import Callable

import pytest
from pymongo.client_session import ClientSession

from consumer.process import failpoints
from scripts.common.sessions import in_transaction
from scripts.dead_letters import replay
from shared.documents import DAY_MS, EVENT_COLLECTIONS, LetterState, event_collection
from shared.mongo import SyncDatabase
from tests.support.documents.days import keeping
from tests.support.documents.invariant import check_aggregates
from tests.support.documents.replaying import NOT_JSON, letters, replayer
from tests.support.documents.writing import Writer, sold
from tests.support.kafka.consumer_group import now_ms

DAYS_AGO = 10
OLD_MS = now_ms() - DAYS_AGO * DAY_MS


@pytest.fixture
def rejected(writer: Writer) -> Writer:
    """Two dead letters."""
    writer.commit(writer.batch(writer.lease(), [NOT_JSON, NOT_JSON]))
    return writer


def replayed_events(database: SyncDatabase) -> int:
    names = database.list_collection_names(filter=EVENT_COLLECTIONS)
    return sum(database[name].count_documents({"_id.k": -1}) for name in names)


def test_of_two_replays_of_the_same_letters_one_counts_them(rejected: Writer) -> None:
    """Both judge them before either stores any. The slower one has a letter of its own in the same transaction."""
    both = letters(rejected)
    with replayer(rejected, lambda _: sold()) as quick, replayer(rejected, lambda _: sold()) as slow:
        shared, own = slow.judge(both)
        assert quick.replay(both[:1]) == ["replayed"]
        assert slow.store([shared, own]) == [replay.CHANGED, "replayed"]
    assert replayed_events(rejected.database) == 2
    check_aggregates(rejected.database)


def test_a_letter_that_is_discarded_meanwhile_is_not_replayed(rejected: Writer) -> None:
    chosen = letters(rejected)[:1]
    with replayer(rejected, lambda _: sold()) as command:
        judged = command.judge(chosen)
        rejected.database.rejected_events.update_many({}, {"$set": {"state": LetterState.DISCARDED}})
        assert command.store(judged) == [replay.CHANGED]
    assert replayed_events(rejected.database) == 0
    assert [letter["state"] for letter in letters(rejected)] == ["discarded"] * 2


def once(monkeypatch: pytest.MonkeyPatch, step: str, run: Callable[[], object]) -> None:
    """Run something the first time that a replay passes the step."""
    waiting = iter([run])

    def reach(passed: str) -> None:
        for one in waiting if passed == step else ():
            one()
            break

    monkeypatch.setattr(failpoints, "reach", reach)


def test_a_day_that_is_dropped_while_a_replay_runs_gets_no_event(
    rejected: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay's transaction has begun, so by itself it sees the day as it was before."""
    chosen, database = letters(rejected)[:1], rejected.database
    with replayer(rejected, lambda _: sold(at_ms=OLD_MS)) as command:

        def begin_and_drop() -> None:
            assert database.maintenance.find_one({"_id": "retention"}, session=command.session) is None
            assert keeping(database, 3).drop_old_days() == [event_collection(OLD_MS)]

        judged = command.judge(chosen)
        once(monkeypatch, "replay_before", begin_and_drop)
        assert command.store(judged) == [replay.DROPPED_DAY]
    assert event_collection(OLD_MS) not in database.list_collection_names()
    assert [letter["state"] for letter in letters(rejected)] == ["new"] * 2
    check_aggregates(database)


def test_a_day_that_is_dropped_takes_its_replayed_event_along_and_leaves_its_sums(rejected: Writer) -> None:
    with replayer(rejected, lambda _: sold(at_ms=OLD_MS)) as command:
        assert command.replay(letters(rejected)[:1]) == ["replayed"]
    sums = list(rejected.database.rollups.find())
    assert keeping(rejected.database, 3).drop_old_days() == [event_collection(OLD_MS)]
    assert (list(rejected.database.rollups.find()), replayed_events(rejected.database)) == (sums, 0)
    assert [letter["state"] for letter in letters(rejected)] == ["replayed", "new"]


def test_a_replay_whose_reply_was_lost_says_replayed_though_its_day_is_gone_by_then(
    rejected: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_reply(session: ClientSession, write: Callable[[ClientSession], None]) -> None:
        """What the driver does when the reply to a commit was lost: it runs the transaction again."""
        in_transaction(session, write)
        assert keeping(rejected.database, 3).drop_old_days() == [event_collection(OLD_MS)]
        in_transaction(session, write)

    monkeypatch.setattr(replay, "in_transaction", lose_the_reply)
    with replayer(rejected, lambda _: sold(at_ms=OLD_MS)) as command:
        assert command.replay(letters(rejected)[:1]) == ["replayed"]
    assert [letter["state"] for letter in letters(rejected)] == ["replayed", "new"]
