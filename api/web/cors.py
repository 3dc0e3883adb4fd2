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

from api.web.problems import Problem

METHODS: Final = ("GET", "HEAD")
SENT: Final = ("Authorization", "If-None-Match", "X-Request-Id")
"""Headers that a page may send. Cookies are not among them: a page sends its token in a header, and the browser adds
nothing by itself."""
EXPOSED: Final = ("Data-As-Of", "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id")
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
            HTTPStatus.BAD_REQUEST,
            "A page may not send this request. Pages of the origins in CORS_ORIGINS may send "
            f"{' and '.join(METHODS)}, with the headers {', '.join(SENT)}",
            kept,
        ).response()
