"""Copies a stored database, so that a test can damage it, and finds documents in it that are worth damaging."""

from collections.abc import Callable
from typing import Any

from shared.documents import EVENT_COLLECTIONS, Document
from shared.mongo import SyncDatabase
from tests.support.commands.audit import findings_of
from tests.support.kafka.consumer_group import ConsumerGroup

Corrupt = Callable[[SyncDatabase], dict[str, Any]]
"""Damages a database, and returns fields that at least one of the audit's findings must have."""


def assert_found(stored: ConsumerGroup, corruption: Corrupt, name: str) -> None:
    """Damage a copy of the database, named after `name`, and assert that a finding names the damage.

    The audit must not end with an exception, whatever the damage is.
    """
    database = copied(stored.database, f"{stored.topic}-{name}")
    wanted = corruption(database)
    found = [finding.as_json() for finding in findings_of(stored, database)]
    assert any(wanted.items() <= finding.items() for finding in found), f"none of {found[:10]} is {wanted}"


def copied(source: SyncDatabase, name: str) -> SyncDatabase:
    """A copy of the database under another name, with all documents; clustered collections stay clustered."""
    target = source.client.get_database(name, codec_options=source.codec_options)
    for entry in source.list_collections():
        options = {key: value for key, value in entry["options"].items() if key == "clusteredIndex"}
        target.create_collection(entry["name"], **options)
        documents = list(source[entry["name"]].find())
        if documents:
            target[entry["name"]].insert_many(documents)
    return target


def an_event(database: SyncDatabase, **query: Any) -> tuple[str, Document]:
    """The collection and the document of an event that matches `query`: the middle event of the first day that has
    any."""
    for name in sorted(database.list_collection_names(filter=EVENT_COLLECTIONS)):
        found = list(database[name].find(query))
        if found:
            return name, found[len(found) // 2]
    raise AssertionError("no such event")


def a_rollup(database: SyncDatabase) -> Document:
    """A document of `rollups` with sales and ratings."""
    found = list(database.rollups.find({"sales": {"$gt": 0}, "ratings": {"$gt": 0}}))
    return found[len(found) // 2]


def a_product(database: SyncDatabase) -> Document:
    """A document of `products` with at least two ratings."""
    found = database.products.find_one({"ratings": {"$gt": 1}})
    assert found is not None
    return found
