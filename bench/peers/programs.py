"""Peers that are Python programs of `bench/programs`; those that need other packages get their own environment."""

import hashlib
import os
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

PROCESSES = os.cpu_count() or 1
"""Processes of each program. Python uses one processor a process, so with half of them a processor would stand idle;
twice as many would only take turns."""


@dataclass(frozen=True)
class PythonPeer:
    """The contestant: as many processes of a program of `bench/programs` as the machine has processors, in one group.

    `requirements` names a list of packages and hashes in the folder `requirements/`; an environment for this program
    alone will hold them. It is empty for a program that runs in this project's environment.
    """

    name: str
    program: str
    settings: str
    requirements: str = ""

    def processes(self, task: CopyTask) -> list[Running]:
        """Return the processes, not started. Raises PartMissing where their environment cannot be made."""
        python = peer_python(self.requirements, task.lab.parts, print) if self.requirements else Path(sys.executable)
        database = task.database.name
        arguments = (task.lab.kafka.bootstrap_servers, task.topic.name, task.lab.mongo.uri, database)
        command = (str(python), str(PROGRAMS / self.program), *arguments)
        return [self._process(command, task.lab.folder / f"{database}-{number}") for number in range(PROCESSES)]

    @property
    def configuration(self) -> str:
        """How it is set up, in words for the report."""
        return f"{PROCESSES} processes of one group; {self.settings}"

    def _process(self, command: tuple[str, ...], home: Path) -> Running:
        """Return one process, not started, that works in its own folder: Quix Streams keeps its state there."""
        home.mkdir()
        return Running(Part(self.program, command, home), home / "program.log")


PLAIN = PythonPeer("plain style", "plain_consumer.py", "one insert and one commit a message")
QUIX_STREAMS = PythonPeer(
    "Quix Streams", "quix_streams.py", "its own MongoDB sink, all settings at their defaults", "bench-quix-streams.txt"
)
FAST_STREAM = PythonPeer(
    "FastStream", "fast_stream.py", "batches of at most 5,000, one insert_many a batch", "bench-faststream.txt"
)


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
