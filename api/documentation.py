"""What OpenAPI says of the routes: every status with its headers and a true example."""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from api import problems
from api.problems import Problem
from api.responses import ProblemDetails

TITLE: Final = "Product analytics"
DESCRIPTION: Final = """
Sales of the last hour and average ratings of products, from the events that have been counted so far.

- Numbers are exact. Read them as decimals where that matters: `total` may have more digits than a float holds.
- The last hour is every sale whose second lies at most 3600 seconds before the present second.
- `Data-As-Of` (RFC 3339, UTC) says up to when everything is counted; it is absent when that is unknown.
- Answers carry an `ETag`; a request with `If-None-Match` gets 304 while nothing has changed.
- Every error is `application/problem+json` (RFC 9457). `X-Request-Id` is taken from the request or made, and sent back.
"""

_HEADERS: Final[dict[str, Any]] = {
    "X-Request-Id": {"description": "Names this request in the service's logs.", "schema": {"type": "string"}},
}
_DATA_HEADERS: Final[dict[str, Any]] = {
    **_HEADERS,
    "ETag": {"description": "Entity tag of the body.", "schema": {"type": "string"}},
    "Cache-Control": {"schema": {"type": "string"}},
    "Data-As-Of": {
        "description": "All that happened until then is counted; absent when unknown.",
        "schema": {"type": "string", "format": "date-time"},
    },
}

Answers = dict[int | str, dict[str, Any]]


def answers(model: type[BaseModel], example: dict[str, Any], *, scope: str, of_product: bool) -> Answers:
    """The `responses` of a route that answers with `model` to tokens with `scope`."""
    documented: Answers = {
        200: {
            "model": model,
            "description": "The answer.",
            "headers": _DATA_HEADERS,
            "content": {"application/json": {"example": example}},
        },
        304: {"description": "The request's `If-None-Match` names the present answer.", "headers": _DATA_HEADERS},
        400: _problem(Problem(HTTPStatus.BAD_REQUEST, "This address takes no query parameters")),
        401: _problem(problems.no_token(given=True)),
        403: _problem(problems.lacking(scope)),
        404: _problem(problems.no_product("5")),
        405: _problem(problems.method_not_allowed()),
        500: _problem(problems.broken()),
        503: _problem(problems.unavailable()),
    }
    if not of_product:
        del documented[404]
    return documented


def correct(document: dict[str, Any]) -> None:
    """Take the 422 that FastAPI adds to every route with a parameter out of its OpenAPI document: none answers it."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas[ProblemDetails.__name__] = ProblemDetails.model_json_schema()


def _problem(problem: Problem) -> dict[str, Any]:
    """One error: the body and the headers that the service itself would send."""
    named = {name: {"schema": {"type": "string"}, "example": value} for name, value in (problem.headers or {}).items()}
    return {
        "description": problem.message,
        "headers": {**_HEADERS, **named},
        "content": {
            problems.MEDIA_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"},
                "example": problem.members(),
            }
        },
    }
