"""Bodies and headers of the answers, and the models that describe them in OpenAPI.

Bodies are built from whole numbers: a number of JSON is written as exactly as it was counted, never by way of float.
"""

import re
from hashlib import blake2b
from typing import Final

from fastapi import Request, Response
from pydantic import BaseModel, Field

from api import headers
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS

_CONTENT_TYPE: Final = (b"content-type", b"application/json")
_CACHE_CONTROL: Final = (b"cache-control", b"private, no-cache")
_TAGS: Final = re.compile(r'(?<![^,\s])(?:W/)?"[^"\s]*"')


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

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The status, in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, for a person.")
    message: str = Field(description="The same as `detail`.")


def total_sales(millionths: int) -> bytes:
    """Body of a sum of amounts."""
    return b'{"total": %b}' % plain(millionths, AMOUNT_DECIMALS).encode()


def average_rating(hundredths: int | None) -> bytes:
    """Body of an average."""
    average = "null" if hundredths is None else plain(hundredths, RATING_DECIMALS)
    return b'{"average_rating": %b}' % average.encode()


def plain(units: int, decimals: int) -> str:
    """`units` times ten to the minus `decimals` in plain notation, without trailing zeros. `units` is 0 or more."""
    whole, fraction = divmod(units, 10**decimals)
    return f"{whole}.{fraction:0{decimals}d}".rstrip("0") if fraction else str(whole)


class _Encoded(Response):
    """A response whose headers are given as they are sent; Starlette's way to them costs more than the rest of it."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None


def answer(request: Request, body: bytes, as_of: str | None) -> Response:
    """200 with `body`, or 304 when the request names its entity tag."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    described = [(b"etag", tag.encode()), _CACHE_CONTROL]
    if as_of is not None:
        described.append((b"data-as-of", as_of.encode()))
    conditions = headers.values(request.scope, b"if-none-match")
    if conditions and _names(conditions, tag):
        return _Encoded(304, described, b"")
    return _Encoded(200, [*described, _CONTENT_TYPE, (b"content-length", b"%d" % len(body))], body)


def _names(conditions: list[str], tag: str) -> bool:
    """RFC 9110, 13.1.2: any of the listed tags, compared weakly, or `*`, which stands for any."""
    condition = ",".join(conditions).strip()
    return condition == "*" or tag in (each.removeprefix("W/") for each in _TAGS.findall(condition))
