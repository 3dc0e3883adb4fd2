r"""The bytes of a message -> text for a person, base64 for a program: a key, a value, a header. Pure.

A value is shown as text if it is text, anything else as a dump of bytes.

Text whose encoding is wrong in places stays text, with the wrong bytes written out: `M\xfcller` is what Latin-1 leaves.
Bytes are numbered from 0 and in decimal, as a rejection's detail numbers them:

     0  1f 8b 08 00 5f ad 0d 6b 02 ff ab 56 4a 2d 4b cd  |...._..k...VJ-K.|
    16  2b 51 b2 52 50 2a 28 ca 4f 29 4d 2e 09           |+Q.RP*(.O)M..|
"""

from base64 import b64encode
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Final

SHOWN_BYTES: Final = 4096
"""So much of a key, value or header is shown, which is a screenful or two. At half, larger events are cut; at twice, a
long one fills more of the terminal. What prints JSON shows everything."""
DUMPED_BYTES: Final = 512
"""So much of a binary value is shown: 32 lines, which is a screenful. Formats are known by their first bytes."""
_IN_A_LINE: Final = 16
_TEXT_PARTS: Final = 8
"""What is at most one part in eight no text is shown as text. UTF-16 has a zero in every other byte, Latin-1 an accent
in every tenth. At half or at twice, either is still told from the other."""
_WHITE_SPACE: Final = frozenset(b"\t\n\r")


def text_of(content: bytes | None) -> str:
    """A key or a header in one piece: as text if it is UTF-8, else in hexadecimal; then how many bytes are left out."""
    if content is None:
        return "(none)"
    text = _as_utf8(content)
    return content[:SHOWN_BYTES].hex(" ") + _more(content, SHOWN_BYTES) if text is None else text


def lines_of(value: bytes | None) -> Iterator[str]:
    """The lines that show a value; what does not fit is counted in the last one."""
    text = "(none)" if value is None else _as_utf8(value)
    if value is None or (text is not None and not _is_binary(value)):
        yield text or ""
    elif _is_binary(value):
        yield from _dump(value)
    else:
        yield value[:SHOWN_BYTES].decode(errors="backslashreplace") + _more(value, SHOWN_BYTES)
        yield r"(not UTF-8: bytes that are no text are written as \xfc is)"


def base64(content: bytes | None) -> str | None:
    """The bytes for a program; None where there are none."""
    return None if content is None else b64encode(content).decode()


def _as_utf8(content: bytes) -> str | None:
    """The beginning as text, and how many bytes are left out; None where it is not UTF-8."""
    more = _more(content, SHOWN_BYTES)
    try:
        # The cut may go through a character, whose first bytes are then left out.
        return getincrementaldecoder("utf-8")().decode(content[:SHOWN_BYTES], final=not more) + more
    except UnicodeDecodeError:
        return None


def _is_binary(value: bytes) -> bool:
    """Whether too much of the beginning is no text: control characters, and bytes that are not UTF-8."""
    beginning = value[:SHOWN_BYTES]
    controls = sum(byte < 32 and byte not in _WHITE_SPACE for byte in beginning)
    decoded = beginning.decode(errors="replace")
    return _TEXT_PARTS * (controls + decoded.count("\ufffd")) > len(beginning)


def _dump(value: bytes) -> Iterator[str]:
    shown = value[:DUMPED_BYTES]
    width = len(str(len(shown)))
    for at in range(0, len(shown), _IN_A_LINE):
        line = shown[at : at + _IN_A_LINE]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
        yield f"{at:>{width}}  {line.hex(' '):{3 * _IN_A_LINE - 1}}  |{seen}|"
    if more := _more(value, DUMPED_BYTES):
        yield more.strip()


def _more(content: bytes, shown: int) -> str:
    return f" … {len(content) - shown} bytes more" if len(content) > shown else ""
