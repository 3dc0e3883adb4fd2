"""Describes what a report was measured on: the machine, the servers, the peers and the libraries."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.lab.laboratory import CACHE_GB, Lab
from bench.peers import kafka_connect
from bench.peers.programs import FAST_STREAM, QUIX_STREAMS, PythonPeer
from stack.install import jars
from stack.parts import kafka_files
from tests.support.process import ROOT

PACKAGES = ("confluent-kafka", "pymongo", "pydantic", "fastapi", "uvicorn", "uvloop")


def describe(lab: Lab) -> list[str]:
    """Return a line each about the machine, the servers, the peers and the libraries."""
    model = next((line for line in _cpu_info() if line.startswith("model name")), "model name: unknown")
    memory = psutil.virtual_memory().total / 2**30
    kernel = ".".join(platform.release().split(".")[:2])
    libraries = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    mongodb = lab.client.server_info()["version"]
    return [
        f"{os.cpu_count()} processors ({model.partition(':')[2].strip()}), {memory:.0f} GiB, "
        f"{platform.system()} {kernel}, load {os.getloadavg()[0]:.1f} at the start",
        f"MongoDB {mongodb}, one member, cache {CACHE_GB:g} GB; "
        f"Apache Kafka {_of_jar(kafka_files.DESCRIPTION, 'kafka_2.13')}, one broker",
        f"Kafka Connect {_of_jar(kafka_connect.DESCRIPTION, 'connect-runtime')}, its MongoDB sink "
        f"{_of_jar(kafka_connect.DESCRIPTION, 'mongo-kafka-connect')}; "
        f"{_pinned(QUIX_STREAMS, 'quixstreams')}; {_pinned(FAST_STREAM, 'faststream')}",
        f"Python {platform.python_version()}, {libraries}",
    ]


def _of_jar(description: Path, artifact: str) -> str:
    """Return the version of `artifact` in a list of jars: "4.1.2" for `kafka_2.13-4.1.2.jar`."""
    prefix = f"{artifact}-"
    (name,) = (name for name in jars.checksums(description) if name.startswith(prefix))
    return name.removeprefix(prefix).removesuffix(".jar")


def _pinned(peer: PythonPeer, package: str) -> str:
    """Return the peer's name and the version of `package` in its requirements: "Quix Streams 3.28.1"."""
    lines = (ROOT / "requirements" / peer.requirements).read_text().splitlines()
    pinned = next(line for line in lines if line.startswith(f"{package}=="))
    return f"{peer.name} {pinned.partition('==')[2].split()[0]}"


def _cpu_info() -> list[str]:
    try:
        with open("/proc/cpuinfo") as file:
            return file.read().splitlines()
    except OSError:
        return []
