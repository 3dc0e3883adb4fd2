"""Copies of a stored database, to be damaged, and what there is in one to damage."""

from collections.abc import Callable
from typing import Any

from shared.documents import EVENT_COLLECTIONS, Document
from shared.mongo import SyncDatabase
from tests.support.audit import findings_of
from tests.support.pipeline import Pipeline

Corrupt = Callable[[SyncDatabase], dict[str, Any]]
"""Damages a database; returns fields that one finding must have."""


def assert_found(stored: Pipeline, corruption: Corrupt, name: str) -> None:
    """Damage a copy, named after `name`, and assert that an audit names the damage, instead of ending on it."""
    database = copied(stored.database, f"{stored.topic}-{name}")
    wanted = corruption(database)
    found = [one.as_json() for one in findings_of(stored, database)]
    assert any(wanted.items() <= one.items() for one in found), f"none of {found[:10]} is {wanted}"


def copied(source: SyncDatabase, name: str) -> SyncDatabase:
    """All of a database under another name, collections with their options."""
    target = source.client.get_database(name, codec_options=source.codec_options)
    for entry in source.list_collections():
        options = {key: value for key, value in entry["options"].items() if key == "clusteredIndex"}
        target.create_collection(entry["name"], **options)
        documents = list(source[entry["name"]].find())
        if documents:
            target[entry["name"]].insert_many(documents)
    return target


def an_event(database: SyncDatabase, **query: Any) -> tuple[str, Document]:
    """The middle one of those that match, and its collection."""
    for name in sorted(database.list_collection_names(filter=EVENT_COLLECTIONS)):
        found = list(database[name].find(query))
        if found:
            return name, found[len(found) // 2]
    raise AssertionError("no such event")


def a_rollup(database: SyncDatabase) -> Document:
    """One with sales and ratings."""
    found = list(database.rollups.find({"sales": {"$gt": 0}, "ratings": {"$gt": 0}}))
    return found[len(found) // 2]


def a_product(database: SyncDatabase) -> Document:
    found = database.products.find_one({"ratings": {"$gt": 1}})
    assert found is not None
    return found
