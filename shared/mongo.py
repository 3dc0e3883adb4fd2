"""MongoDB clients and databases: the one place that knows drivers, deadlines, read and write concerns.

The consumer's thread uses PyMongo's client that waits, the API's event loop its asynchronous one.
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
    MAINTENANCE,
    PARTITION_STATUS,
    PARTITIONS,
    PRODUCTS,
    REJECTED_EVENTS,
    ROLLUPS,
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

_PLAIN_COLLECTIONS = (ROLLUPS, TOTALS, PRODUCTS, REJECTED_EVENTS, PARTITIONS, PARTITION_STATUS, MAINTENANCE)
_CODEC = CodecOptions[Document](tz_aware=True, tzinfo=UTC)
_CONCERNS: dict[str, Any] = {
    "codec_options": _CODEC,
    "read_preference": ReadPreference.PRIMARY,
    "read_concern": ReadConcern("majority"),
    "write_concern": WriteConcern("majority"),
}


def _client_options(settings: SharedSettings, app_name: str) -> dict[str, Any]:
    """`timeoutMS` bounds every call as a whole; without it a black-holed connection hangs for minutes."""
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
    """A database for one thread of the consumer or a script. Connects on first use, so it never blocks."""
    client: SyncClient = MongoClient(settings.mongodb_uri.get_secret_value(), **_client_options(settings, app_name))
    return client.get_database(settings.mongodb_database, **_CONCERNS)


def connect_async(settings: SharedSettings, app_name: str) -> AsyncDatabase:
    """A database for the running event loop. Connects on first use; end with `await database.client.close()`."""
    uri = settings.mongodb_uri.get_secret_value()
    client: AsyncMongoClient[Document] = AsyncMongoClient(uri, **_client_options(settings, app_name))
    return client.get_database(settings.mongodb_database, **_CONCERNS)


def access_database(database: AnyDatabase) -> AnyDatabase:
    """The database of the tokens that belongs to this database, by the same client."""
    return database.client.get_database(f"{database.name}{ACCESS_SUFFIX}", **_CONCERNS)


def clock_skew_seconds(hello: Document, now: datetime) -> float:
    """How far `now` is ahead of the clock of the mongod that answered `hello`; half a round trip is in it."""
    # UTC, but a command's answer does not say so: databases' options hold for documents only.
    skew: float = (now - hello["localTime"].replace(tzinfo=UTC)).total_seconds()
    return skew


def brief(error: PyMongoError) -> str:
    """The kind of an error, its codes and how often each; of a connection's failure, which quotes nothing, the text."""
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
    """Create what is missing, check the options of what is there, migrate what an older version made.

    Raises WrongCollection or SchemaNewer. Never inside a transaction: an insert into a dropped collection would create
    it again unclustered, silently.
    """
    existing = {entry["name"]: entry.get("options", {}) for entry in database.list_collections()}
    for name in _PLAIN_COLLECTIONS:
        if name not in existing:
            _create(database, name)
    for name, options in existing.items():
        if is_event_collection(name):
            _check_clustered(database, name, options)
    schema.migrate(database)


def ensure_event_collection(database: SyncDatabase, name: str) -> None:
    """Create one day's collection of events where it is missing. Raises WrongCollection."""
    _create(database, name, **EVENT_COLLECTION_OPTIONS)
    for entry in database.list_collections(filter={"name": name}):
        _check_clustered(database, name, entry.get("options", {}))


def _create(database: SyncDatabase, name: str, **options: Any) -> None:
    """Create a collection; another consumer having done so first is no error."""
    try:
        database.create_collection(name, check_exists=False, **options)
    except OperationFailure as error:
        if error.code != 48:  # NamespaceExists
            raise


def _check_clustered(database: SyncDatabase, name: str, options: Document) -> None:
    if "clusteredIndex" not in options:
        raise WrongCollection(
            f"collection {database.name}.{name} exists but is not clustered on _id, so another program created it: "
            f"move it out of the way (renameCollection), the consumer then creates it as it must be"
        )
