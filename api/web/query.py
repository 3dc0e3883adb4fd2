"""What is said of a query string: no address of the API takes one."""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_plus

from api.web.problems import Problem

_NAMES_SHOWN: Final = 3
_NAME_SHOWN: Final = 40
"""So many names of query parameters are repeated, and so much of each: enough to find them in a client's code. Twice or
half as much would bound the answer to a hostile query just as well."""
_CACHE_BUSTERS: Final = frozenset(
    {
        "_", "bust", "buster", "cache", "cachebust", "cachebuster", "cb", "dc", "dojopreventcache", "noc", "nocache",
        "nonce", "preventcache", "rand", "random", "rnd", "stamp", "timestamp", "ts",
    }
)  # fmt: skip
"""Names under which clients add the time or a random number to an address: jQuery `_`, Ext JS `_dc`, and others."""
_PERHAPS: Final = frozenset({"", "r", "t", "time", "v", "ver", "version"})
"""Names that have other meanings too, such as a version of the API, and no name at all."""
_TIME_OR_CHANCE: Final = re.compile(r"[0-9]{9,}|0?\.[0-9]+", re.ASCII)
"""A time in seconds since 1970 has nine digits or more since 1973, in milliseconds since 1970; JavaScript's random
number begins with `0.`. With fewer digits, versions and pages look like one."""
_NO_CACHE: Final = (
    ". This looks like a cache buster, which is not needed: answers carry an ETag and Cache-Control: no-cache, so no "
    "cache gives an old one. jQuery leaves it out with cache: true, Ext JS with disableCaching: false; elsewhere, "
    "remove what adds the time or a random number"
)


def no_query(query: str) -> Problem:
    """The answer 400 to query parameters: none has a meaning here, and a misspelt parameter must not go unnoticed.
    `query` is the query as the client sent it.

    A parameter that clients add against caches gets a hint how to switch it off there.
    """
    parts = query.split("&")
    names = list(dict.fromkeys(part.partition("=")[0] for part in parts))
    shown = ", ".join(_cut(name) or "the empty one" for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    message = (
        "No query parameter has a meaning here. None is ignored, since it may be a misspelt one. "
        f"Leave out: {shown}{more}"
    )
    if any(_is_cache_buster(unquote_plus(part)) for part in parts):
        message += _NO_CACHE
    return Problem(HTTPStatus.BAD_REQUEST, message)


def _is_cache_buster(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    plain = "".join(character for character in name.lower() if character.isalnum()) or name
    has_value = _TIME_OR_CHANCE.fullmatch(value) is not None
    return plain in _CACHE_BUSTERS or (plain in _PERHAPS and has_value) or _TIME_OR_CHANCE.fullmatch(name) is not None


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_SHOWN else name[:_NAME_SHOWN] + "…"
