"""MongoDB clients, databases and collections: the one place that makes clients, with their deadlines and concerns.

The consumer and the scripts use PyMongo's synchronous client, the API's event loop its asynchronous one. By default
both read at `majority` and write at `w: majority`, whatever the connection string says: what was read or written
survives the loss of a member. The partitions' status alone is written at `w: 1`: a lost one is replaced a second later.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, MongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous import database as asynchronous
from pymongo.database import Database
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from shared import schema
from shared.documents import (
    ACCESS_SUFFIX,
    EVENT_COLLECTION_OPTIONS,
    EVENT_IDS,
    MAINTENANCE,
    PARTITION_STATUS,
    PARTITIONS,
    PRODUCTS,
    RECENT_SUMS,
    REJECTED_EVENTS,
    ROLLUP_DAYS,
    ROLLUPS,
    TOTAL_DAYS,
    TOTALS,
    Document,
    is_event_collection,
)
from shared.errors import WrongCollection
from shared.settings import SharedSettings

SyncClient: TypeAlias = "MongoClient[Document]"
SyncDatabase: TypeAlias = "Database[Document]"
AsyncDatabase: TypeAlias = "asynchronous.AsyncDatabase[Document]"
AnyDatabase = TypeVar("AnyDatabase", "Database[Document]", "asynchronous.AsyncDatabase[Document]")

MAX_CLOCK_SKEW_SECONDS = 30.0
"""Machines with NTP agree to some milliseconds: a difference of 30 s means that a clock is wrong. At half, more brief
disturbances of a clock would pause reading; at twice, events would be judged by clocks that may be a minute wrong, of
the five minutes that the contract allows an event to be ahead."""

_UNCLUSTERED_COLLECTIONS = (
    ROLLUPS,
    TOTALS,
    ROLLUP_DAYS,
    TOTAL_DAYS,
    PRODUCTS,
    REJECTED_EVENTS,
    EVENT_IDS,
    RECENT_SUMS,
    PARTITIONS,
    PARTITION_STATUS,
    MAINTENANCE,
)
_CODEC = CodecOptions[Document](tz_aware=True, tzinfo=UTC)
_CONCERNS: dict[str, Any] = {
    "codec_options": _CODEC,
    "read_preference": ReadPreference.PRIMARY,
    "read_concern": ReadConcern("majority"),
    "write_concern": WriteConcern("majority"),
}


def _client_options(settings: SharedSettings, app_name: str) -> dict[str, Any]:
    """Options of every client.

    `timeoutMS` bounds each call as a whole, retries included. Without it a call on a connection whose packets get lost
    hangs for minutes (more than 150 s were measured). `heartbeatFrequencyMS` is how often the driver looks for a new
    primary: 2 s, for MongoDB elects one within some seconds; the driver's default is 10 s.
    """
    return {
        "appname": app_name,
        "timeoutMS": settings.mongodb_timeout_ms,
        "serverSelectionTimeoutMS": settings.mongodb_timeout_ms,
        "connectTimeoutMS": settings.mongodb_timeout_ms,
        "heartbeatFrequencyMS": 2000,
        "uuidRepresentation": "standard",
        "retryReads": True,
        "retryWrites": True,
    }


def connect(settings: SharedSettings, app_name: str) -> SyncDatabase:
    """A database for the consumer or a script. Returns at once: the client connects on first use."""
    client: SyncClient = MongoClient(settings.mongodb_uri.get_secret_value(), **_client_options(settings, app_name))
    return client.get_database(settings.mongodb_database, **_CONCERNS)


def connect_async(settings: SharedSettings, app_name: str) -> AsyncDatabase:
    """A database for the running event loop. Returns at once: the client connects on first use.

    The caller ends it by `await database.client.close()`.
    """
    uri = settings.mongodb_uri.get_secret_value()
    client: AsyncMongoClient[Document] = AsyncMongoClient(uri, **_client_options(settings, app_name))
    return client.get_database(settings.mongodb_database, **_CONCERNS)


def access_database(database: AnyDatabase) -> AnyDatabase:
    """The database of the tokens that belongs to this database, on the same client."""
    return database.client.get_database(f"{database.name}{ACCESS_SUFFIX}", **_CONCERNS)


def clock_skew_seconds(hello: Document, now: datetime) -> float:
    """How many seconds `now` is ahead of the clock of the mongod that answered `hello`.

    It is wrong by about half a round trip, since the answer was under way.
    """
    # In UTC, but without a time zone: a database's codec options hold for documents and not for a command's answer.
    skew: float = (now - hello["localTime"].replace(tzinfo=UTC)).total_seconds()
    return skew


def brief(error: PyMongoError) -> str:
    """An error in words that quote no document: "BulkWriteError: 3 times code 121".

    For errors of operations that is the kind and the codes. Errors of connections keep their text, which holds no data.
    """
    kind = type(error).__name__
    if isinstance(error, BulkWriteError):
        codes = Counter(one.get("code") for one in (error.details or {}).get("writeErrors", []))
        return f"{kind}: " + ", ".join(f"{count} times code {code}" for code, count in codes.items())
    if isinstance(error, OperationFailure):
        name = (error.details or {}).get("codeName", "")
        return f"{kind}: code {error.code} {name}".rstrip()
    text, _, _ = str(error).partition(", Topology Description")  # which repeats it, in 250 characters a server
    return f"{kind}: {text}"


def ensure_collections(database: SyncDatabase) -> None:
    """Create the collections that are missing, check those of events, and migrate what an older version has made.

    Raises WrongCollection or SchemaNewer. Collections are created here and never by an insert: an insert into a missing
    collection creates it silently, and unclustered.
    """
    existing = {entry["name"]: entry.get("options", {}) for entry in database.list_collections()}
    for name in _UNCLUSTERED_COLLECTIONS:
        if name not in existing:
            schema.create_if_missing(database, name)
    for name, options in existing.items():
        if is_event_collection(name):
            _check_clustered(database, name, options)
    schema.migrate(database)


def ensure_event_collection(database: SyncDatabase, name: str) -> None:
    """Create one day's collection of events if it is missing, and check it. Raises WrongCollection.

    Must not be called inside a transaction.
    """
    schema.create_if_missing(database, name, **EVENT_COLLECTION_OPTIONS)
    for entry in database.list_collections(filter={"name": name}):
        _check_clustered(database, name, entry.get("options", {}))


def _check_clustered(database: SyncDatabase, name: str, options: Document) -> None:
    """Raise WrongCollection unless these are the options of a clustered collection."""
    if "clusteredIndex" not in options:
        raise WrongCollection(
            f"collection {database.name}.{name} exists but is not clustered on _id, so another program created it: "
            f"move it out of the way (renameCollection), the consumer then creates it as it must be"
        )
