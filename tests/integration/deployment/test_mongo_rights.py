"""What each of MongoDB's users may do: exactly what the table of docs/security.md says, and nothing else.

Every action is tried by every user in every place on a real mongod with authentication. MongoDB looks at a user's
rights before it looks at anything else, so most actions are tried in a form that changes nothing.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from shared import documents
from tests.support.process import ROOT
from tests.support.servers.secured import SecuredMongo, secured_mongo

DATABASE = "shop"
ACCESS = "shop_access"
UNAUTHORIZED = 13
USERS = ("api", "consumer", "tokens", "nobody")
"""`nobody` does not log in."""

COLLECTIONS = (
    documents.ROLLUPS,
    documents.TOTALS,
    documents.PRODUCTS,
    documents.REJECTED_EVENTS,
    documents.EVENT_IDS,
    documents.PARTITIONS,
    documents.PARTITION_STATUS,
    documents.MAINTENANCE,
    "events_20260601",
    "of_an_operator",
)
PLACES = (
    *((DATABASE, name) for name in COLLECTIONS),
    (ACCESS, documents.API_TOKENS),
    (ACCESS, documents.TOKEN_USES),
    (ACCESS, "of_an_operator"),
    ("elsewhere", documents.ROLLUPS),
    ("elsewhere", documents.API_TOKENS),
    ("admin", "of_an_operator"),
    ("config", "of_an_operator"),
)

Documents = Collection[dict[str, Any]]
ON_A_COLLECTION: dict[str, Callable[[Documents], object]] = {
    "find": lambda at: at.find_one(),
    "insert": lambda at: at.insert_one({}),
    "update": lambda at: at.update_one({"_id": "absent"}, {"$set": {"a": 1}}),
    "remove": lambda at: at.delete_many({"_id": "absent"}),
    "changeStream": lambda at: at.watch(max_await_time_ms=1).close(),
    "listIndexes": lambda at: list(at.list_indexes()),
    "createIndex": lambda at: at.create_index("a"),
    "dropIndex": lambda at: at.database.command("dropIndexes", at.name, index="absent"),
    "collStats": lambda at: at.database.command("collStats", at.name),
    "collMod": lambda at: at.database.command("collMod", at.name),
    "validate": lambda at: at.database.command("validate", at.name),
    "compact": lambda at: at.database.command("compact", at.name, dryRun=True),
    "convertToCapped": lambda at: at.database.command("convertToCapped", at.name, size=1_000_000),
    "createCollection": lambda at: at.database.create_collection(f"{at.name}_new", check_exists=False),
    "dropCollection": lambda at: at.database.command("drop", at.name),
}
ON_A_DATABASE: dict[str, Callable[[Database[dict[str, Any]]], object]] = {
    "listCollections": lambda at: at.command("listCollections"),
    "changeStream": lambda at: at.watch(max_await_time_ms=1).close(),
    "dropDatabase": lambda at: at.command("dropDatabase"),
    "dbStats": lambda at: at.command("dbStats"),
    "createUser": lambda at: at.command("createUser", "more", pwd="x", roles=[]),
    "grantRole": lambda at: at.command("grantRolesToUser", "api", roles=["root"]),
    "createRole": lambda at: at.command("createRole", "more", privileges=[], roles=[]),
    "viewUser": lambda at: at.command("usersInfo", {"forAllDBs": True}),
    "enableProfiler": lambda at: at.command("profile", 2),
}
ON_THE_SERVER: dict[str, Callable[["MongoClient[dict[str, Any]]"], object]] = {
    "read the oplog": lambda at: at["local"]["oplog.rs"].find_one(),
    "read users": lambda at: at["admin"]["system.users"].find_one(),
    "read sessions": lambda at: at["config"]["system.sessions"].find_one(),
    "shut down": lambda at: at["admin"].command("shutdown"),
    "step down": lambda at: at["admin"].command("replSetStepDown", 1, force=True),
    "end all sessions": lambda at: at["admin"].command("killAllSessions", [{"user": "root", "db": "admin"}]),
    "end an operation": lambda at: at["admin"].command("killOp", op=1),
    "set a parameter": lambda at: at["admin"].command("setParameter", 1, quiet=False),
    "watch everything": lambda at: at.watch(max_await_time_ms=1).close(),
    "read the log": lambda at: at["admin"].command("getLog", "global"),
    "sync": lambda at: at["admin"].command("fsync", 1),
}


class Rights(NamedTuple):
    """A row of the document's table: of each user, the actions."""

    where: str
    actions: dict[str, set[str]]


def documented() -> list[Rights]:
    """The table of docs/security.md."""
    text = (ROOT / "docs/security.md").read_text()
    heading, _, *rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|"))
    users = [re.findall(r"`([a-z]+)`$", cell)[0] for cell in heading[1:]]
    assert users == list(USERS[:3])
    table = []
    for where, *cells in rows[:7]:
        actions = {user: set(cell.split(", ")) - {"nothing"} for user, cell in zip(users, cells, strict=True)}
        table.append(Rights(where, actions | {"nobody": set()}))
    return table


TABLE = documented()


def allowed(user: str, database: str, collection: str | None) -> set[str]:
    """What the document allows this user in a collection, or on the database itself."""
    of_database = {DATABASE: f"`{DATABASE}` itself", ACCESS: f"every other collection of `{ACCESS}`, and itself"}
    where = of_database.get(database, "every other database")
    if collection is not None and database == DATABASE:
        where = f"every collection of `{DATABASE}`"
    elif collection in (documents.API_TOKENS, documents.TOKEN_USES) and database == ACCESS:
        where = f"`{ACCESS}.{collection}`"
    besides = f"`{database}.{collection}` besides"
    rows = [row for row in TABLE if row.where in (where, besides)]
    assert [row.where for row in rows].count(where) == 1
    return set().union(*(row.actions[user] for row in rows))


def is_allowed(action: Callable[[Any], object], at: Any) -> bool:
    """Whether MongoDB lets the user do it, with success or not."""
    try:
        action(at)
    except OperationFailure as error:
        return error.code != UNAUTHORIZED
    return True


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredMongo]:
    with secured_mongo(tmp_path_factory.mktemp("rights"), DATABASE) as secured:
        yield secured


@pytest.fixture(scope="module")
def root(secured: SecuredMongo) -> Iterator["MongoClient[dict[str, Any]]"]:
    """A client that may do everything."""
    with secured.client("root") as client:
        yield client


@pytest.fixture(scope="module", params=USERS)
def user(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def client(secured: SecuredMongo, user: str) -> Iterator["MongoClient[dict[str, Any]]"]:
    """A client that logs in as `user`."""
    address = secured.uri(user)
    if user == "nobody":
        address = address.replace(f"nobody:{secured.password}@", "")
    with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=10_000) as client:
        yield client


def test_the_document_names_only_actions_that_are_tried() -> None:
    named = {action for row in TABLE for actions in row.actions.values() for action in actions}
    assert named <= ON_A_COLLECTION.keys() | ON_A_DATABASE.keys()
    assert len(TABLE) == 7


@pytest.mark.parametrize(("database", "collection"), PLACES)
def test_each_action_on_each_collection(
    client: "MongoClient[dict[str, Any]]",
    root: "MongoClient[dict[str, Any]]",
    user: str,
    database: str,
    collection: str,
) -> None:
    root[database][collection].insert_one({})  # so that no action fails, or succeeds, because there is nothing
    root[database].drop_collection(f"{collection}_new")
    done = {name for name, action in ON_A_COLLECTION.items() if is_allowed(action, client[database][collection])}
    assert done == allowed(user, database, collection)


@pytest.mark.parametrize("database", [DATABASE, ACCESS, "elsewhere", "admin"])
def test_each_action_on_each_database(client: "MongoClient[dict[str, Any]]", user: str, database: str) -> None:
    done = {name for name, action in ON_A_DATABASE.items() if is_allowed(action, client[database])}
    assert done == allowed(user, database, None)


def test_nobody_may_do_anything_to_the_server(client: "MongoClient[dict[str, Any]]") -> None:
    assert {name for name, action in ON_THE_SERVER.items() if is_allowed(action, client)} == set()


@pytest.mark.parametrize("target", [(DATABASE, "copy"), (ACCESS, documents.API_TOKENS), ("elsewhere", "copy")])
@pytest.mark.parametrize("stage", ["$out", "$merge"])
def test_an_aggregation_writes_only_where_its_user_may(
    client: "MongoClient[dict[str, Any]]",
    root: "MongoClient[dict[str, Any]]",
    user: str,
    stage: str,
    target: tuple[str, str],
) -> None:
    root[DATABASE]["rollups"].insert_one({})
    database, collection = target
    into = {"db": database, "coll": collection}
    stages: list[dict[str, Any]] = [{stage: into if stage == "$out" else {"into": into}}]
    may_write = is_allowed(lambda at: list(at.aggregate(stages)), client[DATABASE]["rollups"])
    assert may_write is (user == "consumer" and database == DATABASE)


def test_the_actions_would_succeed_for_one_who_may(root: "MongoClient[dict[str, Any]]") -> None:
    """So that a misspelt command, which nobody may run, does not pass for a right that nobody has."""
    at = root[DATABASE]["tried"]
    at.insert_one({})
    assert {name for name, action in ON_A_COLLECTION.items() if is_allowed(action, at)} == ON_A_COLLECTION.keys()
