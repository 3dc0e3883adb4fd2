"""Of the events of a product with one id, exactly one is stored, and each other one is a dead letter that names it.

Which of them it is depends on which consumer was first, so any one will do. It is counted by the messages that were
published, and shares no code with the consumer.
"""

from collections import defaultdict
from collections.abc import Mapping

from shared.mongo import SyncDatabase
from tests.faults.published_twice import PublishedId
from tests.support.documents.invariant import Coordinates, coordinates_of, event_collections


def check(database: SyncDatabase, ids: Mapping[Coordinates, PublishedId]) -> set[Coordinates]:
    """Assert that each id counted once. Returns the messages that were rejected for their id."""
    stored = {
        coordinates_of(event): event["event_id"]
        for collection in event_collections(database)
        for event in collection.find({"event_id": {"$exists": True}}, {"event_id": 1})
    }
    letters = {coordinates_of(letter): letter for letter in database.rejected_events.find({"first": {"$exists": True}})}
    of_id: dict[tuple[int, str], list[Coordinates]] = defaultdict(list)
    for at, published in ids.items():
        of_id[published.product, published.event_id].append(at)
    for (product, event_id), copies in of_id.items():
        counted = [at for at in copies if at in stored]
        assert len(counted) == 1, f"of product {product}, id {event_id}, {counted} count, of {copies}"
        (first,) = counted
        assert stored[first] == event_id
        for at in copies:
            if at != first:
                reason = "duplicate" if ids[at].content == ids[first].content else "event_id_conflict"
                letter = letters[at]
                assert letter["reason"] == reason, letter
                assert letter["first"]["i"] == event_id, letter
                assert coordinates_of({"_id": letter["first"]}) == first, f"{letter} should name {first}"
    recorded = {(one["_id"]["p"], one["_id"]["i"]) for one in database.event_ids.find({}, {"_id": 1})}
    assert recorded == of_id.keys(), f"other ids are recorded than were published: {len(recorded ^ of_id.keys())}"
    return set(letters)
