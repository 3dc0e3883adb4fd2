"""An audit finds an id that counted twice, one that is not recorded, and a duplicate without its first one."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from consumer.process.clocks import utc_now
from scripts.audit.event_ids import check as event_id_check
from scripts.audit.findings import Findings
from scripts.audit.reconcile import Reconciliation
from shared.documents import DAY_MS, EVENT_IDS, MAINTENANCE, event_collection, event_id_key
from shared.event_id_window import keep_for
from tests.support.documents import invariant
from tests.support.documents.replaying import letters, replayer
from tests.support.documents.writing import GROUP, TOPIC, Writer, sold
from tests.support.kafka.consumer_group import now_ms

A, B, C = (sold(event_id=one) for one in "abc")
KEY = {"_id": event_id_key(1, "a")}


@pytest.fixture
def stored(writer: Writer) -> Writer:
    """Events with and without ids in two partitions, a duplicate of `a` and a conflict with it."""
    keep_for(writer.database, 7, utc_now() - timedelta(hours=1))
    writer.commit(writer.batch(writer.lease(0), [A, B, sold()]))
    writer.commit(writer.batch(writer.lease(1), [A, sold(event_id="a", amount=2), C]))
    return writer


def audited(writer: Writer) -> Findings:
    return Reconciliation(writer.database, GROUP, TOPIC, None, None).run(lambda _: None).findings


def found(writer: Writer) -> dict[str, int]:
    return dict(audited(writer).counts)


def delete_event(writer: Writer, **query: object) -> None:
    for collection in invariant.event_collections(writer.database):
        collection.delete_one(query)


def test_an_audit_of_repeats_finds_nothing_and_says_what_it_compared(stored: Writer) -> None:
    assert found(stored) == {}
    assert Reconciliation(stored.database, GROUP, TOPIC, None, None).run(lambda _: None).event_ids == 3


def test_an_id_that_is_not_recorded_is_found(stored: Writer) -> None:
    stored.database[EVENT_IDS].delete_one(KEY)
    assert found(stored) == {"event_id_missing": 1}


def test_two_events_that_counted_with_one_id_are_found_and_both_named(stored: Writer) -> None:
    stored.database[EVENT_IDS].delete_one(KEY)
    stored.commit(stored.batch(stored.lease(0), [A]))
    findings = audited(stored)
    assert findings.counts == {"counted_twice": 1}
    assert "from 0:0:1" in findings.details[0].message
    assert "from 0:3:1" in findings.details[0].message


def test_an_event_whose_id_was_replaced_when_its_days_were_over_is_right(stored: Writer) -> None:
    old = now_ms() - 8 * DAY_MS
    stored.commit(stored.batch(stored.lease(0), [sold(event_id="old", at_ms=old)]))
    aged = {"$set": {"at": utc_now() - timedelta(days=8)}}
    stored.database[EVENT_IDS].update_one({"_id": event_id_key(1, "old")}, aged)
    stored.commit(stored.batch(stored.lease(0), [sold(event_id="old")]))
    assert sum(1 for _ in invariant.raw_events(stored.database)) == 6
    assert found(stored) == {}


def test_an_id_whose_event_is_not_stored_is_found_and_so_is_the_letter_that_names_it(stored: Writer) -> None:
    delete_event(stored, event_id="a")
    counts = found(stored)
    assert (counts["event_id_without_event"], counts["first_missing"]) == (1, 2)


@pytest.mark.parametrize("days_ago", [10, 200])
def test_an_id_of_an_event_that_came_late_is_looked_up(
    stored: Writer, days_ago: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = sold(event_id="late", at_ms=now_ms() - days_ago * DAY_MS)
    stored.commit(stored.batch(stored.lease(0), [late, late]))
    assert found(stored) == {}
    delete_event(stored, event_id="late")
    counts = found(stored)
    assert (counts["event_id_without_event"], counts["first_missing"]) == (1, 1)
    monkeypatch.setattr(event_id_check, "MOST_LOOKED_UP", 0)
    findings = audited(stored)
    assert "event_id_without_event" not in findings.counts
    assert findings.unverifiable["ids of events before the ids' window, beyond those that were looked up"] == 1


def damage_place(writer: Writer) -> None:
    writer.database[EVENT_IDS].update_one(KEY, {"$set": {"k": "0"}})


def damage_time(writer: Writer) -> None:
    writer.database[EVENT_IDS].update_one(KEY, {"$set": {"at": "today", "o": 5}})


def damage_key(writer: Writer) -> None:
    document = writer.database[EVENT_IDS].find_one_and_delete(KEY)
    assert document is not None
    writer.database[EVENT_IDS].insert_one(document | {"_id": "a"})


@pytest.mark.parametrize("damage", [damage_place, damage_time, damage_key])
def test_a_damaged_id_is_found(stored: Writer, damage: Callable[[Writer], None]) -> None:
    damage(stored)
    assert found(stored)["malformed_event_id"] >= 1


def test_a_letter_that_does_not_name_the_first_event_is_found(stored: Writer) -> None:
    stored.database.rejected_events.update_one({"reason": "duplicate"}, {"$unset": {"first": ""}})
    stored.database.rejected_events.update_one({"reason": "event_id_conflict"}, {"$set": {"first.o": 99}})
    assert found(stored) == {"malformed_letter": 1, "first_missing": 1}


def test_a_letter_whose_first_event_has_another_id_is_found(stored: Writer) -> None:
    stored.database.rejected_events.update_one({"reason": "duplicate"}, {"$set": {"first.i": "b"}})
    assert found(stored) == {"first_missing": 1}


def test_replayed_letters_are_judged_and_those_as_new_are_not(stored: Writer) -> None:
    with replayer(stored, as_new=True) as command:
        assert command.replay(letters(stored)) == ["replayed", "replayed"]
    stored.commit(stored.batch(stored.lease(0), [b"bad"]))
    with replayer(stored, lambda _: sold(event_id="d")) as command:
        assert command.replay(letters(stored)[:1]) == ["replayed"]
    assert found(stored) == {}
    stored.database[EVENT_IDS].delete_one({"_id": event_id_key(1, "d")})
    assert found(stored) == {"event_id_missing": 1}


def test_what_was_judged_before_the_window_is_not_judged(stored: Writer) -> None:
    stored.database[EVENT_IDS].delete_one(KEY)
    stored.database[MAINTENANCE].update_one({"_id": "event_ids"}, {"$set": {"since": utc_now()}})
    assert found(stored) == {}
    stored.database[MAINTENANCE].delete_one({"_id": "event_ids"})
    assert found(stored) == {}


def test_without_a_note_of_the_window_the_audit_says_that_it_judges_no_ids(stored: Writer) -> None:
    """As when one consumer was started with EVENT_ID_DAYS=0."""
    keep_for(stored.database, 0, utc_now())
    findings = audited(stored)
    assert findings.unverifiable["event ids, since no consumer notes since when they are complete"] == 3
    stored.database[EVENT_IDS].delete_many({})
    assert audited(stored).unverifiable == {}


def test_ids_that_expire_while_the_audit_runs_are_not_missed(stored: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window moves on with MongoDB's clock: it is not that of the audit's first moment, nor of its machine."""
    clocks = iter([utc_now()])
    later = utc_now() + timedelta(days=8)
    monkeypatch.setattr(Reconciliation, "_mongodb_now", lambda _: next(clocks, later))
    stored.database[EVENT_IDS].delete_many({})
    assert found(stored) == {}


def test_the_window_goes_by_mongodb_s_clock(stored: Writer) -> None:
    reconciliation = Reconciliation(stored.database, GROUP, TOPIC, None, None)
    assert abs(reconciliation._mongodb_now() - utc_now()) < timedelta(minutes=1)


def test_a_day_that_retention_drops_after_it_was_read_lacks_no_first_event(
    stored: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = now_ms() - 10 * DAY_MS
    late = sold(event_id="late", at_ms=at)
    stored.commit(stored.batch(stored.lease(0), [late, late]))

    def drop(*_: object) -> None:
        stored.database[MAINTENANCE].update_one(
            {"_id": "retention"}, {"$set": {"dropped_before": at // DAY_MS + 1}}, upsert=True
        )
        stored.database.drop_collection(event_collection(at))

    monkeypatch.setattr("scripts.audit.reconcile.check_replays", drop)
    findings = audited(stored)
    assert findings.counts == {}
    assert findings.unverifiable["events with an id of days that retention dropped"] == 2


def test_of_two_events_with_one_id_from_before_the_window_the_audit_says_that_it_cannot_judge(stored: Writer) -> None:
    late = sold(event_id="late", at_ms=now_ms() - 10 * DAY_MS)
    stored.commit(stored.batch(stored.lease(0), [late]))
    assert audited(stored).unverifiable == {}
    stored.database[EVENT_IDS].delete_one({"_id": event_id_key(1, "late")})
    stored.commit(stored.batch(stored.lease(0), [late]))
    findings = audited(stored)
    assert findings.counts == {}
    assert findings.unverifiable == {"further events with one id, from before the ids' window": 1}


def test_thousands_of_ids_are_compared_a_thousand_at_a_time(stored: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_id_check, "IDS_AT_ONCE", 7)
    monkeypatch.setattr("scripts.audit.event_ids.letters.IDS_AT_ONCE", 7)
    values = [sold(event_id=str(number)) for number in range(40)]
    stored.commit(stored.batch(stored.lease(0), values * 2))
    assert found(stored) == {}
    stored.database[EVENT_IDS].delete_many({"_id.i": {"$in": ["7", "33"]}})
    assert Counter(found(stored)) == {"event_id_missing": 2}
