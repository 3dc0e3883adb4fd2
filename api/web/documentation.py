"""What the OpenAPI document says of the routes: each status with its headers and an example.

The examples of errors are made by the functions that make the errors (api/web/problems.py), so they are true.
FastAPI adds paths, parameters and descriptions from the endpoints.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.web import problem_types as types
from api.web import problems, query
from api.web.parameter import Parameter
from api.web.problem_types import ProblemType
from api.web.problems import Problem
from api.web.responses import ProblemDetails

TITLE: Final = "Product analytics"
VERSION: Final = "1.2.0"
"""The version of the product, as in pyproject.toml. Raise it with every change of the document; raise the first number
when clients have to change too."""
DESCRIPTION: Final = """
Sales and ratings of products, from the events that have been counted so far.

- Numbers are exact. Read them as decimals where that matters: an amount may have more digits than a float holds.
- A window of 15m, 1h or 24h begins at most so long before the present second; one of 7d or 30d begins with the full
  hour (UTC) that holds that moment. `Data-Window` says from when to when an answer sums up.
- `Data-As-Of` (RFC 3339, UTC): all events that Kafka held then are counted. It stands still while events wait, such as
  behind an open Kafka transaction, and is absent when unknown.
- Answers carry an `ETag`; a request with `If-None-Match` gets 304 while nothing has changed.
- Every error is `application/problem+json` (RFC 9457), whose `type` tells its kind: docs/problems.md explains each.
- Every answer has an `X-Request-Id`, made by the load balancer whatever the request says, and its `RateLimit-Policy`.
- HEAD answers as GET does, without the body; OPTIONS tells the methods. A body in a request is ignored.
- Answers are JSON. Addresses with `format` answer with CSV too, where `format` or `Accept` says so; the others are JSON
  whatever `Accept` says. Answers are never compressed, being shorter than a few packets.
- Each value has one spelling: a product is `3`, and never `03`, `+3` or `3.0`. A query parameter that is unknown, given
  twice, empty or malformed is refused (400), and so is a cache buster such as `?_=1780315198500`: `ETag` and
  `Cache-Control` do its work.
"""
SERVERS: Final[list[dict[str, Any]]] = [
    {"url": "/", "description": "The host that this document comes from."},
    {
        "url": "https://{host}",
        "description": "Any load balancer of this system.",
        "variables": {"host": {"default": "127.0.0.1:8443", "description": "Its name and port."}},
    },
]
TAGS: Final = {
    "sales": "Sums of sales: of a product, of several, of all; over a window, and over time. Scope `sales:read`.",
    "ratings": "Ratings of a product: their average, their distribution, and how they went. Scope `ratings:read`.",
    "series": "Sales and ratings as curves, in buckets of a zone's calendar. The scope of what is drawn.",
    "products": "Which products there are: one by its id, some by their name, the first of all.",
}
"""The headings under which OpenAPI lists the routes (`Resource`), with what is under each."""

_TEXT: Final = {"type": "string"}
_HEADERS: Final[dict[str, Any]] = {
    "X-Request-Id": {"description": "Names this request in the logs.", "schema": _TEXT, "example": "6f1ab6c2d94f3e70"},
}
_DATA_HEADERS: Final[dict[str, Any]] = {
    **_HEADERS,
    "ETag": {"description": "Entity tag of the body.", "schema": _TEXT, "example": '"d0163128b0abb5b7da722db5"'},
    "Cache-Control": {
        "description": "A browser may keep the answer, and asks each time.",
        "schema": _TEXT,
        "example": "private, no-cache",
    },
    "Data-As-Of": {
        "description": "All events that Kafka held until then are counted; absent when unknown.",
        "schema": {"type": "string", "format": "date-time"},
        "example": "2026-06-01T11:59:58.500Z",
    },
}
_WINDOW_HEADER: Final[dict[str, Any]] = {
    "Data-Window": {
        "description": "From when to when the answer sums up, an interval of ISO 8601; of answers over a window.",
        "schema": _TEXT,
        "example": "2026-06-01T10:59:59Z/2026-06-01T11:59:59Z",
    },
}
_VARY_HEADER: Final[dict[str, Any]] = {
    "Vary": {"description": "The answer depends on this header of the request.", "schema": _TEXT, "example": "accept"},
}
_FILE_HEADER: Final[dict[str, Any]] = {
    "Content-Disposition": {
        "description": "Of CSV only: the name of the file that a browser saves.",
        "schema": _TEXT,
        "example": 'attachment; filename="series.csv"',
    },
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Entity tags of answers that the client has, or `*`: 304 if one of them is the present answer.",
    "schema": _TEXT,
    "example": '"d0163128b0abb5b7da722db5"',
}

AT_THE_EDGE: Final = {
    types.BODY_TOO_LARGE: "The request's body is too large",
    types.ADDRESS_TOO_LONG: "The request's address is too long",
    types.TOO_MANY: "Too many requests with this token or from this address; try again in a second, "
    "and keep to RateLimit-Policy",
    types.HEADERS_TOO_LARGE: "The request's headers are too large",
    types.NO_INSTANCE: "No instance of the API could be reached; try again in a few seconds",
    types.NO_ANSWER: "The API did not answer in time; try again in a few seconds",
}
"""The errors that the load balancer answers by itself, with the texts of nginx.conf."""
_EDGE_HEADERS: Final[dict[ProblemType, dict[str, str]]] = {
    types.TOO_MANY: {
        "Retry-After": "1",
        "RateLimit": '"token";r=0;t=1, "address";r=0;t=1',
        "RateLimit-Policy": '"token";q=5000;w=1, "address";q=10000;w=1',
    },
    types.NO_INSTANCE: {"Retry-After": "2"},
    types.NO_ANSWER: {"Retry-After": "2"},
}
_OF_FASTAPI: Final = "Validation Error"
"""FastAPI's description of its own 422."""

Answers = dict[int | str, dict[str, Any]]


def answers(
    model: Any,
    example: Any,
    scopes: Sequence[str],
    parameters: Sequence[Parameter[Any]],
    *,
    any_of: bool,
    of_product: bool,
    windowed: bool,
    examples: Mapping[str, Any] | None = None,
    csv_example: str | None = None,
    others: Sequence[Problem] = (),
) -> Answers:
    """The `responses` that FastAPI documents for a route.

    `model` describes the body of a 200 and `example` is one; `examples` are others, by the queries that get them. A
    token needs all `scopes`, or `any_of` them; `parameters` are those that the query takes. `of_product` says that the
    path names a product, which may be unknown: then 404 is among the answers. `windowed` says that the answer has
    `Data-Window`. `csv_example` is the body as CSV, if the route can answer with it. `others` are errors that this
    route alone answers.
    """
    of_data = _DATA_HEADERS | (_WINDOW_HEADER if windowed else {}) | (_VARY_HEADER if csv_example is not None else {})
    documented: Answers = {
        200: {
            "model": model,
            "description": "The answer.",
            "headers": of_data,
            "content": {"application/json": _examples(example, examples)},
        },
        304: {"description": "The request's `If-None-Match` names the present answer.", "headers": of_data},
        400: _problem(query.QueryReader(parameters).unknown("_=1780315198500")),
        401: _problem(problems.no_token(given=True)),
        403: _problem(problems.no_scope_of(*scopes) if any_of else problems.scope_missing(*scopes)),
        404: _problem(problems.no_product("5")),
        405: _problem(problems.method_not_allowed()),
        500: _problem(problems.internal_fault()),
        503: _problem(problems.unavailable()),
    }
    if csv_example is not None:
        documented[200]["content"]["text/csv"] = {"schema": _TEXT, "example": csv_example}
        documented[200]["headers"] = of_data | _FILE_HEADER
    if not of_product:
        del documented[404]
    documented |= {problem.status.value: _problem(problem) for problem in others}
    return dict(
        sorted(
            (
                documented
                | {
                    kind.status.value: _problem(Problem(kind, text, _EDGE_HEADERS.get(kind)))
                    for kind, text in AT_THE_EDGE.items()
                }
            ).items()
        )
    )


def _examples(example: Any, others: Mapping[str, Any] | None) -> dict[str, Any]:
    """Examples of a body, as OpenAPI has them: one by itself, several by names, which are the queries that get them."""
    if not others:
        return {"example": example}
    named = {query: {"summary": f"With `?{query}`", "value": value} for query, value in others.items()}
    return {"examples": {"plain": {"summary": "Without a query", "value": example}, **named}}


def correct(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Change FastAPI's OpenAPI document, in place, where it does not say what the service does.

    FastAPI documents a 422 of its own for every route with parameters, which no route here answers. It does not know
    that every route with data takes `If-None-Match`, nor the schema of errors. And it leaves each null out of examples,
    so they are taken from the `routes` again.
    """
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            described = document["paths"][route.path]["get"]["responses"]["200"]["content"]["application/json"]
            described |= route.responses[HTTPStatus.OK]["content"]["application/json"]
    for path in document["paths"].values():
        for operation in path.values():
            if operation["responses"].get("422", {}).get("description") == _OF_FASTAPI:
                del operation["responses"]["422"]
            operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
    used = {tag for path in document["paths"].values() for operation in path.values() for tag in operation["tags"]}
    document["tags"] = [{"name": tag, "description": text} for tag, text in TAGS.items() if tag in used]
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas[ProblemDetails.__name__] = ProblemDetails.model_json_schema()


def _problem(problem: Problem) -> dict[str, Any]:
    """The documentation of one error, with the body and the headers that the service sends."""
    headers = {"Cache-Control": "no-store", **(problem.headers or {})}
    named = {name: {"schema": _TEXT, "example": value} for name, value in headers.items()}
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
