"""Peers that are Python programs of `bench/programs`; those that need other packages get their own environment."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.contest.contest import CopyTask
from stack.errors import PartMissing
from stack.install.packages import Say
from stack.supervision.part import Part
from tests.support.process import ROOT, Running

PROGRAMS = ROOT / "bench" / "programs"


@dataclass(frozen=True)
class PythonPeer:
    """The contestant: a program of `bench/programs`.

    `requirements` names a list of packages and hashes in the folder `requirements/`; an environment for this program
    alone will hold them. It is empty for a program that runs in this project's environment.
    """

    name: str
    program: str
    requirements: str = ""

    def processes(self, task: CopyTask) -> list[Running]:
        """Return the program, not started. Raises PartMissing where its environment cannot be made."""
        python = peer_python(self.requirements, task.lab.parts, print) if self.requirements else Path(sys.executable)
        database = task.database.name
        arguments = (task.lab.kafka.bootstrap_servers, task.topic.name, task.lab.mongo.uri, database)
        home = task.lab.folder / database
        home.mkdir()
        return [
            Running(
                Part(self.program, (str(python), str(PROGRAMS / self.program), *arguments), home), home / "program.log"
            )
        ]


PLAIN = PythonPeer("plain style", "plain_consumer.py")
QUIX_STREAMS = PythonPeer("Quix Streams", "quix_streams.py", "bench-quix-streams.txt")
FAST_STREAM = PythonPeer("FastStream", "fast_stream.py", "bench-faststream.txt")


def peer_python(requirements: str, cache: Path, say: Say) -> Path:
    """Return the Python of a virtual environment that holds exactly these requirements.

    uv makes the environment in `cache` on first use. The folder's name holds a hash of the requirements, for example
    `bench-faststream-1a2b3c4d5e6f`. Blocks meanwhile. Raises PartMissing when uv fails.
    """
    listed = ROOT / "requirements" / requirements
    version = hashlib.sha256(listed.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / f"{listed.stem}-{version}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        say(f"installing {requirements} into an environment of its own")
        uv = Path(sys.executable).parent / "uv"
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "--requirement", str(listed))
        (folder / "complete").touch()
    return python


def _run(uv: Path, *arguments: str) -> None:
    result = subprocess.run((str(uv), *arguments), capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode:
        raise PartMissing(f"uv {arguments[0]} failed: {result.stderr.strip()}")
