"""The HTTP server around the application, and how it ends."""

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
"""Longer than nginx keeps an idle connection to an upstream (60 s), so that nginx is the one to close it: a request
that it sends on a connection just being closed here would be lost."""


class Server(uvicorn.Server):
    """Ends in two steps: first not ready but answering, then closed to new connections while requests finish."""

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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks for an orderly end, a second Ctrl-C for an immediate one."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Keepalive connections get time to end between two requests before the rest is closed."""
        log.info("ending: not ready any more, requests in flight finish")
        self._health.drain()
        if self.server_state.connections and not self.force_exit:
            await asyncio.sleep(self._notice_seconds)
        await super().shutdown(sockets)
