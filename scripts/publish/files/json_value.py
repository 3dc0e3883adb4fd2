"""One value of a JSON text while it is read: its bytes so far, and which brackets and strings are open."""

import re
from typing import Final

from scripts.publish.files.message import LONGEST_BYTES, FileMessage, too_large

DOCUMENT: Final = "document"
"""An object that stands by itself."""
ELEMENT: Final = "element"
"""An element of an array, whatever it is."""
REST: Final = "rest"
"""Something else than JSON: it goes to the end of its line."""

NO_SPACE: Final = re.compile(rb"[^ \t\r\n]")
_STRING: Final = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
_FLAT: Final = re.compile(rb'\{[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+\}')
"""An object without others in it, which most events are: one step instead of one for each of its strings."""
_OUTSIDE: Final = re.compile(_STRING + rb'|["{}\[\]]')
"""What counts outside of a string: a whole string, the quotation mark of one that goes on in the next piece, a bracket.
"""
_INSIDE: Final = re.compile(rb'["\\\n]')
"""What counts inside of a string: its end, an escape, and a line's end, which no string of JSON holds."""
_END_OF_SCALAR: Final = re.compile(rb"[\s,\[\]{}]")


_LOOKED_AT: Final = 64
"""The last character before a line is looked for in so many pieces, of which blank lines are one each. With half as
many, nothing changes for files that people or programs write; with twice as many, nothing gets slow yet."""


class JsonValue:
    """Reads one value. `read` is called with the pieces of the text until `is_complete`."""

    def __init__(self, kind: str, line: int) -> None:
        self._kind = kind
        self._line = line
        self._parts: list[bytes] = []
        self._size = 0
        self._open = bytearray()
        """The brackets that are open, the innermost last."""
        self._in_string = False
        self._is_escaped = False
        self.is_complete = False
        self.is_broken = False
        """Whether a string does not end in its line, so that nothing that follows can be told from it."""

    def read(self, piece: bytes, position: int) -> int:
        """Read on from a position. Returns where the value ends in this piece, or the piece's length."""
        if self._kind == REST:
            end = piece.find(b"\n", position)
            self.is_complete = end >= 0
        elif self._kind == ELEMENT and not self._open and not self._in_string and piece[position] not in b'{["':
            found = _END_OF_SCALAR.search(piece, position)
            self.is_complete = found is not None
            end = -1 if found is None else max(found.start(), position + (not self._parts))
        elif not self._parts and (flat := _FLAT.match(piece, position)) is not None:
            end, self.is_complete = flat.end(), True
        else:
            end = self._read_nested(piece, position)
        end = len(piece) if end < 0 else end
        self._keep(piece[position:end])
        return end

    def ends_before(self, line: bytes) -> bool:
        """Whether this line begins a new message, because it begins with an object where this value allows none."""
        if line[:1] != b"{" or self._kind == REST or not self._open:
            return False
        before = b"".join(self._parts[-_LOOKED_AT:]).rstrip()[-1:]
        return before not in (b":" if self._open[-1:] == b"{" else b"[,")

    def message(self, last_line: int) -> FileMessage:
        """The value as a message whose last line is this."""
        if self._size > LONGEST_BYTES:
            return FileMessage(b"", self._line, last_line, too_large(self._size))
        return FileMessage(b"".join(self._parts).strip(), self._line, last_line)

    def _read_nested(self, piece: bytes, position: int) -> int:
        """Read brackets and strings. Returns where the value ends; -1: not in this piece."""
        while position < len(piece) and not self.is_complete:
            if not self._in_string:
                found = _OUTSIDE.search(piece, position)
                if found is None:
                    return -1
                position = found.end()
                self._outside(found[0])
                continue
            if self._is_escaped:
                self._is_escaped = False
                position += piece[position : position + 1] != b"\n"
                continue
            found = _INSIDE.search(piece, position)
            if found is None:
                return -1
            position = found.end()
            self._inside(found[0])
        return position if self.is_complete else -1

    def _outside(self, token: bytes) -> None:
        if token == b'"':
            self._in_string = True
        elif token[:1] == b'"':
            self.is_complete = not self._open
        elif token in b"{[":
            self._open += token
        elif token in b"}]":
            del self._open[-1:]
            self.is_complete = not self._open

    def _inside(self, character: bytes) -> None:
        if character == b"\\":
            self._is_escaped = True
            return
        self._in_string = False
        if character == b"\n":
            self.is_complete = self.is_broken = True
        else:
            self.is_complete = not self._open

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= LONGEST_BYTES:
            self._parts.append(part)
        else:
            self._parts.clear()
