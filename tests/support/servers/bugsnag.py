"""Receivers of error reports, in the place of Bugsnag's servers: one keeps the reports, one never answers."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """A receiver's address, and the bodies of the reports that it got, oldest first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.texts: list[str] = []

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The reports as JSON objects."""
        return [json.loads(text) for text in self.texts]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that accepts every report, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.texts.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent_receiver() -> Iterator[str]:
    """The address of a receiver that accepts connections and never answers, while the block runs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
