"""CORS: which pages of other origins may read answers (`CORS_ORIGINS`), as Starlette does it, except for refusals.

Starlette refuses a preflight request in plain text. Here a refusal is `application/problem+json`, as every error is.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from fastapi import Response
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.web.problem_types import CROSS_ORIGIN
from api.web.problems import Problem

METHODS: Final = ("GET", "HEAD")
_OF_CLIENTS: Final = (
    "Authorization", "Cache-Control", "Expires", "If-Modified-Since", "If-None-Match", "Pragma", "User-Agent",
    "X-Correlation-Id", "X-CSRF-Token", "X-Request-Id", "X-Requested-With", "X-Socket-Id", "X-XSRF-Token",
)  # fmt: skip
"""What libraries of pages send, some with every request: axios, jQuery, Angular, Laravel's bootstrap and Echo."""
_OF_TRACING: Final = (
    "Baggage", "Traceparent", "Tracestate", "Sentry-Trace", "B3", "X-B3-Flags", "X-B3-ParentSpanId", "X-B3-Sampled",
    "X-B3-SpanId", "X-B3-TraceId", "Request-Context", "Request-Id", "X-Datadog-Origin", "X-Datadog-Parent-Id",
    "X-Datadog-Sampling-Priority", "X-Datadog-Trace-Id", "X-Amzn-Trace-Id", "Elastic-Apm-Traceparent", "Newrelic",
    "Uber-Trace-Id",
)  # fmt: skip
"""What browser agents of tracing products add to each request."""
SENT: Final = (*_OF_CLIENTS, *_OF_TRACING)
"""Headers that a page may send, beside those that it may send anyway (`Accept`, `Accept-Language`, `Content-Language`,
`Content-Type`). The API reads three of them and ignores the others, so none can do harm. Cookies are not among them: a
page sends its token in a header, and the browser adds nothing by itself."""
EXPOSED: Final = (
    "Data-As-Of", "Data-Window", "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id",
)  # fmt: skip
"""Headers of answers that a page may read."""


class Cors(CORSMiddleware):
    """An ASGI application around `app`, whose answers pages of `origins` may read."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(app, origins, allow_methods=METHODS, allow_headers=SENT, expose_headers=EXPOSED)

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a browser learns that asks whether a page may send a request. Starlette calls it."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return answer
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return Problem(
            CROSS_ORIGIN,
            f"{bytes(answer.body).decode()}. Pages of the origins in CORS_ORIGINS may send "
            f"{' and '.join(METHODS)}, with the headers {', '.join(SENT)}",
            kept,
        ).response()
