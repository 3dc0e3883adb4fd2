"""Peers that are Python programs: `bench/programs`, in environments of their own where they need one."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.contest.contest import Task
from stack.errors import PartMissing
from stack.install.packages import Say
from stack.supervision.part import Part
from tests.support.process import ROOT, Running

PROGRAMS = ROOT / "bench" / "programs"


@dataclass(frozen=True)
class Program:
    """A peer by its program; `requirements` names a hashed list below `requirements/`, empty for what is installed."""

    name: str
    program: str
    requirements: str = ""

    def processes(self, task: Task) -> list[Running]:
        """The program, not started. Raises PartMissing where its environment cannot be had."""
        python = environment(self.requirements, task.lab.parts, print) if self.requirements else Path(sys.executable)
        database = task.database.name
        arguments = (task.lab.kafka.bootstrap_servers, task.topic.name, task.lab.mongo.uri, database)
        home = task.lab.folder / database
        home.mkdir()
        return [
            Running(
                Part(self.program, (str(python), str(PROGRAMS / self.program), *arguments), home), home / "program.log"
            )
        ]


PLAIN = Program("plain style", "plain_consumer.py")
QUIX_STREAMS = Program("Quix Streams", "quix_streams.py", "bench-quix-streams.txt")
FAST_STREAM = Program("FastStream", "fast_stream.py", "bench-faststream.txt")


def environment(requirements: str, cache: Path, say: Say) -> Path:
    """The Python of a virtual environment that holds exactly these requirements, made on first use in `cache`."""
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
