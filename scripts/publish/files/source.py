"""A path, or `-` for standard input, as a stream of bytes; one that comes only once is copied, to be read twice."""

import errno
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import BinaryIO, Final

from scripts.publish.files.message import UnfitFile

KEPT_BYTES: Final = 1024 * 1024 * 1024
"""So much of standard input or a pipe is kept in a temporary file, to be checked as a whole before it is sent. That is
some five million events. At twice this, a folder for temporary files of a usual size may fill up; at half, large
exports need another way sooner."""
STDIN: Final = "standard input"
_CHUNK_BYTES: Final = 1024 * 1024


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """The stream of a file or of standard input, closed at the end of the block. Raises OSError."""
    if path == "-":
        if sys.stdin is None:  # as Python has it where the shell closed it: `<&-`
            raise OSError(errno.EBADF, "it is closed", STDIN)
        yield sys.stdin.buffer
        return
    with open(path, "rb") as file:
        yield file


def copied(stream: BinaryIO, copy: BinaryIO) -> Iterator[int]:
    """Copy a stream that comes only once, a chunk at a time; yields the bytes so far. Raises UnfitFile when it is too
    long."""
    size = 0
    while chunk := read_some(stream, _CHUNK_BYTES):
        size += len(chunk)
        if size > KEPT_BYTES:
            raise UnfitFile(
                f"standard input or the pipe holds more than {KEPT_BYTES >> 20} MiB, and what comes only once is kept "
                "on disk until all of it is checked: give a file's path, or --skip-rejected, which checks while sending"
            )
        copy.write(chunk)
        yield size


def temporary() -> BinaryIO:
    """A temporary file that nobody else sees, gone when it is closed. Raises OSError."""
    return tempfile.TemporaryFile()  # the caller closes it


def read_some(stream: BinaryIO, size: int) -> bytes:
    """What the stream has at the moment, `size` bytes at most; waits for the first of them. Empty at the end."""
    return stream.read1(size) if isinstance(stream, BufferedIOBase) else stream.read(size)
