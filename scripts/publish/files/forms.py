"""Which form a file has, and its messages by that form."""

import zlib
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import BinaryIO, Final

from scripts.publish.files.json_text import json_messages
from scripts.publish.files.message import FileMessage, UnfitFile
from scripts.publish.files.plain import plain
from scripts.publish.files.table import separator_of, table_messages

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
    """The messages of a stream. The last one has a problem where the stream cannot be read to its end, or at all.

    Raises OSError where the file system does not give the file's bytes.
    """
    if form is Form.LINES:
        for number, line in enumerate(stream, 1):
            yield FileMessage(line.removesuffix(b"\n"), number, number)
        return
    last = 0
    try:
        for message in _of_form(plain(stream), form):
            last = message.last_line
            yield message
    except UnfitFile as unfit:
        yield FileMessage(b"", last + 1, last + 1, str(unfit))
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        yield _cut_off(last, str(error))
    except OSError as error:
        if error.errno is not None:
            raise  # the file system's own; gzip raises one without a number for what is no gzip
        yield _cut_off(last, str(error))


def _of_form(stream: BinaryIO, form: Form) -> Iterator[FileMessage]:
    pieces = iter(lambda: stream.readline(PIECE_BYTES), b"")
    blank = []
    for piece in pieces:
        blank.append(piece)
        if piece.strip():
            break
    is_table = form is Form.CSV or (form is Form.AUTO and bool(blank) and separator_of(blank[-1]) is not None)
    return (table_messages if is_table else json_messages)(chain(blank, pieces))


def _cut_off(last: int, why: str) -> FileMessage:
    return FileMessage(b"", last + 1, last + 1, f"the rest cannot be read: {why}")
