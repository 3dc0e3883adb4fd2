"""All that is written to a connection within one round of the event loop is sent by one write."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from api.web.protocol import GatheringTransport

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Written(asyncio.Transport):
    """The transport of a socket; it records each write."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self._transport = transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()


class Connection:
    """Both ends of a connection. What a test writes into `gathering` arrives at `peer`."""

    def __init__(self, transport: asyncio.Transport, peer: socket.socket) -> None:
        self.written = Written(transport)
        self.gathering = GatheringTransport(self.written, asyncio.get_running_loop())
        self.peer = peer


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    with theirs:
        yield Connection(transport, theirs)
        transport.close()


async def test_head_and_body_are_one_write(connection: Connection) -> None:
    connection.gathering.write(b"head ")
    connection.gathering.write(b"body")
    assert connection.written.writes == []
    await asyncio.sleep(0)
    assert connection.written.writes == [b"head body"]
    connection.gathering.write(b" more")
    await asyncio.sleep(0)
    assert connection.written.writes == [b"head body", b" more"]


async def test_what_is_held_leaves_before_the_end(connection: Connection) -> None:
    connection.gathering.write(b"last words")
    connection.gathering.close()
    loop = asyncio.get_running_loop()
    assert await loop.sock_recv(connection.peer, 100) == b"last words"
    assert await loop.sock_recv(connection.peer, 100) == b""


async def test_nothing_is_written_to_a_connection_that_was_lost(connection: Connection) -> None:
    connection.gathering.write(b"too late")
    connection.written.close()
    await asyncio.sleep(0)
    assert connection.written.writes == []
