"""Which events a collection's validator refuses, found at once: a transaction tells only the first, and ends there."""

from collections.abc import Sequence
from contextlib import suppress

from pymongo.errors import PyMongoError

from consumer.storage.commands import Encoded, in_messages
from shared.documents import Document
from shared.mongo import SyncDatabase

MOST_BYTES = 8 * 1024 * 1024
"""Of one question: below what the server takes as a command."""


def refused_places(database: SyncDatabase, collection: str, documents: Sequence[bytes]) -> list[tuple[int, int]]:
    """Partition and offset of each of these encoded events that the validator refuses.

    Best effort: nothing where there is no validator, or MongoDB does not say. The transaction has the last word.
    """
    places = []
    with suppress(PyMongoError):
        for entry in database.list_collections(filter={"name": collection}):
            validator = entry.get("options", {}).get("validator")
            for _, part in in_messages(documents, MOST_BYTES) if validator else ():
                # Literally: a name that begins with $ is no field.
                constant = {"$literal": [Encoded(document) for document in part]}
                refused: list[Document] = [
                    {"$documents": constant},
                    {"$match": {"$nor": [validator]}},
                    {"$project": {"_id": 1}},
                ]
                places += [(one["_id"]["k"], one["_id"]["o"]) for one in database.aggregate(refused)]
    return places
