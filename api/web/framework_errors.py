"""Makes FastAPI answer its own errors as every error is answered (api/web/problems.py)."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.web.problem_types import MALFORMED, untyped
from api.web.problems import EXPECTED, METHODS, Problem, internal_fault, method_not_allowed, nothing_here, problem_of


def install(app: FastAPI) -> None:
    """Make FastAPI answer with a Problem whatever it or a route of its own raises. Direct routes need no help here."""
    for expected in EXPECTED:
        app.add_exception_handler(expected, _expected)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    # Starlette would answer this in plain text. It raises the exception again, for RequestMiddleware to log.
    app.add_exception_handler(Exception, _fault)


def _expected(request: Request, error: Any) -> Response:
    return problem_of(error).response()


def _http_exception(request: Request, error: Any) -> Response:
    """Answer an HTTPException, which Starlette's router raises for an unknown address or method.

    OPTIONS reaches it too, as a method that no route has: it is answered here, with the methods in `Allow`.
    """
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": METHODS, "Cache-Control": "no-store"})
        return allowed if request.method == "OPTIONS" else method_not_allowed().response()
    if status is HTTPStatus.NOT_FOUND:
        return nothing_here().response()
    return Problem(untyped(status), status.phrase, error.headers).response()


async def _fault(request: Request, error: Exception) -> Response:
    return internal_fault().response()


def _invalid_request(request: Request, error: Exception) -> Response:
    return Problem(MALFORMED, "The request is not one that this address takes").response()
