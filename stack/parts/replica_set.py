"""Makes a running MongoDB server a replica set of one member, since transactions need a replica set."""

from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stack.errors import StackError
from stack.parts.mongo import REPLICA_SET
from stack.waiting import wait_until

READY_SECONDS = 60.0
"""How long to wait for each step, in seconds: first until mongod answers, then until it takes writes.

A mongod that was killed first repairs its data. At half of it a slow start on a busy machine counts as a failure; at
twice of it a person waits two minutes for the message about a mongod that will never answer.
"""

# MongoDB's error codes.
ALREADY_INITIATED = 23
NOT_INITIATED = 94

Client = MongoClient[dict[str, Any]]


def wait_ready(port: int) -> None:
    """Initiate the replica set if it is new, and block until the server takes writes.

    Raises StackError when a step takes more than READY_SECONDS, or when MongoDB refuses the configuration.
    """
    member = f"127.0.0.1:{port}"
    client: Client
    with MongoClient(f"mongodb://{member}/?directConnection=true", serverSelectionTimeoutMS=1000) as client:
        wait_until("MongoDB to answer", lambda: _configure(client, member), READY_SECONDS)
        wait_until("MongoDB to become primary", lambda: _is_primary(client), READY_SECONDS)


def _configure(client: Client, member: str) -> bool:
    """Make `member` (host and port) the only member of the set. Return False if the server does not answer yet."""
    members = [{"_id": 0, "host": member}]
    try:
        config = _configuration(client)
        if config is None:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        # Data that a run on another port left name a member at that port, where no server is any more.
        elif config["members"][0]["host"] != member:
            config.update(members=members, version=config["version"] + 1)
            client.admin.command("replSetReconfig", config, force=True)
    except OperationFailure as error:
        if error.code != ALREADY_INITIATED:
            raise StackError(f"MongoDB's replica set cannot be configured: {error}") from error
        return False
    except PyMongoError:
        return False
    return True


def _configuration(client: Client) -> dict[str, Any] | None:
    """Return the configuration that the server keeps.

    None if it keeps none; also for a moment after its start, when it has not read what it keeps.
    """
    try:
        configuration: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_INITIATED:
            raise
        return None
    return configuration


def _is_primary(client: Client) -> bool:
    return bool(client.admin.command("hello").get("isWritablePrimary"))
