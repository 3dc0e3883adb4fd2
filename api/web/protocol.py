"""uvicorn's HTTP connection, except for two things.

The head and the body of an answer are sent by one system call. uvicorn writes the head and then the body, and uvloop
sends each write at once. That makes two system calls and two packets an answer, and the client's process wakes up
twice. Without `GatheringTransport` an answer by the direct way takes 1.18 to 1.35 times the processor time
(docs/performance.md).

What cannot be read as HTTP is answered like every other error, as `application/problem+json`. uvicorn answers it by
itself, in plain text, before the application hears of it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.web import middleware, problems


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

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP request with a 400, and close the connection. uvicorn calls it.

        A client takes the next answer for that of its oldest request without one. So while earlier requests of this
        connection wait for theirs, the connection ends after the last of these, without a 400; and it ends at once when
        the answer to the malformed request has begun already.
        """
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:  # the head was good, the body is not
            if cycle.response_started:
                self.transport.close()
                return
        elif cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            return
        request_id = middleware.record_malformed(self.headers or [])
        response = problems.malformed().response()
        head = [*response.raw_headers, (b"x-request-id", request_id.encode()), (b"connection", b"close")]
        lines = [STATUS_LINE[response.status_code], *(b"%b: %b\r\n" % header for header in head), b"\r\n"]
        if self.parser.get_method() != b"HEAD":
            lines.append(bytes(response.body))
        self.transport.write(b"".join(lines))
        self.transport.close()
