"""Bytes that are no JSON text: the encoding, the compression or the serializer that they look like. Pure.

Each form is told by what it begins with and, where other bytes may begin alike, by more of them. Nothing is unpacked
but the first bytes of what zlib compressed.
"""

import zlib
from typing import Final

from consumer.events.details.contents import and_holds, begins_json, is_json
from consumer.events.details.quoting import hexadecimal
from consumer.events.details.unreadable.schema_frames import framed, is_protobuf, json_behind, varint

_MARKS: Final = (
    (b"\xff\xfe\0\0", "UTF-32, little-endian", "utf-32-le"),
    (b"\0\0\xfe\xff", "UTF-32, big-endian", "utf-32-be"),
    (b"\xff\xfe", "UTF-16, little-endian", "utf-16-le"),
    (b"\xfe\xff", "UTF-16, big-endian", "utf-16-be"),
)
"""Byte order marks; those of UTF-32 come first, because one of them begins with one of UTF-16."""
_COMPRESSED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZ4Block", "lz4 (as Java's LZ4BlockOutputStream writes it)"),
    (b"\xff\x06\0\0sNaPpY", "snappy (framed)"),
    (b"\x82SNAPPY\0", "snappy (as Java's SnappyOutputStream writes it)"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
)
_SERIALIZED: Final = (
    (b"Obj\x01", "an Avro container file"),
    (b"\xc3\x01", "Avro, with the fingerprint of its schema in front"),
    (b"\xac\xed\0\x05", "a serialized Java object"),
    (b"PAR1", "a Parquet file"),
    (b"\xd9\xd9\xf7", "CBOR"),
    (b"\x04\x08", "a Ruby object, as Marshal writes it"),
    (b":)\n", "Smile"),
)
_INSIDE_BYTES: Final = 256
"""So much of what is compressed is unpacked, to see whether it is JSON: its first name is among these bytes."""
_LOOKED_AT: Final = 64
_TEXT_ONLY: Final = "the value of a message has to be the text of a JSON object, in UTF-8"
_NO_COMPRESSION: Final = "Kafka's clients compress by themselves (compression.type): send the JSON as it is"
_CONTROLS: Final = frozenset(range(32)) - {9, 10, 13}


def looks_like(value: bytes) -> tuple[str, str]:
    """What the bytes of a message look like, and what to do; two empty texts where they look like nothing known.

    Only bytes that no JSON text begins with are looked at.
    """
    for form in (_marked, _wide, _zeros, _compressed, framed, _serialized, json_behind, _maps):
        what, cure = form(value)
        if what:
            return what, cure or _TEXT_ONLY
    return "", ""


def beginning(value: bytes) -> str:
    """The first bytes in hexadecimal, for bytes that look like nothing known."""
    return hexadecimal(value[:16]) + (" ..." if len(value) > 16 else "")


def is_binary(value: bytes) -> bool:
    """Whether there are control characters among the first bytes, which no text has."""
    return not _CONTROLS.isdisjoint(value[:_LOOKED_AT])


def _marked(value: bytes) -> tuple[str, str]:
    if value.startswith(b"\xef\xbb\xbf"):
        then = "the rest is JSON: " if is_json(value[3:]) else ""
        cure = f"{then}write it in UTF-8 without the mark (in Python utf-8 instead of utf-8-sig)"
        return "begins with a byte order mark (EF BB BF), which JSON does not allow", cure
    for mark, name, _ in _MARKS:
        if value.startswith(mark):
            return f"is in {name}: it begins with the byte order mark {hexadecimal(mark)}", "encode the JSON in UTF-8"
    return "", ""


def _wide(value: bytes) -> tuple[str, str]:
    """UTF-16 and UTF-32 without a mark: JSON begins with ASCII characters, which have bytes of 0 in each unit."""
    for _, name, encoding in _MARKS:
        unit = 4 if "32" in encoding else 2
        try:
            text = value[: _LOOKED_AT // unit * unit].decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) > 1 and len(value) % unit == 0 and text[:2].isascii() and text.lstrip()[:1] in set('{["'):
            return f"is in {name}, without a byte order mark", "encode the JSON in UTF-8"
    return "", ""


def _zeros(value: bytes) -> tuple[str, str]:
    return ("", "") if value.strip(b"\0") else ("holds bytes of 0 alone", "a buffer was sent before it was filled")


def _compressed(value: bytes) -> tuple[str, str]:
    for magic, name in _COMPRESSED:
        if value.startswith(magic):
            inside = _unpacked(value, 31) if name == "gzip" else b""
            return f"is compressed by {name}: it begins with {hexadecimal(magic[:4])}{and_holds(inside)}", (
                _NO_COMPRESSION
            )
    if value[:1] == b"\x78" and int.from_bytes(value[:2], "big") % 31 == 0 and (inside := _unpacked(value, 15)):
        return f"is compressed by zlib: it begins with {hexadecimal(value[:2])}{and_holds(inside)}", _NO_COMPRESSION
    return ("looks like snappy: a length, and then the beginning of JSON" if _is_snappy(value) else ""), _NO_COMPRESSION


def _is_snappy(value: bytes) -> bool:
    """A block of snappy without a frame: the length of all of it, and a piece of JSON that is not compressed.

    A small event does not shrink: 106 bytes become 109. Snappy's longest output is what is compared.
    """
    length, at = varint(value, 0)
    if not 0 < length <= 1 << 26 or not at < len(value) <= 32 + length + length // 6 or value[at] & 3:
        return False
    head = value[: at + 1]
    size_bytes = max(0, (value[at] >> 2) - 59)
    is_text = head.isascii() and (head.isspace() or head.decode().isprintable())
    return not is_text and begins_json(value[at + 1 + size_bytes :][:2])


def _unpacked(value: bytes, window_bits: int) -> bytes:
    """The first bytes of what zlib compressed; none where it did not. A bomb of zeros costs no more than JSON."""
    try:
        return zlib.decompressobj(window_bits).decompress(value, _INSIDE_BYTES)
    except zlib.error:
        return b""


def _serialized(value: bytes) -> tuple[str, str]:
    for magic, name in _SERIALIZED:
        if value.startswith(magic):
            return f"looks like {name}: it begins with {hexadecimal(magic[:4])}", ""
    if value[:1] == b"\x80" and value[1:2] and 2 <= value[1] <= 5 and value.endswith(b"."):
        return "looks like an object that Python's pickle wrote", "use json.dumps"
    if len(value) >= 5 and int.from_bytes(value[:4], "little") == len(value) and value[-1] == 0:
        return "looks like BSON: it begins with its own length, and ends with 00", ""
    return "", ""


def _maps(value: bytes) -> tuple[str, str]:
    """Maps whose first key is a short text of ASCII: MessagePack's and CBOR's; a Protobuf message; a record of Avro."""
    first = value[0]
    if 0x81 <= first <= 0x8F and _short_text(value, 1, 0xA0, 0x1F):
        return "looks like MessagePack: a map, and the name of its first field", ""
    if first in (0xDE, 0xDF) and _short_text(value, 3 if first == 0xDE else 5, 0xA0, 0x1F):
        return "looks like MessagePack: a map, and the name of its first field", ""
    if (0xA1 <= first <= 0xB7 or first == 0xBF) and _short_text(value, 1, 0x60, 0x1F):
        return "looks like CBOR: a map, and the name of its first field", ""
    if not is_binary(value):
        return "", ""
    if is_protobuf(value):
        return "looks like Protobuf", ""
    length = first >> 1
    if first % 2 == 0 and length > 2 and _is_word(value[1 : 1 + length], length):
        return "looks like Avro without a schema: a text's length, twice, and the text", ""
    return "", ""


def _short_text(value: bytes, at: int, kind: int, lengths: int) -> bool:
    """Whether a text of ASCII begins at a byte of which some bits are its kind and the rest its length."""
    head = value[at] if at < len(value) else 0
    length = head & lengths
    return head & ~lengths == kind and length > 0 and _is_word(value[at + 1 : at + 1 + length], length)


def _is_word(word: bytes, length: int) -> bool:
    return len(word) == length and word.isascii() and word.decode().isprintable()
