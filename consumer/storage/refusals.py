"""Which events a collection's validator refuses, found all at once: a transaction names only the first, and ends
there."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from pymongo.errors import PyMongoError

from consumer.storage.commands import Encoded, in_messages
from shared.documents import Document
from shared.mongo import SyncDatabase

MOST_BYTES: Final = 8 * 1024 * 1024
"""Documents in one question, in bytes: half of the 16 MiB that MongoDB takes as a command, whose other parts need
room."""


def refused_events(database: SyncDatabase, collection: str, documents: Sequence[bytes]) -> list[tuple[int, int]]:
    """Partition and offset of each of these encoded events that the collection's validator refuses.

    MongoDB matches the documents against the validator without storing them. Best effort: empty where there is no
    validator, or MongoDB does not answer; the transaction has the last word.
    """
    coordinates = []
    with suppress(PyMongoError):
        for entry in database.list_collections(filter={"name": collection}):
            validator = entry.get("options", {}).get("validator")
            for _, part in in_messages(documents, MOST_BYTES) if validator else ():
                # As a literal, so that a name in an event that begins with $ is not read as a field.
                constant = {"$literal": [Encoded(document) for document in part]}
                refused: list[Document] = [
                    {"$documents": constant},
                    {"$match": {"$nor": [validator]}},
                    {"$project": {"_id": 1}},
                ]
                coordinates += [(one["_id"]["k"], one["_id"]["o"]) for one in database.aggregate(refused)]
    return coordinates
