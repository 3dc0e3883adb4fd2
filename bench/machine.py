"""What a report was measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.lab.laboratory import CACHE_GB, Lab
from bench.peers import kafka_connect
from bench.peers.programs import FAST_STREAM, QUIX_STREAMS, Program
from stack.install import jars
from stack.parts import kafka_files
from tests.support.process import ROOT

PACKAGES = ("confluent-kafka", "pymongo", "pydantic", "fastapi", "uvicorn", "uvloop")


def described(lab: Lab) -> list[str]:
    """Machine, servers and libraries, a line each."""
    model = next((line for line in _cpu_info() if line.startswith("model name")), "model name: unknown")
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    mongodb = lab.client.server_info()["version"]
    return [
        f"{os.cpu_count()} processors ({model.partition(':')[2].strip()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f} at the start",
        f"MongoDB {mongodb}, one member, cache {CACHE_GB:g} GB; "
        f"Apache Kafka {_of_jar(kafka_files.DESCRIPTION, 'kafka_2.13')}, one broker",
        f"Kafka Connect {_of_jar(kafka_connect.DESCRIPTION, 'connect-runtime')}, its MongoDB sink "
        f"{_of_jar(kafka_connect.DESCRIPTION, 'mongo-kafka-connect')}; "
        f"{_pinned(QUIX_STREAMS, 'quixstreams')}; {_pinned(FAST_STREAM, 'faststream')}",
        f"Python {platform.python_version()}, {libraries}",
    ]


def _of_jar(description: Path, artifact: str) -> str:
    """The version that a list of jars names."""
    prefix = f"{artifact}-"
    (name,) = (name for name in jars.checksums(description) if name.startswith(prefix))
    return name.removeprefix(prefix).removesuffix(".jar")


def _pinned(peer: Program, package: str) -> str:
    """Name and version that a peer's requirements name."""
    lines = (ROOT / "requirements" / peer.requirements).read_text().splitlines()
    pinned = next(line for line in lines if line.startswith(f"{package}=="))
    return f"{peer.name} {pinned.partition('==')[2].split()[0]}"


def _cpu_info() -> list[str]:
    try:
        with open("/proc/cpuinfo") as file:
            return file.read().splitlines()
    except OSError:
        return []
