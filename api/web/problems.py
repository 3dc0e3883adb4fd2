"""Errors as answers: `application/problem+json` after RFC 9457, with the extra member `message`."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.errors import SchemaNewer, StoreUnavailable

MEDIA_TYPE: Final = "application/problem+json"
METHODS: Final = "GET, HEAD, OPTIONS"
"""What every address answers. HEAD is GET without its body, OPTIONS tells these."""
REALM: Final = 'Bearer realm="product-analytics"'
RETRY_SECONDS: Final = 2

_ID_SHOWN: Final = 128


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers

    def members(self) -> dict[str, str | int]:
        """The body, as an object."""
        return {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.message,
            "message": self.message,
        }

    def response(self) -> Response:
        """The answer."""
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return Response(json.dumps(self.members()).encode(), self.status.value, headers, MEDIA_TYPE)


def no_product(product_id: str) -> Problem:
    """404: there is no such product, or none can have this id."""
    shown = product_id if len(product_id) <= _ID_SHOWN else product_id[:_ID_SHOWN] + "…"
    return Problem(HTTPStatus.NOT_FOUND, f"No product with id {shown} was found")


def no_token(*, given: bool) -> Problem:
    """401: the same body whatever is wrong; after RFC 6750 the challenge names an error if a token was given."""
    challenge = f'{REALM}, error="invalid_token"' if given else REALM
    return Problem(HTTPStatus.UNAUTHORIZED, "A valid bearer token is needed", {"WWW-Authenticate": challenge})


def out_of_scope(message: str, scope: str) -> Problem:
    """403: the token is valid but not for this."""
    challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
    return Problem(HTTPStatus.FORBIDDEN, message, {"WWW-Authenticate": challenge})


def lacking(scope: str) -> Problem:
    """403: the token has other scopes."""
    return out_of_scope(f"The token lacks the scope {scope}", scope)


def elsewhere() -> Problem:
    """403: the token is valid, but for other networks than the client's."""
    challenge = f'{REALM}, error="insufficient_scope"'
    message = "The token is not for use from this address"
    return Problem(HTTPStatus.FORBIDDEN, message, {"WWW-Authenticate": challenge})


def method_not_allowed() -> Problem:
    """405. HEAD is answered wherever GET is, and nothing else is but OPTIONS."""
    return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "This address answers GET and HEAD only", {"Allow": METHODS})


def unavailable() -> Problem:
    """503: MongoDB does not answer."""
    message = "The data cannot be read at the moment, try again shortly"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": str(RETRY_SECONDS)})


def too_new() -> Problem:
    """503: a newer version has changed what is stored; `/readyz` and the log of that version tell more."""
    message = "The data belong to a newer version of this service than this instance"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": str(RETRY_SECONDS)})


def broken() -> Problem:
    """500: a fault of this service. Says nothing about it; the log has it under the request's id."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "This request met a fault of the service, which was logged")


EXPECTED: Final = (Problem, StoreUnavailable, SchemaNewer)
"""What routes raise."""


def of(error: Problem | StoreUnavailable | SchemaNewer) -> Problem:
    """How an exception of a route is answered."""
    if isinstance(error, Problem):
        return error
    return too_new() if isinstance(error, SchemaNewer) else unavailable()


def install(app: FastAPI) -> None:
    """Answer every exception of the framework and of the routes with a problem."""
    for expected in EXPECTED:
        app.add_exception_handler(expected, _expected)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)


def _expected(request: Request, error: Any) -> Response:
    return of(error).response()


def _http_exception(request: Request, error: Any) -> Response:
    """What the framework itself raises, HTTPException: unknown routes and methods."""
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": METHODS, "Cache-Control": "no-store"})
        return allowed if request.method == "OPTIONS" else method_not_allowed().response()
    message = "There is nothing at this address" if status is HTTPStatus.NOT_FOUND else status.phrase
    return Problem(status, message, error.headers).response()


def _invalid_request(request: Request, error: Exception) -> Response:
    return Problem(HTTPStatus.BAD_REQUEST, "The request is not one that this address takes").response()
