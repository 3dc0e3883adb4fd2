"""Bodies and headers of the answers, and the models that describe them in OpenAPI.

Bodies are built from whole numbers: a number of JSON is written as exactly as it was counted, never by way of float.
"""

import re
from hashlib import blake2b
from typing import Any, Final

from fastapi import Request, Response
from pydantic import BaseModel, Field

from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS

_MEDIA_TYPE: Final = "application/json"
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


def answer(request: Request, body: bytes, as_of: str | None) -> Response:
    """200 with `body`, or 304 when the request names its entity tag."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers: dict[str, Any] = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if as_of is not None:
        headers["Data-As-Of"] = as_of
    if "If-None-Match" in request.headers and _names(request.headers.getlist("If-None-Match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=_MEDIA_TYPE)


def _names(conditions: list[str], tag: str) -> bool:
    """RFC 9110, 13.1.2: any of the listed tags, compared weakly, or `*`, which stands for any."""
    condition = ",".join(conditions).strip()
    return condition == "*" or tag in (each.removeprefix("W/") for each in _TAGS.findall(condition))
