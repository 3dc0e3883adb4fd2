"""Recognises what clients add to an address against caches, such as `?_=1780315198500`, which the API refuses."""

import re
from typing import Final
from urllib.parse import unquote_plus

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


def cache_buster_hint(query: str) -> str:
    """How to switch a cache buster off, as the end of an error's sentence; "" for a query without one."""
    return _NO_CACHE if any(_is_cache_buster(unquote_plus(part)) for part in query.split("&")) else ""


def _is_cache_buster(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    plain = "".join(character for character in name.lower() if character.isalnum()) or name
    has_value = _TIME_OR_CHANCE.fullmatch(value) is not None
    return plain in _CACHE_BUSTERS or (plain in _PERHAPS and has_value) or _TIME_OR_CHANCE.fullmatch(name) is not None
