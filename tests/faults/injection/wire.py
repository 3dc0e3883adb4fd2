"""MongoDB's wire protocol, as far as the proxy must know it: where a message ends, what it answers, its command.

A message is a header of four little-endian int32 and a body. A command is an OP_MSG whose first section is a document,
and the command's name is the name of that document's first field:

    length | request id | response to | 2013 || flags: 4 bytes | kind: 1 | length: 4 | type: 1 | "insert\\0" ...
    |--------------- HEADER ----------------|                                                     ^ COMMAND_NAME_AT
"""

import asyncio
import struct
from typing import NamedTuple

HEADER = struct.Struct("<iiii")
OP_MSG = 2013
# The header, flags, the kind of the first section, the length of its document, the type of its first element.
COMMAND_NAME_AT = HEADER.size + 4 + 1 + 4 + 1


class WireMessage(NamedTuple):
    """One message, `data` being its bytes.

    `command` is the name of the first field, so of a request the command's. It is empty where the message is no OP_MSG,
    as in a connection's first handshake.
    """

    data: bytes
    request_id: int
    response_to: int
    command: str


async def read_message(reader: asyncio.StreamReader) -> WireMessage:
    """Read one whole message. Raises asyncio.IncompleteReadError when the stream ends, OSError when it breaks."""
    header = await reader.readexactly(HEADER.size)
    length, request_id, response_to, operation = HEADER.unpack(header)
    data = header + await reader.readexactly(length - HEADER.size)
    command = ""
    if operation == OP_MSG:
        command = data[COMMAND_NAME_AT : data.index(0, COMMAND_NAME_AT)].decode()
    return WireMessage(data, request_id, response_to, command)
