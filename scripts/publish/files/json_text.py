"""Splits JSON into messages: one a line, pretty-printed one after another, the elements of arrays, or all of it mixed.

A message keeps the bytes that it has in the file, so every digit and every mistake reaches the consumers' decoder. The
splitter looks at brackets, strings and lines only; whether a message is JSON is the decoder's word. One that is broken
off does not take the next one with it: a line that begins with `{` where JSON allows no object begins a new message.
"""

from collections.abc import Generator, Iterable, Iterator
from typing import Final

import msgspec

from scripts.publish.files.json_value import DOCUMENT, ELEMENT, NO_SPACE, REST, JsonValue
from scripts.publish.files.message import FileMessage

_CONTINUES: Final = b" \t}]"
"""With one of these begins a line that belongs to the message before."""


def json_messages(pieces: Iterable[bytes]) -> Iterator[FileMessage]:
    """The messages in a text, given as lines or parts of lines with their ends. Blank lines are none."""
    splitter = _Splitter()
    for piece in pieces:
        yield from splitter.take(piece)
    yield from splitter.end()


class _Splitter:
    """Takes a text piece by piece, and yields each message once its end was read."""

    def __init__(self) -> None:
        self._line = 1
        self._begins_line = True
        self._value: JsonValue | None = None
        self._array_line = 0
        """The line in which the open array began; 0: none is open."""
        self._wants_comma = False
        self._skips = False
        """Whether lines are skipped that belong to a message that was broken off."""

    def take(self, piece: bytes) -> Iterator[FileMessage]:
        """The messages that end in this piece."""
        if self._begins_line and not self._array_line and self._value is None and _is_document(piece):
            yield FileMessage(piece.strip(), self._line, self._line)
            self._skips = False
        else:
            yield from self._scan(piece)
        self._begins_line = piece.endswith(b"\n")
        self._line += self._begins_line

    def end(self) -> Iterator[FileMessage]:
        """What the end of the file leaves open."""
        if self._value is not None:
            yield self._closed(self._value, self._line - self._begins_line)
        if self._array_line:
            yield self._problem(f"the array that begins in line {self._array_line} does not end: ] is missing")

    def _scan(self, piece: bytes) -> Iterator[FileMessage]:
        if self._begins_line and self._skips:
            self._skips = piece[0] in _CONTINUES
            if self._skips:
                return
        if self._begins_line and self._value is not None and self._value.ends_before(piece):
            yield self._closed(self._value, self._line - 1)
        position = 0
        while position < len(piece):
            if self._value is None:
                position = yield from self._between(piece, position)
                continue
            position = self._value.read(piece, position)
            if self._value.is_complete:
                self._skips = self._value.is_broken
                yield self._closed(self._value, self._line)

    def _between(self, piece: bytes, position: int) -> Generator[FileMessage, None, int]:
        """Go on from one message to the next, and return the position there."""
        found = NO_SPACE.search(piece, position)
        if found is None:
            return len(piece)
        position, character = found.start(), found[0]
        if not self._array_line:
            if character == b"[":
                self._array_line, self._wants_comma = self._line, False
                return position + 1
            self._value = JsonValue(DOCUMENT if character == b"{" else REST, self._line)
            return position
        if character == b"]":
            self._array_line = 0
        elif character == b"," and self._wants_comma:
            self._wants_comma = False
        else:
            if character == b",":
                yield self._problem("an element is missing before the comma")
            elif self._wants_comma:
                yield self._problem("a comma is missing before this element of the array")
            if character != b",":
                self._value = JsonValue(ELEMENT, self._line)
                return position
        return position + 1

    def _closed(self, value: JsonValue, last_line: int) -> FileMessage:
        self._value, self._wants_comma = None, True
        return value.message(last_line)

    def _problem(self, problem: str) -> FileMessage:
        return FileMessage(b"", self._line, self._line, problem)


def _is_document(line: bytes) -> bool:
    """Whether a line is one JSON object and nothing else: the usual case, for which no character is looked at."""
    if line[:1] != b"{":
        return False
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True
