"""Compiles programs in Java against what Kafka's broker brings along: Kafka's client and Jackson."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from stack.settings import StackSettings


def classes(sources: Sequence[Path], folder: Path) -> str:
    """Compile the sources into `folder`, and return the class path by which they run. Warnings are errors.

    Skips the test where there is no Java, or no Kafka of the local stack.
    """
    if shutil.which("javac") is None:
        pytest.skip("javac is not on this machine")
    path = f"{_libraries()}/*"
    command = ("javac", "-Xlint:all", "-Werror", "-encoding", "UTF-8", "-cp", path, "-d", str(folder))
    done = subprocess.run((*command, *map(str, sources)), capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return f"{path}{os.pathsep}{folder}"


def _libraries() -> Path:
    folders = sorted((StackSettings().state / "parts").glob("kafka-*"))
    found = [folder for folder in folders if list(folder.glob("jackson-databind-*.jar"))]
    if not found:
        pytest.skip("Kafka is not installed in STACK_STATE, so there is no client for Java; `make demo` installs it")
    return found[0].resolve()
