"""The version of what a database holds, stored in `maintenance`. A consumer migrates an older database at its start;
every program refuses a newer one.

A migration brings a database from one version to the next. It must be idempotent, since it may be interrupted and run
again, or run by two processes at once. It must leave a database that programs of the version before can still use,
since some of them run during an update.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from shared.documents import (
    EVENT_ID_DAYS,
    EVENT_IDS,
    EVENT_IDS_TTL,
    MAINTENANCE,
    RECENT_SECONDS,
    RECENT_SUMS,
    RECENT_SUMS_TTL,
    REJECTED_EVENTS,
    ROLLUP_DAYS,
    SCHEMA,
    TOTAL_DAYS,
    Document,
    expiry_seconds,
)
from shared.errors import SchemaNewer
from shared.name_index import index_names

Migration = Callable[["Database[Document]"], None]


def _index_waiting_copies(database: "Database[Document]") -> None:
    """Version 1: index the dead letters that wait for their copy. Without it, finding them would read all letters."""
    database[REJECTED_EVENTS].create_index(
        [("_id.k", 1), ("_id.o", 1)],
        name="waiting_for_copy",
        partialFilterExpression={"copy_pending": True},
    )


def _expire_event_ids(database: "Database[Document]") -> None:
    """Version 2: index event ids by their time, so that MongoDB deletes those whose time is over.

    An index that is there may expire them later or earlier, by the setting of a consumer (`shared.event_id_window`).
    """
    if EVENT_IDS_TTL not in database[EVENT_IDS].index_information():
        seconds = expiry_seconds(EVENT_ID_DAYS)
        database[EVENT_IDS].create_index([("at", 1)], name=EVENT_IDS_TTL, expireAfterSeconds=seconds)


def _version_3(database: "Database[Document]") -> None:
    """Version 3: what dashboards need beside the last hour."""
    index_names(database)
    _expire_recent_sums(database)
    _create_sealed_days(database)


def _expire_recent_sums(database: "Database[Document]") -> None:
    """Index what batches added lately by its time, so that MongoDB deletes it once nobody needs it."""
    database[RECENT_SUMS].create_index([("at", 1)], name=RECENT_SUMS_TTL, expireAfterSeconds=RECENT_SECONDS)


def _create_sealed_days(database: "Database[Document]") -> None:
    """Create the collections of sealed days, before a consumer writes to them inside a transaction.

    Programs that know version 2 alone would miss the sums of sealed days, and an older audit would call them wrong. So
    the version rises, though nothing that is stored changes.
    """
    for name in {ROLLUP_DAYS, TOTAL_DAYS}.difference(database.list_collection_names()):
        create_if_missing(database, name)


def create_if_missing(database: "Database[Document]", name: str, **options: Any) -> None:
    """Create a collection, unless it exists by now: another process may be quicker."""
    try:
        database.create_collection(name, check_exists=False, **options)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise


_NAMESPACE_EXISTS: Final = 48
MIGRATIONS: Final[tuple[Migration, ...]] = (_index_waiting_copies, _expire_event_ids, _version_3)
"""The n-th makes version n out of version n - 1. A database without a version, such as a new one, has version 0."""


def check(database: "Database[Document]", migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """Read the version of a database. Raises SchemaNewer when this program does not know it."""
    stored: dict[str, Any] = database[MAINTENANCE].find_one({"_id": SCHEMA}) or {}
    return checked(database.name, stored, migrations)


def checked(database_name: str, stored: Mapping[str, Any], migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """The version in `stored`: the document `SCHEMA` of `maintenance`, or an empty one. Raises SchemaNewer. Pure."""
    version = int(stored.get("version", 0))
    if version > len(migrations):
        raise SchemaNewer(
            f"database {database_name} has schema version {version}, and this program knows {len(migrations)} at most: "
            "a newer version of it has run here; run that one, or restore a backup from before"
        )
    return version


def migrate(database: "Database[Document]", migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Run the migrations that a database lacks. Raises SchemaNewer."""
    for version in range(check(database, migrations) + 1, len(migrations) + 1):
        migrations[version - 1](database)
        try:
            database[MAINTENANCE].update_one({"_id": SCHEMA}, {"$max": {"version": version}}, upsert=True)
        except DuplicateKeyError:
            # Another process stored its first version in between.
            database[MAINTENANCE].update_one({"_id": SCHEMA}, {"$max": {"version": version}})
