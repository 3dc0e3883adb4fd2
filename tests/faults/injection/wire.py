"""MongoDB's wire protocol, as much as a proxy has to know: a message's end, what it answers, its command."""

import asyncio
import struct
from typing import NamedTuple

HEADER = struct.Struct("<iiii")
OP_MSG = 2013
# After the header: flags, the kind of the first section, the length of its document, the type of its first element.
COMMAND_NAME_AT = HEADER.size + 4 + 1 + 4 + 1


class WireMessage(NamedTuple):
    """One message as it is on the wire. `command` is empty for replies to nothing known and for the old handshake."""

    data: bytes
    request_id: int
    response_to: int
    command: str


async def read_message(reader: asyncio.StreamReader) -> WireMessage:
    """The next whole message. Raises asyncio.IncompleteReadError at the end of the stream, OSError when it breaks."""
    header = await reader.readexactly(HEADER.size)
    length, request_id, response_to, operation = HEADER.unpack(header)
    data = header + await reader.readexactly(length - HEADER.size)
    command = ""
    if operation == OP_MSG:
        command = data[COMMAND_NAME_AT : data.index(0, COMMAND_NAME_AT)].decode()
    return WireMessage(data, request_id, response_to, command)
