"""Which form a file has, and its messages by that form."""

import zlib
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import BinaryIO, Final

from scripts.publish.files.json_text import json_messages
from scripts.publish.files.message import LONGEST_LINE_BYTES, FileMessage, UnfitFile, too_large
from scripts.publish.files.plain import plain
from scripts.publish.files.table import begins_table, table_messages

PIECE_BYTES: Final = 64 * 1024
"""A line is read in pieces of so much: an array of gigabytes may be one line. At half or twice, nothing changes but how
often a piece of a long line is looked at."""


class Form(StrEnum):
    """How a file holds messages."""

    AUTO = "auto"
    """A table where the first line names columns of events, else JSON."""
    JSON = "json"
    """JSON: a document a line, pretty-printed documents, arrays of documents."""
    CSV = "csv"
    """A table with a header row."""
    LINES = "lines"
    """Each line is a message as it is, whatever it holds, also an empty one; not even gzip is taken off."""


def messages(stream: BinaryIO, form: Form) -> Iterator[FileMessage]:
    """The messages of a stream. The last one has a problem where the stream cannot be read to its end, or at all."""
    last = 0
    try:
        for message in _lines(stream) if form is Form.LINES else _of_form(plain(stream), form):
            last = message.last_line
            yield message
    except UnfitFile as unfit:
        yield FileMessage(b"", last + 1, last + 1, str(unfit))
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        yield _cut_off(last, str(error))
    except OSError as error:  # the file system's; or gzip's, which has no words of the system for what is no gzip
        yield _cut_off(last, error.strerror or str(error))


def shown_form(stream: BinaryIO) -> Form:
    """Whether a stream is a table or JSON, by its beginning. Raises what `plain` does."""
    return _shown(_beginning(_pieces(plain(stream))))


def _of_form(stream: BinaryIO, form: Form) -> Iterator[FileMessage]:
    pieces = _pieces(stream)
    beginning = _beginning(pieces)
    is_table = (_shown(beginning) if form is Form.AUTO else form) is Form.CSV
    return (table_messages if is_table else json_messages)(chain(beginning, pieces))


def _shown(beginning: list[bytes]) -> Form:
    return Form.CSV if beginning and begins_table(beginning[-1]) else Form.JSON


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.readline(PIECE_BYTES), b"")


def _beginning(pieces: Iterator[bytes]) -> list[bytes]:
    """The pieces up to the first that is not blank."""
    beginning = []
    for piece in pieces:
        beginning.append(piece)
        if piece.strip():
            break
    return beginning


def _lines(stream: BinaryIO) -> Iterator[FileMessage]:
    """Each line as it is. One that is too long is reported, and no more than a piece of its rest is kept."""
    number = 0
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) <= LONGEST_LINE_BYTES or line.endswith(b"\n"):
            yield FileMessage(line.removesuffix(b"\n"), number, number)
            continue
        size, line = len(line), b""
        for piece in _pieces(stream):
            size += len(piece.removesuffix(b"\n"))
            if piece.endswith(b"\n"):
                break
        yield FileMessage(b"", number, number, too_large(size))


def _cut_off(last: int, why: str) -> FileMessage:
    return FileMessage(b"", last + 1, last + 1, f"the rest cannot be read: {why}")
