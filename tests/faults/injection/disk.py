"""A small disk of its own for a server, which a test fills up."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MIB = 1024 * 1024
SIZE_MIB = 700


class SmallDisk:
    """A file system in memory at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room at all."""
        block = b"\0" * MIB
        with self._ballast.open("ab", buffering=0) as file:
            for size in (MIB, 4096, 1):
                try:
                    while file.write(block[:size]) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Skips the test, saying why, where this user may not mount one."""
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder))
    if os.geteuid() != 0:
        pytest.skip("a disk that fills up is a tmpfs, which only root may mount")
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a disk that fills up is a tmpfs, which could not be mounted: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)
