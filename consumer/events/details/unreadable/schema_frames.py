"""Messages that begin with the frame of a schema registry's serializer, or with their own length. Pure."""

from typing import Final

from consumer.events.details.contents import begins_json, is_json
from consumer.events.details.quoting import hexadecimal

_TEXT_SERIALIZER: Final = "produce the JSON's own bytes, by a serializer of strings or bytes"
_LONGEST_FRAME: Final = 16
"""JSON is looked for behind so many bytes: a length, an id or a UUID. At half, a UUID is taken for something else."""
_MOST_NUMBERS: Final = 8
"""Messages of Protobuf hardly nest deeper than this in their schema. At half, deeper ones are taken for Avro."""


def framed(value: bytes) -> tuple[str, str]:
    """What stands before the message itself, and what to do; two empty texts where no frame is known.

    A frame is 00 and the id of a schema in 4 bytes (Confluent's) or 8 (Apicurio's), or 03 and a UUID (AWS Glue's).
    gRPC's is 00 and the length of what follows; Java's `writeUTF` begins with a length of 2 bytes, `writeInt`
    and `writeLong` write one of 4 and of 8.
    """
    for size, method in ((4, "writeInt"), (8, "writeLong")):
        if len(value) > size and int.from_bytes(value[:size], "big") == len(value) - size:
            return f"begins with its own length in {size} bytes, as Java's {method} writes it", _TEXT_SERIALIZER
    if len(value) > 2 and int.from_bytes(value[:2], "big") == len(value) - 2 and begins_json(value[2:]):
        return "begins with its own length in 2 bytes, as Java's writeUTF does", _TEXT_SERIALIZER
    if len(value) > 18 and value[0] == 3 and value[1] in (0, 5):
        return f"begins with the frame of AWS Glue's schema registry, for the schema version {value[2:18].hex()}", (
            _TEXT_SERIALIZER
        )
    if value[:1] != b"\0" or len(value) < 6:
        return "", ""
    schema = int.from_bytes(value[1:5], "big")
    if schema == len(value) - 5:
        return "begins with 00 and its own length in 4 bytes, as gRPC's messages do", _TEXT_SERIALIZER
    if schema == 0 and len(value) > 9:
        return _registered(int.from_bytes(value[1:9], "big"), value[:9], value[9:])
    return _registered(schema, value[:5], value[5:])


def json_behind(value: bytes) -> tuple[str, str]:
    """Whether all behind the first few bytes, which are no text, is JSON: these may be a length or a separator."""
    for at in range(1, _LONGEST_FRAME + 1):
        if begins_json(value[at : at + 2]):
            frame = value[:at]
            is_text = frame.isascii() and frame.decode().isprintable()
            if is_text or not is_json(value[at:].rstrip(b"\0")):
                return "", ""
            name = ", the record separator of RFC 7464" if frame == b"\x1e" else ""
            return f"is JSON, behind {hexadecimal(frame)}{name}", _TEXT_SERIALIZER
    return "", ""


def _registered(schema: int, frame: bytes, rest: bytes) -> tuple[str, str]:
    begins = f"begins with {hexadecimal(frame)}, the frame of a schema registry's serializer for the schema id {schema}"
    return f"{begins}, and {_what(rest)} follows", _TEXT_SERIALIZER


def _what(rest: bytes) -> str:
    if begins_json(rest):
        return "JSON"
    # Protobuf has the message's place in its schema in between: 00, or twice how many numbers follow, and these.
    count, at = varint(rest, 0)
    for _ in range(min(count // 2, _MOST_NUMBERS)):
        _, at = varint(rest, at)
    return "Protobuf" if is_protobuf(rest[at:]) else "Avro"


_MOST_FIELDS: Final = 200
"""So many fields of Protobuf are read; bytes that are something else are found out by the first few."""


def varint(value: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, the lowest first, and where it ends; -1 where there is none of up to 64 bits."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(value):
            break
        number |= (value[at] & 0x7F) << shift
        at += 1
        if value[at - 1] < 0x80:
            return number, at
    return -1, len(value) + 1


def is_protobuf(value: bytes) -> bool:
    """Whether the bytes are fields of Protobuf, as far as they are read, at least one of them with a length."""
    at, texts = 0, 0
    for _ in range(_MOST_FIELDS):
        if at >= len(value):
            break
        tag, at = varint(value, at)
        kind, field = tag & 7, tag >> 3
        if tag < 0 or not 0 < field < 1 << 29 or kind not in (0, 1, 2, 5):
            return False
        if kind == 0:
            at = varint(value, at)[1]
        elif kind == 2:
            length, at = varint(value, at)
            if length < 0:
                return False
            at, texts = at + length, texts + 1
        else:
            at += 8 if kind == 1 else 4
    return at <= len(value) and texts > 0
