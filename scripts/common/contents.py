"""Shows the bytes of a message: its key, its value, a header."""

from base64 import b64encode
from codecs import getincrementaldecoder
from typing import Final

SHOWN_BYTES: Final = 4096
"""So much of a key, value or header is shown, which is a screenful or two. At half, larger events are cut; at twice, a
binary value fills more of the terminal. What prints JSON shows everything."""


def readable(content: bytes | None) -> str:
    """The first bytes as text if they are UTF-8, else in hexadecimal; then how many bytes are left out."""
    if content is None:
        return "(none)"
    cut = bytes(content[:SHOWN_BYTES])
    more = f" … {len(content) - SHOWN_BYTES} bytes more" if len(content) > SHOWN_BYTES else ""
    try:
        # The cut may go through a character, whose first bytes are then left out.
        return getincrementaldecoder("utf-8")().decode(cut, final=not more) + more
    except UnicodeDecodeError:
        return cut.hex(" ") + more


def base64(content: bytes | None) -> str | None:
    """The bytes for a program; None where there are none."""
    return None if content is None else b64encode(content).decode()
