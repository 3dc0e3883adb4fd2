"""Pieces of BSON that the statements are put together from: an element is its type, its name and its value. Pure."""

from struct import Struct
from typing import Final

INT32: Final = Struct("<i").pack
INT64: Final = Struct("<q").pack

_LEAST_INT32, _MOST_INT32 = -(2**31), 2**31 - 1


def embedded(body: bytes) -> bytes:
    """A document of the elements in `body`."""
    return INT32(len(body) + 5) + body + b"\0"


def integer(name: bytes, value: int) -> bytes:
    """An integer in 32 bits where it fits, else in 64, as drivers encode it."""
    if _LEAST_INT32 <= value <= _MOST_INT32:
        return b"\x10" + name + b"\0" + INT32(value)
    return b"\x12" + name + b"\0" + INT64(value)


def text(name: bytes, value: str) -> bytes:
    """A string."""
    encoded = value.encode()
    return b"\x02" + name + b"\0" + INT32(len(encoded) + 1) + encoded + b"\0"
