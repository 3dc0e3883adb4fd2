"""uvicorn's HTTP connection, except that the head and the body of an answer are sent by one system call.

uvicorn writes the head and then the body, and uvloop sends each write at once. That makes two system calls and two
packets an answer, and the client's process wakes up twice. Without this module an answer by the direct way takes 1.18
to 1.35 times the processor time (docs/performance.md).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class GatheringTransport(asyncio.Transport):
    """A transport that joins the writes of one round of the event loop, and sends them at the end of that round.

    It has the methods that uvicorn's `HttpToolsProtocol` calls as long as WebSockets are off (api/server.py). When a
    client reads slowly, uvloop calls `pause_writing` of the protocol, and nothing of this class.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: Any) -> None:
        """Hold these bytes until the end of the round. Does not block."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def _flush(self) -> None:
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """Send what is held, then close the connection."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to close."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read no more from the client until `resume_reading`."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read from the client again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What uvloop knows of the connection by this name, such as `peername`."""
        return self._transport.get_extra_info(name, default)


class Protocol(HttpToolsProtocol):
    """One connection of a client, as uvicorn handles it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to handle the connection. uvloop calls it once."""
        super().connection_made(GatheringTransport(transport, self.loop))
