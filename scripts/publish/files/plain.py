"""Takes off what is around a text: gzip, a byte order mark, UTF-16 or UTF-32. What comes out is UTF-8 without a mark.

What a file is shows in its first bytes, never in its name. Everything is done while the stream is read, so a large
file takes no more memory than a small one, and a stream that is still being written is passed on as it comes.
"""

import codecs
import gzip
import io
from typing import Any, BinaryIO, Final, cast

from scripts.publish.files.message import UnfitFile
from scripts.publish.files.source import read_some

_HEAD_BYTES: Final = 6
_GZIP: Final = b"\x1f\x8b"
_MOST_LAYERS: Final = 3
"""Gzip around gzip happens by mistake. Nobody wraps it thrice; without a bound, a hostile file could do so for ever."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHERS: Final = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save the sheet as CSV in UTF-8"),
    (b"BZh", "compressed by bzip2: pipe it through `bzip2 -dc`"),
    (b"\xfd7zXZ", "compressed by xz: pipe it through `xz -dc`"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: pipe it through `zstd -dc`"),
    (b"PAR1", "a Parquet file: export it as JSON or CSV"),
    (b"Obj\x01", "an Avro file: export it as JSON"),
)


def plain(stream: BinaryIO) -> BinaryIO:
    """The text in a stream, as UTF-8 without a mark. Waits for the stream's first bytes.

    Raises UnfitFile for what is not text but is well known. Reading from the result raises OSError, EOFError or
    zlib.error where gzip is damaged or cut, and UnicodeDecodeError where UTF-16 is.
    """
    for _ in range(_MOST_LAYERS):
        head, stream = _peeked(stream)
        if not head.startswith(_GZIP):
            break
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise UnfitFile(f"the file is {what}")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            stream.read(len(mark))
            return stream if encoding == "utf-8" else _buffered(_Transcoded(stream, encoding))
    return stream


def _peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first bytes, and a stream that still has them."""
    head = stream.read(_HEAD_BYTES)
    return head, _buffered(_Prefixed(head, stream))


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(raw, io.DEFAULT_BUFFER_SIZE))


class _Read(io.RawIOBase):
    """A stream made of another; a subclass gives its next bytes."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there are bytes at the moment; 0 at the end."""
        some = self.some(len(buffer))
        buffer[: len(some)] = some
        return len(some)

    def some(self, size: int) -> bytes:
        """The next bytes, at most `size`; empty at the end alone."""
        raise NotImplementedError


class _Prefixed(_Read):
    """Bytes that were read already, and then the rest of their stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def some(self, size: int) -> bytes:
        given, self._head = self._head[:size], self._head[size:]
        return given or read_some(self._rest, size)


class _Transcoded(_Read):
    """UTF-16 or UTF-32 as UTF-8."""

    def __init__(self, source: BinaryIO, encoding: str) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def some(self, size: int) -> bytes:
        at_end = False
        while not self._ready and not at_end:
            encoded = read_some(self._source, size)
            at_end = not encoded
            self._ready = self._decoder.decode(encoded, final=at_end).encode()
        given, self._ready = self._ready[:size], self._ready[size:]
        return given
