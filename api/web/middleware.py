"""What every request passes first and every answer last.

A request gets its id here. Its answer gets the header with that id, a line in the log and a measurement; if the service
raised an exception that nobody expected, or the end of the process cut the request off, the answer itself is made here.
"""

import asyncio
import random
import re
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.web.health import Health
from api.web.problems import internal_fault, unavailable
from shared import logs, reporting

log = logs.logger(__name__)

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""The ids of callers that are safe to log."""
_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Routes that machines ask for every few seconds. Their lines in the log have the level debug."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods that metrics and log name. All others are "other": callers may invent any number of them."""


class RequestMiddleware:
    """An ASGI application around `app`. It answers HEAD as `app` answers GET, but without the body.

    It is written in ASGI itself, because Starlette's `BaseHTTPMiddleware` runs a task for each request.
    """

    def __init__(self, app: ASGIApp, health: Health) -> None:
        self._app = app
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Other kinds of connections pass through.

        Raises what `app` raised if a part of the answer was sent by then: the server then closes the connection, and
        only that shows the client that the rest is missing.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, closing=self._health.draining)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(inner, receive, exchange.send)
        except asyncio.CancelledError:
            # The server cancels what is still in flight when the time to drain is over: MongoDB has not answered.
            if exchange.status:
                raise
            await unavailable().response()(inner, receive, exchange.send)
        except Exception as error:
            try:
                if not exchange.status:
                    await internal_fault().response()(inner, receive, exchange.send)
            finally:
                # After the answer, which must not depend on whether this works.
                log.error("a request failed", request_id=exchange.request_id, route=_template(inner), exc_info=error)
                reporting.notify(error)
            if not exchange.complete:
                raise
        finally:
            exchange.record(_template(inner))


class _Exchange:
    """One request and its answer. `closing` means that the instance is ending: the answer ends its connection."""

    def __init__(self, scope: Scope, send: Send, *, closing: bool) -> None:
        self._started = time.perf_counter()
        self._send = send
        self._closing = closing
        self._method: str = scope["method"]
        self.request_id = _request_id(scope["headers"])
        self.status = 0
        """Of the answer; 0 before it has begun."""
        self.complete = False
        """Whether the whole answer was sent."""

    async def send(self, message: Message) -> None:
        """Pass one ASGI message of the answer on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"].append((b"x-request-id", self.request_id.encode()))
            if self._closing:
                # The keepalive connection ends here, between two requests, and not later in the middle of one.
                message["headers"].append((b"connection", b"close"))
        else:
            if self._method == "HEAD":
                message = {**message, "body": b""}
            self.complete = "more_body" not in message or not message["more_body"]
        await self._send(message)

    def record(self, route: str) -> None:
        """Measure and log the request, once it was answered or failed.

        The log has the route as the code writes it, never the address or a header, which may hold private data.
        """
        took = time.perf_counter() - self._started
        method = self._method if self._method in _METHODS else "other"
        _record(route, method, self.status, self.request_id, took)


def record_malformed(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Measure and log a request that the HTTP server could not read, so that it never comes to the middleware.

    `headers` are those that were read before. Returns the id of the request, for its answer.
    """
    request_id = _request_id(headers)
    _record("none", "other", HTTPStatus.BAD_REQUEST, request_id, 0.0)
    return request_id


def _record(route: str, method: str, status: int, request_id: str, took: float) -> None:
    metrics.request_observer(route, method, status)(took)
    write = log.debug if route in _QUIET else log.info
    write("request", request_id=request_id, method=method, route=route, status=status, ms=round(took * 1000, 2))


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The `X-Request-Id` that the caller sent if it is safe to log, else a new one of 16 hexadecimal digits."""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: str = value.decode()
            return given
    return f"{random.getrandbits(64):016x}"  # not a secret, so it need not be unpredictable


def _template(scope: Scope) -> str:
    """The path of the route as the code writes it, `/api/product/sale/{product_id}`, or "none" for an unknown address.

    A label of metrics may have few values, and callers may ask for any number of addresses.
    """
    template: str = getattr(scope.get("route"), "path_format", "none")
    return template
