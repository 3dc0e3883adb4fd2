"""The index of names, and the keys that documents of `products` lack.

A consumer of schema version 2 writes `latest` without its `key`, also after a newer one has migrated the database: both
run during an update. A search finds no product by a document without key, so every consumer looks for such documents
once a minute (`consumer.name_keys`), and adds the keys. So while an update goes on, a search may miss a product that is
new or renamed for a minute, and no other.

A key is added by a write of one document that names the `latest` it was made of. Where a batch has written the document
meanwhile, it matches nothing and changes nothing; where it meets a batch's open transaction, MongoDB makes one of the
two wait or run again. So nothing here needs a lock or a lease, and any number of processes may do it at once.
"""

from typing import Any, Final

import pymongo
from bson.min_key import MinKey
from pymongo import UpdateOne
from pymongo.database import Database

from shared.documents import NAMES_INDEX, PRODUCTS, Document
from shared.name_key import name_key

SLICE: Final = 500
"""Documents that are read, and then written, at once: some 50 ms on a slow machine. With twice as many, a batch of the
same products more often meets one of the writes and runs again; with half, 100,000 documents take 400 round trips."""
_BUILD_SECONDS: Final = 600.0
"""How long MongoDB may take for the index: 100,000 documents take it about a second. At half of it, a database of 30
million on a slow disk might not get its index; at twice, a consumer that meets a stuck MongoDB starts later."""
_BY_ID: Final = {"_id": 1}
_WITHOUT_KEY: Final[Document] = {"latest.key": None, "latest.name": {"$type": "string"}}


def index_names(database: "Database[Document]") -> None:
    """Add the keys that are missing, and make the index. Blocks until that is done. Raises PyMongoError.

    The index comes after the keys, and readers name it as a hint: so they get an error, and no answer that lacks
    products, until it is there. The keys that consumers of the version before leave out meanwhile are added last.
    """
    add_missing_keys(database, _BY_ID)
    with pymongo.timeout(_BUILD_SECONDS):
        database[PRODUCTS].create_index(list(NAMES_INDEX.items()))
    add_missing_keys(database)


def add_missing_keys(database: "Database[Document]", index: "dict[str, int]" = NAMES_INDEX) -> int:
    """Add the keys that documents of `products` lack, a slice at a time. Returns how many documents it has written.

    Blocks. Found by the index of names, documents with a key cost nothing; by `index`, another one can be named while
    that is not there. Raises PyMongoError.
    """
    written, last = 0, MinKey()
    while True:
        lacking = {**_WITHOUT_KEY, "_id": {"$gt": last}}
        found = list(database[PRODUCTS].find(lacking, {"latest": 1}, sort=_BY_ID, limit=SLICE, hint=index))
        if not found:
            return written
        written += database[PRODUCTS].bulk_write([_with_key(one) for one in found], ordered=False).modified_count
        last = found[-1]["_id"]


def _with_key(document: Document) -> "UpdateOne":
    """The write that adds the key to a document, unless its `latest` has changed since it was read."""
    latest: dict[str, Any] = document["latest"]
    same = {"_id": document["_id"], "latest": latest}
    return UpdateOne(same, {"$set": {"latest.key": name_key(latest["name"])}})
