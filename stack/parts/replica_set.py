"""Makes a MongoDB server that has been started a replica set of one member, as transactions need."""

from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stack.errors import StackError
from stack.parts.mongo import REPLICA_SET
from stack.waiting import wait_until

READY_SECONDS = 60.0
ALREADY_INITIATED = 23
NOT_INITIATED = 94

Client = MongoClient[dict[str, Any]]


def wait_ready(port: int) -> None:
    """Initiate the replica set on first use, return once it takes writes. Raises StackError after a minute."""
    member = f"127.0.0.1:{port}"
    client: Client
    with MongoClient(f"mongodb://{member}/?directConnection=true", serverSelectionTimeoutMS=1000) as client:
        wait_until("MongoDB to answer", lambda: _configure(client, member), READY_SECONDS)
        wait_until("MongoDB to become primary", lambda: _is_primary(client), READY_SECONDS)


def _configure(client: Client, member: str) -> bool:
    """Make this server the set's one member; False while it does not answer yet."""
    members = [{"_id": 0, "host": member}]
    try:
        config = _configuration(client)
        if config is None:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        # Data kept from a run on another port name a member that is not there any more.
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
    """The set's, as the server keeps it; None where it keeps none, or has only just started and not read it yet."""
    try:
        configuration: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_INITIATED:
            raise
        return None
    return configuration


def _is_primary(client: Client) -> bool:
    return bool(client.admin.command("hello").get("isWritablePrimary"))
