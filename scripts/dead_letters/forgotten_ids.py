"""Whether an id that MongoDB has deleted had counted: the raw events say so for as long as retention keeps them."""

from typing import Final

import pymongo
from pymongo.errors import PyMongoError

from shared.documents import EVENT_COLLECTIONS, events_of, place_name
from shared.mongo import SyncDatabase

SEARCH_SECONDS: Final = 5.0
"""So long the raw events of one letter's product are searched: some 400 days of 5,000 events each. At twice of it a
thousand letters of busy products hold a replay up for hours; at half, more letters are left to a person."""


def why_forgotten(database: SyncDatabase, product: int, event_id: str) -> str | None:
    """Why a letter with an id that is not recorded is left: a stored event of the product has it, or nobody can tell.
    None where no stored event has it. Raises PyMongoError.

    One range of `_id` is read of each day. Which content counted is not known, so this is no rejection.
    """
    query = {**events_of(product), "event_id": event_id, "as_new": {"$ne": True}}
    try:
        with pymongo.timeout(SEARCH_SECONDS):
            for day in sorted(database.list_collection_names(filter=EVENT_COLLECTIONS), reverse=True):
                event = database[day].find_one(query, {"_id": 1})
                if event is not None:
                    return (
                        f"an event with its id was counted, from {place_name(event['_id'])}, and is out of "
                        "EVENT_ID_DAYS: compare the two; --as-new counts this one too"
                    )
    except PyMongoError as error:
        if not error.timeout:
            raise
        return (
            f"its id may have counted and been forgotten, and {SEARCH_SECONDS:.0f} s were too short to search the "
            f"events of product {product}; --as-new counts it"
        )
    return None
