"""What a replay makes of a letter, by the clock, by retention and by what MongoDB says; without Kafka or a consumer."""

import json
import operator
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from consumer.dead_letters.record import RejectedMessage, rejected_document
from consumer.events.rejection import Rejection
from scripts.common.sessions import only_session
from scripts.dead_letters.replay import CHANGED, DROPPED_DAY, REPLAYED, Accepted, Replays
from scripts.dead_letters.replayed_ids import ReplayedIds
from shared.documents import DAY_MS, EVENT_ID_DAYS, Document, event_collection
from shared.events import Reason
from shared.mongo import SyncDatabase, connect, ensure_collections, ensure_event_collection
from shared.settings import SharedSettings
from tests.support.documents.invariant import check_aggregates, raw_events
from tests.support.servers.interface import MongoServer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RETENTION_DAYS = 400


class Replaying:
    """A replay whose clock a test sets."""

    def __init__(self, database: SyncDatabase) -> None:
        self.database = database
        self.now = NOW
        self.made = 0

    def letter(self, happened: datetime, recorded: datetime = NOW, product: int = 1) -> Document:
        """Store a new letter, recorded and rejected at one time."""
        event = {"event": "productSold", "name_of_product": "p", "product_id": product, "no_of_units": 1, "amount": 1}
        value = json.dumps(event | {"occurred_at": happened.isoformat()}).encode()
        self.made += 1
        recorded_ms = int(recorded.timestamp() * 1000)
        message = RejectedMessage("topic", 1, 0, self.made, recorded_ms, None, value, [])
        letter = rejected_document(message, Rejection(Reason.TOO_OLD), recorded, copy_pending=False)
        self.database.rejected_events.insert_one(letter)
        return letter


@pytest.fixture
def replaying(mongo: MongoServer, request: pytest.FixtureRequest) -> Iterator[Replaying]:
    name = request.node.name.partition("[")[0][:50]
    database = connect(SharedSettings(mongodb_uri=mongo.uri, mongodb_database=name), "tests")
    ensure_collections(database)
    yield Replaying(database)
    database.client.drop_database(name)
    database.client.close()


@pytest.fixture
def replays(replaying: Replaying) -> Iterator[Replays]:
    with only_session(replaying.database, "replayer") as session:
        ids = ReplayedIds(replaying.database, EVENT_ID_DAYS, header="", as_new=False)
        value_of, clock = operator.itemgetter("value"), lambda: replaying.now
        yield Replays(replaying.database, session, RETENTION_DAYS, ["new"], value_of, clock, ids)


def accepted(judged: Accepted | Rejection | str) -> Accepted:
    assert isinstance(judged, Accepted), judged
    return judged


def test_a_letter_does_not_age_while_it_waits(replaying: Replaying, replays: Replays) -> None:
    in_time = replaying.letter(NOW - timedelta(days=RETENTION_DAYS) + timedelta(hours=1))
    too_late = replaying.letter(NOW - timedelta(days=RETENTION_DAYS) - timedelta(hours=1))
    replaying.now = NOW + timedelta(days=1)
    accepted(replays.judge(in_time))
    judged = replays.judge(too_late)
    assert isinstance(judged, Rejection)
    assert judged.reason == Reason.TOO_OLD


def test_what_was_from_the_future_is_judged_by_the_present(replaying: Replaying, replays: Replays) -> None:
    letter = replaying.letter(NOW + timedelta(minutes=10))
    judged = replays.judge(letter)
    assert isinstance(judged, Rejection)
    assert judged.reason == Reason.FROM_THE_FUTURE
    replaying.now = NOW + timedelta(minutes=6)
    accepted(replays.judge(letter))


def test_the_days_that_consumers_keep_count(replaying: Replaying, replays: Replays) -> None:
    """A consumer notes how long it keeps events; the notes of consumers that ended do not count."""
    older, newer = (replaying.letter(NOW - timedelta(days=days), NOW - timedelta(days=days)) for days in (450, 100))
    assert DROPPED_DAY in str(replays.judge(older))
    accepted(replays.judge(newer))
    maintenance = replaying.database.maintenance
    maintenance.insert_one({"_id": "keeper a", "days": 30, "until": NOW + timedelta(hours=1)})
    assert DROPPED_DAY in str(replays.judge(newer))
    maintenance.insert_one({"_id": "keeper b", "days": 500, "until": NOW + timedelta(hours=1)})
    accepted(replays.judge(older))
    maintenance.update_one({"_id": "keeper b"}, {"$set": {"until": NOW - timedelta(seconds=1)}})
    assert DROPPED_DAY in str(replays.judge(older))


def test_a_day_that_retention_drops_meanwhile_takes_no_event(replaying: Replaying, replays: Replays) -> None:
    letter = replaying.letter(NOW - timedelta(days=10))
    judged = accepted(replays.judge(letter))
    dropped = {"$set": {"dropped_before": judged.event.time_ms // DAY_MS + 1}}
    replaying.database.maintenance.update_one({"_id": "retention"}, dropped, upsert=True)
    ((_, outcome),) = replays.store([judged])
    assert outcome.startswith(DROPPED_DAY)
    assert str(replays.judge(letter)).startswith(DROPPED_DAY)
    assert list(raw_events(replaying.database)) == []


def test_a_letter_that_mongodb_refuses_costs_no_other(replaying: Replaying, replays: Replays) -> None:
    letters = [replaying.letter(NOW - timedelta(days=1), product=product) for product in (1, 2, 3)]
    judged = [accepted(replays.judge(letter)) for letter in letters]
    day = event_collection(judged[0].event.time_ms)
    ensure_event_collection(replaying.database, day)
    replaying.database.command({"collMod": day, "validator": {"_id.p": {"$ne": 2}}})
    outcomes = [outcome for _, outcome in replays.store(judged)]
    assert (outcomes[0], outcomes[2]) == (REPLAYED, REPLAYED)
    assert outcomes[1].startswith("MongoDB refuses it")
    states = [letter["state"] for letter in replaying.database.rejected_events.find().sort("_id", 1)]
    assert states == ["replayed", "new", "replayed"]
    check_aggregates(replaying.database)


def test_a_letter_that_somebody_else_has_decided_about_is_left(replaying: Replaying, replays: Replays) -> None:
    judged = accepted(replays.judge(replaying.letter(NOW - timedelta(days=1))))
    replaying.database.rejected_events.update_many({}, {"$set": {"state": "discarded"}})
    assert [outcome for _, outcome in replays.store([judged])] == [CHANGED]
    assert list(raw_events(replaying.database)) == []


def test_a_letter_that_this_replay_has_stored_already_is_replayed_once(replaying: Replaying, replays: Replays) -> None:
    """As when MongoDB's reply to the commit was lost, and the driver ran the transaction again."""
    judged = accepted(replays.judge(replaying.letter(NOW - timedelta(days=1))))
    outcomes = [replays.store([judged])[0][1] for _ in range(2)]
    assert outcomes == [REPLAYED, REPLAYED]
    assert sum(1 for _ in raw_events(replaying.database)) == 1
    check_aggregates(replaying.database)
