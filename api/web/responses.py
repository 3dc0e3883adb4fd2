"""Answers with data: their bodies and headers, and the models that describe them in OpenAPI.

A body is written from whole numbers, never from a float: 245226760000 millionths become `{"total": 245226.76}`. So an
answer is as exact as the sums in MongoDB.
"""

import re
from hashlib import blake2b
from typing import Final, NamedTuple

from fastapi import Request, Response
from pydantic import BaseModel, Field

from api import headers
from api.web.problem_types import UNKNOWN_PRODUCT
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS

_CONTENT_TYPE: Final = (b"content-type", b"application/json")
_VARY: Final = (b"vary", b"accept")
_CACHE_CONTROL: Final = (b"cache-control", b"private, no-cache")
_TAGS: Final = re.compile(r'(?<![^,\s])(?:W/)?"[^"\s]*"')
"""Finds the entity tags in a list of them: `"a", W/"b"` are `"a"` and `W/"b"`."""


class TotalSales(BaseModel):
    """Sales of the last hour."""

    total: float = Field(description="Sum of the amounts: an exact decimal number, without exponent.", examples=[3000])


class AverageRating(BaseModel):
    """The average rating over all time."""

    average_rating: float | None = Field(
        ge=0, le=5, description="Rounded half-even to two decimals; null without ratings.", examples=[4.5]
    )


class ProblemDetails(BaseModel):
    """An error after RFC 9457."""

    type: str = Field(
        description="The kind of error, a URI that stays the same; docs/problems.md explains each.",
        examples=[UNKNOWN_PRODUCT.uri],
    )
    title: str = Field(description="The status, in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, for a person.")
    message: str = Field(description="The same as `detail`.")


def total_sales(millionths: int) -> bytes:
    """The body that answers with a sum of amounts. It is given in millionths of the currency unit, 0 or more."""
    return b'{"total": %b}' % decimal_text(millionths, AMOUNT_DECIMALS).encode()


def average_rating(hundredths: int | None) -> bytes:
    """The body that answers with an average rating. It is given in hundredths; None means that nobody rated yet."""
    average = "null" if hundredths is None else decimal_text(hundredths, RATING_DECIMALS)
    return b'{"average_rating": %b}' % average.encode()


def decimal_text(units: int, decimals: int) -> str:
    """Divide `units`, 0 or more, by ten to the power of `decimals`, and write the exact result without an exponent.

    The text has no trailing zeros: 4500000 units with 6 decimals are `4.5`, 3000000 are `3`.
    """
    whole, fraction = divmod(units, 10**decimals)
    return f"{whole}.{fraction:0{decimals}d}".rstrip("0") if fraction else str(whole)


class _Encoded(Response):
    """A response whose headers are given as ASGI sends them.

    Starlette's own constructor encodes and completes a mapping of headers, which costs more processor time than the
    rest of the response.
    """

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None


class Form(NamedTuple):
    """The form of a body: the headers that describe it, and those that a 304 has too."""

    content: tuple[tuple[bytes, bytes], ...]
    always: tuple[tuple[bytes, bytes], ...] = ()


JSON: Final = Form((_CONTENT_TYPE,))
"""Of a route that answers with JSON whatever the request accepts."""
JSON_OR_CSV: Final = Form((_CONTENT_TYPE,), (_VARY,))
"""JSON of a route that could have answered with CSV."""


def csv(name: str) -> Form:
    """A table as CSV, which a browser saves as a file called `name`, a plain word, with `.csv` after it."""
    disposition = f'attachment; filename="{name}.csv"'.encode()
    return Form(((b"content-type", b"text/csv; charset=utf-8"), (b"content-disposition", disposition)), (_VARY,))


def answer(
    request: Request, body: bytes, as_of: str | None, *, window: str | None = None, form: Form = JSON
) -> Response:
    """Answer 200 with `body`, or 304 without it when `If-None-Match` names the body's entity tag.

    The tag is a hash of the body alone, so all instances and versions of the API agree on it. `as_of` is the time up to
    which the answer is complete, RFC 3339; None, when it is unknown, leaves the header `Data-As-Of` out. `window` is
    the span of time that the body sums up, an interval of ISO 8601, for the header `Data-Window`.
    """
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    described = [(b"etag", tag.encode()), _CACHE_CONTROL, *form.always]
    if as_of is not None:
        described.append((b"data-as-of", as_of.encode()))
    if window is not None:
        described.append((b"data-window", window.encode()))
    conditions = headers.values(request.scope, b"if-none-match")
    if conditions and _names(conditions, tag):
        return _Encoded(304, described, b"")
    return _Encoded(200, [*described, *form.content, (b"content-length", b"%d" % len(body))], body)


def _names(conditions: list[str], tag: str) -> bool:
    """Whether the values of `If-None-Match` name this tag (RFC 9110, section 13.1.2).

    They do by `*`, or by listing the tag itself. The comparison is weak: `W/"x"` is as good as `"x"`.
    """
    condition = ",".join(conditions).strip()
    return condition == "*" or tag in (each.removeprefix("W/") for each in _TAGS.findall(condition))
