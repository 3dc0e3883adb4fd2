"""A MongoDB replica set of three members on this machine, whose primary can step down, die or freeze."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from stack import ports
from stack.parts.mongo import REPLICA_SET, Mongo
from stack.waiting import listens, wait_until
from tests.support.process import Running

MEMBERS = 3
CACHE_GB = 0.25
"""MongoDB's least, for three members on one machine."""
ELECTION_MS = 4_000
"""The others elect a new primary after this much silence; MongoDB's default of 10 s would only make tests longer."""
CALL_MS = 2_000
"""Deadline of a question to one member, which may be frozen."""
READY_SECONDS = 60.0

Client = MongoClient[dict[str, Any]]


class Members:
    """A `MongoServer` of three members: `kill` and `freeze` hit the primary, all else concerns every member."""

    def __init__(self, folder: Path) -> None:
        self._ports = ports.pick(MEMBERS)
        self._running: dict[int, Running] = {}
        for port in self._ports:
            server = Mongo(home=folder / f"mongo-{port}", port=port, cache_gb=CACHE_GB)
            server.prepare()
            self._running[port] = Running(server.part(), folder / f"mongod-{port}.log")
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        self.uri = f"mongodb://{hosts}/?replicaSet={REPLICA_SET}"
        self._frozen: set[int] = set()

    def start(self) -> None:
        """Start the set for the first time; returns once it has a primary."""
        for port, running in self._running.items():
            running.start()
            wait_until("a member to listen", partial(listens, port), READY_SECONDS)
        members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(self._ports)]
        settings = {"electionTimeoutMillis": ELECTION_MS, "heartbeatIntervalMillis": 500}
        with self._member(self._ports[0]) as client:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members, "settings": settings})
        self.wait_primary()

    @property
    def primary(self) -> int | None:
        """The port of the member that takes writes, None while no member does. Frozen members are not asked."""
        for port in self._ports:
            if port not in self._frozen and self._running[port].is_running and self.is_primary(port):
                return port
        return None

    def is_primary(self, port: int) -> bool:
        """Whether this member says that it takes writes."""
        with self._member(port) as client, suppress(PyMongoError):
            return bool(client.admin.command("hello").get("isWritablePrimary"))
        return False

    def wait_primary(self) -> int:
        """Wait for a primary. Returns its port."""
        wait_until("a primary", lambda: self.primary is not None, READY_SECONDS)
        return self.primary or self.wait_primary()

    def secondaries(self) -> list[int]:
        """The ports of all members but the primary."""
        primary = self.wait_primary()
        return [port for port in self._ports if port != primary]

    def step_down(self) -> None:
        """Make another member primary, as planned maintenance does; returns once there is one."""
        deposed = self.wait_primary()
        with self._member(deposed) as client, suppress(ConnectionFailure, OperationFailure):
            client.admin.command({"replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 2})
        self.wait_primary()

    def kill_member(self, port: int) -> None:
        """End a member by kill -9."""
        self._running[port].kill()
        self._frozen.discard(port)

    def start_member(self, port: int) -> None:
        """Start a killed member again."""
        self._running[port].start()
        wait_until("a member to listen", partial(listens, port), READY_SECONDS)

    def freeze_member(self, port: int) -> None:
        """Freeze a member: its connections stay open and silent."""
        self._running[port].freeze()
        self._frozen.add(port)

    def thaw_member(self, port: int) -> None:
        """Let a frozen member go on."""
        self._running[port].thaw()
        self._frozen.discard(port)

    def stop(self) -> None:
        """End every member gracefully."""
        for running in self._running.values():
            running.stop()

    def kill(self) -> None:
        """Kill the primary."""
        self.kill_member(self.wait_primary())

    def freeze(self) -> None:
        """Freeze the primary."""
        self.freeze_member(self.wait_primary())

    def thaw(self) -> None:
        """Let every frozen member go on."""
        for port in tuple(self._frozen):
            self.thaw_member(port)

    def restore(self) -> None:
        """Make every member run, and wait for a primary."""
        self.thaw()
        for port, running in self._running.items():
            if not running.is_running:
                self.start_member(port)
        self.wait_primary()

    def close(self) -> None:
        """End everything for good."""
        for running in self._running.values():
            running.close()

    def _member(self, port: int) -> Client:
        return MongoClient(
            f"mongodb://127.0.0.1:{port}/?directConnection=true", timeoutMS=CALL_MS, serverSelectionTimeoutMS=CALL_MS
        )
