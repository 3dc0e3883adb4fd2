"""Schema version 3: documents of the version before get keys, while consumers of both versions write."""

import pytest
from pymongo.errors import OperationFailure

from consumer.name_keys import NameKeys
from shared import name_index, schema
from shared.documents import NAMES_INDEX, Document
from shared.mongo import SyncDatabase, ensure_collections
from stack.waiting import wait_until
from tests.support.documents import invariant
from tests.support.documents.naming import NamedProducts, Naming, numbered

INDEX = list(NAMES_INDEX.items())


def as_version_2_wrote_it(database: SyncDatabase) -> None:
    """Take away what version 3 has added: the keys, the index and the note of the version."""
    database.products.update_many({}, {"$unset": {"latest.key": ""}})
    database.products.drop_index(INDEX)
    database.maintenance.update_one({"_id": "schema"}, {"$set": {"version": 2}})


def keys(database: SyncDatabase) -> dict[int, str | None]:
    """The key of each product."""
    return {one["_id"]["p"]: one["latest"].get("key") for one in database.products.find()}


@pytest.fixture
def named(database: SyncDatabase) -> NamedProducts:
    return NamedProducts(database)


def test_an_old_database_gets_keys_and_the_index(
    database: SyncDatabase, named: NamedProducts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_index, "SLICE", 3)
    named.store(*numbered([f"Straße {number}" for number in range(10)]), Naming(2, "Straße", 1, partition=1))
    before = list(database.products.find())
    as_version_2_wrote_it(database)
    ensure_collections(database)
    assert list(database.products.find()) == before
    assert schema.check(database) == len(schema.MIGRATIONS)
    assert NAMES_INDEX in [dict(one["key"]) for one in database.products.list_indexes()]
    invariant.check_aggregates(database)


def test_a_migration_that_was_cut_off_goes_on(
    database: SyncDatabase, named: NamedProducts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And while it is not through, there is no index, so no search gives an answer that lacks products."""
    monkeypatch.setattr(name_index, "SLICE", 2)
    named.store(*numbered(["A", "B", "C", "D", "E"]))
    before = list(database.products.find())
    as_version_2_wrote_it(database)
    key_of, calls = name_index.name_key, iter(range(10))

    def cut_off(name: str) -> str:
        if next(calls) == 3:
            raise OperationFailure("cut off")
        return key_of(name)

    monkeypatch.setattr(name_index, "name_key", cut_off)
    with pytest.raises(OperationFailure, match="cut off"):
        ensure_collections(database)
    assert sum(key is not None for key in keys(database).values()) == 2
    with pytest.raises(OperationFailure, match="hint provided does not correspond to an existing index"):
        list(database.products.find(hint=INDEX))
    monkeypatch.setattr(name_index, "name_key", key_of)
    ensure_collections(database)
    ensure_collections(database)
    assert list(database.products.find()) == before


def test_what_an_old_consumer_writes_meanwhile_gets_its_key_within_a_round(
    database: SyncDatabase, named: NamedProducts
) -> None:
    named.store(*numbered(["A", "B"]))
    old: Document = {"t": 1, "o": 0, "name": "New"}
    database.products.insert_one({"_id": {"p": 3, "k": 5}, "latest": old, "first_seen": 1})
    # The old consumer's `$max`, of a newer event of product 1, and of the very event that product 2 has.
    (second,) = database.products.find({"_id.p": 2})
    same = {name: second["latest"][name] for name in ("t", "o", "name")}
    database.products.update_one({"_id.p": 1}, {"$max": {"latest": {"t": 2**50, "o": 9, "name": "Newer"}}})
    database.products.update_one({"_id.p": 2}, {"$max": {"latest": same}})
    assert keys(database) == {1: None, 2: "b", 3: None}
    duty = NameKeys(database, round_seconds=0.05)
    duty.start()
    wait_until("the keys", lambda: keys(database) == {1: "newer", 2: "b", 3: "new"}, 10)
    duty.stop()
    assert name_index.add_missing_keys(database) == 0


def test_a_new_consumer_adds_the_key_to_the_event_that_an_old_one_wrote(
    database: SyncDatabase, named: NamedProducts
) -> None:
    named.store(Naming(1, "A", is_rating=True))
    (before,) = database.products.find()
    database.products.update_one({}, {"$unset": {"latest.key": ""}})
    database.products.update_one({}, {"$max": {"latest": before["latest"]}})
    assert list(database.products.find()) == [before]


def test_a_key_is_never_added_to_another_name(
    database: SyncDatabase, named: NamedProducts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch writes the document between the read of the name and the write of its key."""
    named.store(Naming(1, "old"))
    database.products.update_one({}, {"$unset": {"latest.key": ""}})
    key_of = name_index.name_key

    def meanwhile(name: str) -> str:
        database.products.update_one({}, {"$max": {"latest": {"t": 2**50, "o": 9, "name": "newer"}}})
        return key_of(name)

    monkeypatch.setattr(name_index, "name_key", meanwhile)
    assert name_index.add_missing_keys(database) == 0
    monkeypatch.setattr(name_index, "name_key", key_of)
    assert name_index.add_missing_keys(database) == 1
    assert keys(database) == {1: "newer"}


def test_documents_of_other_programs_stop_nothing(database: SyncDatabase, named: NamedProducts) -> None:
    named.store(Naming(1, "A"))
    others = ["latest", {"latest": None}, {"latest": {"name": 3}}, {"latest": {"key": 3, "name": "x"}}, {"latest": []}]
    for number, other in enumerate(others, 10):
        fields = other if isinstance(other, dict) else {other: "text"}
        database.products.insert_one({"_id": number, **fields})
    assert name_index.add_missing_keys(database) == 0
    name_index.index_names(database)
