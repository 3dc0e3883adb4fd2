"""Decides between JSON and CSV, for routes that answer with a table, by `format` and by `Accept` (RFC 9110, 12.5.1).

JSON is what a client gets that does not ask: without `Accept`, with `*/*`, or with types that no route has.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from fastapi import Request, Response
from starlette.types import Scope

from api import headers
from api.web.parameters import Choice
from api.web.query import Query
from api.web.responses import JSON_OR_CSV, answer, csv


class Format(StrEnum):
    """The forms of a table."""

    JSON = "json"
    CSV = "csv"


FORMAT: Final = Choice(
    "format",
    Format,
    description="The form of the answer. Without it, `Accept` decides, and JSON is what a request gets that asks for "
    "neither.",
    example="csv",
)
"""List it among the parameters of every route that answers with a table."""

_JSON_RANGES: Final = ("application/json", "application/*", "*/*")
_CSV_RANGES: Final = ("text/csv", "text/*", "*/*")
"""The media ranges that mean each form, the most specific first."""
_WEIGHT: Final = re.compile(r"\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.ASCII | re.IGNORECASE)


class _Wish(NamedTuple):
    """How much a client wants a form: its weight, then how exactly it named it."""

    weight: float
    exactness: int


def json_or_csv(
    http: Request,
    query: Query,
    name: str,
    as_json: Callable[[], bytes],
    as_csv: Callable[[], bytes],
    as_of: str | None,
    window: str | None = None,
) -> Response:
    """Answer with the body that the request wants, of the two that can be made. A browser saves CSV as `name`.csv.

    `as_of` and `window` are as in `answer`.
    """
    if wants_csv(http.scope, query):
        return answer(http, as_csv(), as_of, window=window, form=csv(name))
    return answer(http, as_json(), as_of, window=window, form=JSON_OR_CSV)


def wants_csv(scope: Scope, query: Query) -> bool:
    """Whether the answer to the request of `scope` is to be CSV. `format` in its query decides before `Accept`."""
    form = query.get(FORMAT)
    if form is not None:
        return form is Format.CSV
    accepted = headers.values(scope, b"accept")
    return bool(accepted) and accepted != ["*/*"] and _prefers_csv(",".join(accepted))


def _prefers_csv(accept: str) -> bool:
    """Whether the value of `Accept` prefers CSV: by its weight, and where both have the same, by the exacter name.

    So `text/csv, */*` is CSV, although `*/*` weighs as much, and `text/csv, application/json` is JSON.
    """
    weights: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = part.split(";")
        weight = _weight(parameters)
        if weight is not None:
            weights[name.strip().lower()] = weight
    as_csv, as_json = _wish(_CSV_RANGES, weights), _wish(_JSON_RANGES, weights)
    return as_csv.weight > 0 and as_csv > as_json


def _weight(parameters: list[str]) -> float | None:
    """The weight among the parameters of a media range, 1 without one; None for one that is malformed."""
    for parameter in parameters:
        if parameter.strip().lower().startswith("q="):
            found = _WEIGHT.fullmatch(parameter)
            return None if found is None else float(found[1])
    return 1.0


def _wish(ranges: tuple[str, ...], weights: dict[str, float]) -> _Wish:
    """What is said of a form by the most specific of its media ranges that the client named."""
    for exactness, name in zip((2, 1, 0), ranges, strict=True):
        if name in weights:
            return _Wish(weights[name], exactness)
    return _Wish(0.0, 0)
