"""The pieces of BSON from which statements are put together. Pure.

A BSON element is one byte for its type, its name, a zero byte, and its value. The types here (hex), and their values:

    02  string       length + 1 in 4 bytes, the text in UTF-8, a zero byte
    03  document     its length in 4 bytes (these 4 and the zero byte included), its elements, a zero byte
    08  boolean      one byte
    10  int32        4 bytes, the lowest first
    12  int64        8 bytes
    13  Decimal128   16 bytes: low word, high word
"""

from struct import Struct
from typing import Final

from shared.decimals import decimal128_words

INT32: Final = Struct("<i").pack
INT64: Final = Struct("<q").pack
_WORDS: Final = Struct("<QQ").pack

_LEAST_INT32, _MOST_INT32 = -(2**31), 2**31 - 1
UPSERT: Final = b"\x08upsert\0\x01"


def embedded(elements: bytes) -> bytes:
    """The value of a document that has these elements: `embedded(b"")` is the five bytes of `{}`."""
    return INT32(len(elements) + 5) + elements + b"\0"


def integer(name: bytes, value: int) -> bytes:
    """An integer in 32 bits where it fits, else in 64, as drivers encode it."""
    if _LEAST_INT32 <= value <= _MOST_INT32:
        return b"\x10" + name + b"\0" + INT32(value)
    return b"\x12" + name + b"\0" + INT64(value)


def text(name: bytes, value: str) -> bytes:
    """A string."""
    encoded = value.encode()
    return b"\x02" + name + b"\0" + INT32(len(encoded) + 1) + encoded + b"\0"


def decimal(name: bytes, units: int, decimals: int) -> bytes:
    """The Decimal128 that is `units` times ten to the minus `decimals`."""
    return b"\x13" + name + b"\0" + _WORDS(*decimal128_words(units, decimals))


def increment(fields: bytes) -> bytes:
    """The element `$inc` of these fields."""
    return b"\x03$inc\0" + embedded(fields)


def upsert(identity: bytes, changes: bytes) -> bytes:
    """A statement of the `update` command, from the elements of `_id` and of the changes:

    {q: {_id: {<identity>}}, u: {<changes>}, upsert: true}
    """
    query = embedded(b"\x03_id\0" + embedded(identity))
    return embedded(b"\x03q\0" + query + b"\x03u\0" + embedded(changes) + UPSERT)
