"""The version of what a database holds, noted in `maintenance`: refused when newer, migrated when older.

A migration brings a database from one version to the next. It may be cut off and run again, or by two processes at
once: it comes to the same. Programs of the version before may still be running, and must be able to.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from shared.documents import MAINTENANCE, REJECTED_EVENTS, SCHEMA, Document
from shared.errors import SchemaNewer

Migration = Callable[["Database[Document]"], None]


def _index_waiting_copies(database: "Database[Document]") -> None:
    """Dead letters that wait for their copy are found without a walk over all of them."""
    database[REJECTED_EVENTS].create_index(
        [("_id.k", 1), ("_id.o", 1)],
        name="waiting_for_copy",
        partialFilterExpression={"copy_pending": True},
    )


MIGRATIONS: Final[tuple[Migration, ...]] = (_index_waiting_copies,)
"""The n-th makes version n of version n - 1; version 0 is a database that notes none, such as a new one."""


def check(database: "Database[Document]", migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """The version that a database has. Raises SchemaNewer when this program does not know it."""
    stored: dict[str, Any] = database[MAINTENANCE].find_one({"_id": SCHEMA}) or {}
    return checked(database.name, stored, migrations)


def checked(database_name: str, stored: Mapping[str, Any], migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """The version that `stored`, the document of `SCHEMA`, notes. Raises SchemaNewer. Pure."""
    version = int(stored.get("version", 0))
    if version > len(migrations):
        raise SchemaNewer(
            f"database {database_name} has schema version {version}, and this program knows {len(migrations)} at most: "
            "a newer version of it has run here; run that one, or restore a backup from before"
        )
    return version


def migrate(database: "Database[Document]", migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring a database to this program's version. Raises SchemaNewer."""
    for version in range(check(database, migrations) + 1, len(migrations) + 1):
        migrations[version - 1](database)
        try:
            database[MAINTENANCE].update_one({"_id": SCHEMA}, {"$max": {"version": version}}, upsert=True)
        except DuplicateKeyError:
            # Another process noted its first version in between.
            database[MAINTENANCE].update_one({"_id": SCHEMA}, {"$max": {"version": version}})
