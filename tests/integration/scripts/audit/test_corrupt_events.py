"""An audit finds and names whatever is wrong with events, dead letters and offsets."""

from typing import Any

import pytest
from bson.int64 import Int64

from shared.documents import EVENT_COLLECTIONS, REPLAYED_PARTITION, Document, event_id
from shared.mongo import SyncDatabase
from tests.integration.scripts.audit.corrupting import Corrupt, Wanted, a_day_lost, an_event, assert_found, sums_of
from tests.support.kafka.consumer_group import ConsumerGroup, now_ms


def lose_an_event(database: SyncDatabase) -> list[Wanted]:
    name, event = an_event(database, event="productSold")
    database[name].delete_one({"_id": event["_id"]})
    return [lost(event), *sums_of(name, event)]


def lost(event: Document) -> Wanted:
    identity = event["_id"]
    return {"kind": "lost", "partition": identity["k"], "offset": identity["o"], "product": identity["p"]}


def double_an_event(database: SyncDatabase) -> list[Wanted]:
    """Store an event again, a millisecond earlier or later, in the same second."""
    name, event = an_event(database, event="productSold")
    identity = event["_id"]
    database[name].insert_one(event | {"_id": identity | {"t": identity["t"] ^ 1}})
    return [lost(event) | {"kind": "duplicate"}, *sums_of(name, event)]


def reject_an_event(database: SyncDatabase) -> list[Wanted]:
    """Insert a dead letter with the offset of an event."""
    _, event = an_event(database)
    letter = database.rejected_events.find_one()
    assert letter is not None
    identity = event["_id"]
    letter_identity = letter["_id"] | {"k": identity["k"], "o": identity["o"]}
    database.rejected_events.insert_one(letter | {"_id": letter_identity})
    return [{"kind": "raw_and_rejected", "partition": identity["k"], "offset": identity["o"]}]


def lose_a_dead_letter(database: SyncDatabase) -> list[Wanted]:
    letter = database.rejected_events.find_one_and_delete({})
    assert letter is not None
    return [{"kind": "lost", "partition": letter["_id"]["k"], "offset": letter["_id"]["o"]}]


def move_an_offset(by: int) -> Corrupt:
    def corrupt(database: SyncDatabase) -> list[Wanted]:
        database.partitions.update_one({"_id.k": 1}, {"$inc": {"next_offset": by}})
        # Moved on it is beyond what is stored, and beyond what Kafka holds.
        return [{"kind": "wrong_next_offset", "partition": 1}] * (1 if by < 0 else 2)

    return corrupt


def misplace_an_event(database: SyncDatabase) -> list[Wanted]:
    name, event = an_event(database, event="productSold")
    others = database.list_collection_names(filter=EVENT_COLLECTIONS)
    other = next(other for other in others if other != name)
    database[name].delete_one({"_id": event["_id"]})
    database[other].insert_one(event)
    misplaced = {"kind": "wrong_day", "collection": other, "product": event["_id"]["p"], "offset": event["_id"]["o"]}
    return [misplaced, *sums_of(name, event)]


def take_the_cluster_away(database: SyncDatabase) -> list[Wanted]:
    name, _ = an_event(database)
    events = list(database[name].find())
    database[name].drop()
    database[name].insert_many(events)
    return [{"kind": "not_clustered", "collection": name}]


def lose_a_day(database: SyncDatabase) -> list[Wanted]:
    name, _ = an_event(database)
    return a_day_lost(database, name)


def spoil_an_event(database: SyncDatabase) -> list[Wanted]:
    name, event = an_event(database, event="productSold")
    database[name].update_one({"_id": event["_id"]}, {"$set": {"amount": 3.5}})
    return [{"kind": "malformed_event", "collection": name}, lost(event), *sums_of(name, event)]


def move_an_event_to_an_unknown_partition(database: SyncDatabase) -> list[Wanted]:
    name, event = an_event(database)
    database[name].insert_one(event | {"_id": event["_id"] | {"k": 2**30}})
    return [{"kind": "malformed_event", "collection": name}]


def move_an_event_out_of_time(database: SyncDatabase) -> list[Wanted]:
    name, event = an_event(database)
    database[name].insert_one(event | {"_id": event["_id"] | {"t": Int64(2**62)}})
    return [{"kind": "wrong_day", "collection": name, "offset": event["_id"]["o"]}, lost(event) | {"kind": "duplicate"}]


def a_letter(database: SyncDatabase) -> Document:
    letter = database.rejected_events.find_one({"_id.o": {"$gt": 0}})
    assert letter is not None
    return letter


def double_a_letter(**change: Any) -> Corrupt:
    def corrupt(database: SyncDatabase) -> list[Wanted]:
        letter = a_letter(database)
        database.rejected_events.insert_one(letter | {"_id": letter["_id"] | change})
        kind = "other_group" if "topic" in change else "wrong_next_offset" if "o" in change else "unknown_partition"
        return [{"kind": kind, "partition": change.get("k", letter["_id"]["k"])}]

    return corrupt


def insert_a_letter(identity: Any) -> Corrupt:
    def corrupt(database: SyncDatabase) -> list[Wanted]:
        database.rejected_events.insert_one(a_letter(database) | {"_id": identity})
        return [{"kind": "malformed_letter"}]

    return corrupt


def change_a_letter(*kinds: str, **change: Any) -> Corrupt:
    def corrupt(database: SyncDatabase) -> list[Wanted]:
        letter = a_letter(database)
        database.rejected_events.update_one({"_id": letter["_id"]}, {"$set": change})
        return [{"kind": kind, "partition": letter["_id"]["k"], "offset": letter["_id"]["o"]} for kind in kinds]

    return corrupt


def replay_nothing(database: SyncDatabase) -> list[Wanted]:
    """Give a letter the state `replayed` and the `_id` of an event that is not stored."""
    replayed_as = event_id(1, now_ms(), REPLAYED_PARTITION, 0, 1)
    return change_a_letter("letter_without_replay", state="replayed", replayed_as=replayed_as)(database)


def change_a_partition(**change: Any) -> Corrupt:
    """Set fields of partition 1's document; the value None removes the field."""

    def corrupt(database: SyncDatabase) -> list[Wanted]:
        update = {
            "$set": {name: value for name, value in change.items() if value is not None},
            "$unset": {name: "" for name, value in change.items() if value is None},
        }
        database.partitions.update_one({"_id.k": 1}, update)
        return [{"kind": "malformed_partition", "partition": 1}]

    return corrupt


def begin_reading_later(database: SyncDatabase) -> list[Wanted]:
    database.partitions.update_one({"_id.k": 1}, {"$set": {"first_offset": 5}})
    return [{"kind": "before_first_offset", "partition": 1, "offset": 0}]


def lose_a_partition(database: SyncDatabase) -> list[Wanted]:
    database.partitions.delete_one({"_id.k": 1})
    aggregates = [{"kind": "unknown_partition", "collection": name} for name in ("rollups", "totals", "products")]
    return [{"kind": "unknown_partition", "partition": 1, "generation": 1}, *aggregates]


def invent_a_partition(database: SyncDatabase) -> list[Wanted]:
    database.partitions.insert_one({"_id": "no partition"})
    return [{"kind": "malformed_partition"}]


CORRUPTIONS: dict[str, Corrupt] = {
    "an event lost": lose_an_event,
    "an event twice": double_an_event,
    "an event that is a dead letter too": reject_an_event,
    "an event in another day": misplace_an_event,
    "an event spoiled": spoil_an_event,
    "an event of an unknown partition": move_an_event_to_an_unknown_partition,
    "an event of no time": move_an_event_out_of_time,
    "a day not clustered": take_the_cluster_away,
    "a day lost": lose_a_day,
    "a dead letter lost": lose_a_dead_letter,
    "a dead letter twice, in another generation": double_a_letter(g=2),
    "a dead letter twice, in another partition": double_a_letter(k=99),
    "a dead letter twice, beyond the end": double_a_letter(o=10**6),
    "a dead letter of another topic": double_a_letter(topic="other"),
    "a dead letter with another _id": insert_a_letter({"k": 1, "o": 1}),
    "a dead letter with no _id": insert_a_letter("letter"),
    "a dead letter in no state": change_a_letter("malformed_letter", state="lost"),
    "a dead letter for no reason": change_a_letter("malformed_letter", reason=7),
    "a dead letter replayed as no event": change_a_letter(
        "malformed_letter", "letter_without_replay", state="replayed", replayed_as=3
    ),
    "a dead letter whose replayed event is lost": replay_nothing,
    "an offset moved back": move_an_offset(-1),
    "an offset moved on": move_an_offset(1),
    "an offset that is text": change_a_partition(next_offset="12"),
    "an offset that is no whole number": change_a_partition(next_offset=12.5),
    "an offset missing": change_a_partition(next_offset=None),
    "offsets in the wrong order": change_a_partition(first_offset=10**9),
    "offsets before the first one": begin_reading_later,
    "no generation": change_a_partition(generation=None),
    "past generations that are none": change_a_partition(past=[{"generation": 1}]),
    "a partition lost": lose_a_partition,
    "a partition invented": invent_a_partition,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_what_is_wrong_is_found_and_named(stored: ConsumerGroup, corruption: str) -> None:
    assert_found(stored, CORRUPTIONS[corruption], f"e{list(CORRUPTIONS).index(corruption)}")
