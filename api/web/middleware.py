"""Around every request: its id, its line in the log, its measurements, and an answer if the service fails."""

import random
import re
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.web.health import Health
from api.web.problems import broken
from shared import logs, reporting

log = logs.logger(__name__)

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines; logged at level debug."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMiddleware:
    """Pure ASGI, so that it costs little. Answers HEAD as GET without a body."""

    def __init__(self, app: ASGIApp, health: Health) -> None:
        self._app = app
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; other kinds of connections pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, closing=self._health.draining)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(inner, receive, exchange.send)
        except Exception as error:
            log.exception("a request failed", request_id=exchange.request_id, route=_template(inner))
            reporting.notify(error)
            if exchange.status:
                # Half an answer is out: closing the connection is all that tells the client.
                raise
            await broken().response()(inner, receive, exchange.send)
        finally:
            exchange.record(_template(inner))


class _Exchange:
    """One request and what becomes of it."""

    def __init__(self, scope: Scope, send: Send, *, closing: bool) -> None:
        self._started = time.perf_counter()
        self._send = send
        self._closing = closing
        self._method: str = scope["method"]
        self.request_id = _request_id(scope)
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass a message of the answer on, with what every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"].append((b"x-request-id", self.request_id.encode()))
            if self._closing:
                # Keepalive connections end here, between two requests, rather than when the process does.
                message["headers"].append((b"connection", b"close"))
        elif self._method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def record(self, route: str) -> None:
        """Measure and log it. Neither the address nor any header, which may hold what is private."""
        took = time.perf_counter() - self._started
        method = self._method if self._method in _METHODS else "other"
        metrics.request_took(route, method, self.status)(took)
        write = log.debug if route in _QUIET else log.info
        write(
            "request",
            request_id=self.request_id,
            method=method,
            route=route,
            status=self.status,
            ms=round(took * 1000, 2),
        )


def _request_id(scope: Scope) -> str:
    """The caller's id if it is safe to log, else one of our own."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: str = value.decode()
            return given
    return f"{random.getrandbits(64):016x}"  # tells requests apart, protects nothing


def _template(scope: Scope) -> str:
    """The route as it is written in the code, which has few values, unlike addresses."""
    template: str = getattr(scope.get("route"), "path_format", "none")
    return template
