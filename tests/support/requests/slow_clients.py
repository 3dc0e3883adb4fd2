"""Many clients that connect and then hardly send anything, as in a denial of service; all in one thread."""

import resource
import selectors
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

BEGINNINGS = (
    b"",
    b"GET /api/product/sale HTTP/1.1\r\nHost: x\r\nX-A: ",
    b"GET /api/product/sale HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
)
"""What a client sends after the handshake: nothing, half a request's head, or a head that promises a body."""


class SlowClients:
    """`count` clients of one port, connected while the block runs.

    They stop at `stages` by turns: at what they have sent, or, for None, before the TLS handshake. All their operations
    run in one thread that does nothing else: OpenSSL queues errors by thread, and Python may leave one in the queue, so
    that a connection which the server closed would break the thread's next operation on another connection
    (python/cpython#148594).
    """

    def __init__(self, port: int, count: int, stages: Sequence[bytes | None] = (*BEGINNINGS, None)) -> None:
        self._stages = stages
        self._address = ("127.0.0.1", port)
        self._count = count
        self._sockets: list[socket.socket] = []
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        # A process may usually open 1024 files, about as many as there are clients.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        try:
            self._thread.submit(self._connect).result()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, error: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def speak(self) -> None:
        """Send one more byte from each client, so that none is silent for long."""
        self._thread.submit(self._speak).result()

    def wait_closed(self, seconds: float) -> int:
        """Wait until the server has closed every connection, at most `seconds`. Returns how many are still open."""
        return self._thread.submit(self._wait_closed, seconds).result()

    def _connect(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for number in range(self._count):
            client = socket.create_connection(self._address, timeout=10)
            stage = self._stages[number % len(self._stages)]
            if stage is not None:
                client = context.wrap_socket(client)
            self._sockets.append(client)
            if stage is not None:
                client.sendall(stage)

    def _close(self) -> None:
        self._thread.shutdown()
        for one in self._sockets:
            one.close()

    def _speak(self) -> None:
        for one in self._open():
            try:
                one.send(b"x")
            except OSError:
                continue

    def _open(self) -> Sequence[socket.socket]:
        return [one for one in self._sockets if one.fileno() != -1]

    def _wait_closed(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for one in self._open():
                one.setblocking(False)
                selector.register(one, selectors.EVENT_READ)
            while selector.get_map() and (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if _ended(key.fileobj):
                        selector.unregister(key.fileobj)
            return len(selector.get_map())


def _ended(one: object) -> bool:
    """Whether the server has closed this connection."""
    assert isinstance(one, socket.socket)
    try:
        return not one.recv(4096)
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    except OSError:
        return True
