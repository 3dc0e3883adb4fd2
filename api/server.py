"""The HTTP server around the application, and the two steps in which it ends."""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from api.app import Application
from api.web.protocol import Protocol
from shared import logs
from shared.settings import ApiSettings

log = logs.logger(__name__)

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open. nginx closes its idle connections to the API after 30 s (nginx.conf), and
has to be the first: a request that nginx sends while the API closes the connection would be lost. Half of this would
leave nginx 7 s of lead; twice as long only keeps the connections of other clients open for longer."""


class Server(uvicorn.Server):
    """uvicorn's server, which ends in two steps.

    First the instance is not ready, but still answers, so that the load balancer sends its requests elsewhere. Then it
    takes no new connections and lets the requests in flight finish, for about `drain_seconds` from the signal on.
    """

    def __init__(self, app: Application, settings: ApiSettings) -> None:
        self._notice_seconds = min(1.0, settings.drain_seconds / 5)
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.api_host,
                port=settings.api_port,
                loop="uvloop",
                http=Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=max(1, round(settings.drain_seconds - self._notice_seconds)),
            )
        )
        self._health = app.health
        self._loop: asyncio.AbstractEventLoop | None = None
        """The event loop that serves requests, once the end has begun."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the orderly end at the first signal. A second Ctrl-C cuts off the requests in flight."""
        if self._loop is not None and sig == signal.SIGINT:
            self._loop.call_soon_threadsafe(self._cut_off)
        self.should_exit = True

    def _cut_off(self) -> None:
        """Cancel the requests in flight, which are answered 503. The end then goes on as if they had finished.

        MongoDB's driver may hold the process until its own deadline. uvicorn's `force_exit` would not change that: it
        waits for the connections too, and skips the application's end.
        """
        for task in self.server_state.tasks:
            task.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Make the instance unready, wait, then close. uvicorn calls this once a signal has come.

        The wait lets keepalive connections end with their next answer, before uvicorn closes those that remain.
        """
        self._loop = asyncio.get_running_loop()
        log.info("ending: not ready any more, requests in flight finish")
        self._health.drain()
        if self.server_state.connections:
            await asyncio.sleep(self._notice_seconds)
        await super().shutdown(sockets)
