"""Reads the query string of a request, strictly: what it cannot read as the route's parameters is answered with 400.

A parameter that is unknown, given twice, empty or malformed is never ignored, since it may be a misspelt one. The
order: first all names, then the values one by one; the first fault decides the answer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from api.web.cache_busters import cache_buster_hint
from api.web.parameter import Parameter, Value
from api.web.problem_types import BAD_QUERY
from api.web.problems import Problem, bad_parameter, quoted

_NAMES_SHOWN: Final = 3
_NAME_SHOWN: Final = 40
"""So many names of query parameters are repeated, and so much of each: enough to find them in a client's code. Twice or
half as much would bound the answer to a hostile query just as well."""
_MALFORMED: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Query:
    """The values of a request's query parameters. `query[WINDOW]` has the type that the parameter declares."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, parameter: Parameter[Value]) -> Value:
        """The value of a parameter that is required or has a default. Raises KeyError for another that is not given."""
        value: Value = self._values[parameter.name]
        return value

    def get(self, parameter: Parameter[Value]) -> Value | None:
        """The value of the parameter, its default where the request leaves it out, None where it has no default."""
        return self._values.get(parameter.name)

    def names(self) -> frozenset[str]:
        """The names of the parameters that have a value, given or by default."""
        return frozenset(self._values)


NO_QUERY: Final = Query({})


class QueryReader:
    """Reads query strings for a route that takes `parameters`. Raises ValueError if two of them have the same name."""

    def __init__(self, parameters: Sequence[Parameter[Any]] = ()) -> None:
        self.parameters = tuple(parameters)
        self._by_name = {parameter.name: parameter for parameter in parameters}
        if len(self._by_name) < len(parameters):
            raise ValueError(f"two parameters have the same name: {[parameter.name for parameter in parameters]}")
        defaults = {one.name: one.default for one in parameters if one.default is not None}
        self._defaults = defaults
        self._missing = [one.name for one in parameters if one.required]
        self._empty = Query(defaults)

    def read(self, query_string: bytes) -> Query:
        """The values of a query string as ASGI gives it, without the question mark. Raises Problem (400)."""
        if not query_string and not self._missing:
            return self._empty
        values = dict(self._defaults)
        given = self._given(query_string) if query_string else {}
        for name, raw in given.items():
            values[name] = _value(self._by_name[name], raw)
        for name in self._missing:
            if name not in given:
                raise bad_parameter(name, "missing", self._by_name[name].allowed)
        return Query(values)

    def _given(self, query_string: bytes) -> dict[str, bytes]:
        """The values by name, as they were sent. Raises Problem (400) for a name that is unknown or comes twice."""
        parts = (part.partition(b"=") for part in query_string.split(b"&"))
        pairs = [(_decoded_name(name), raw) for name, _, raw in parts]
        if any(name not in self._by_name for name, _ in pairs):
            raise self.unknown(query_string.decode("latin-1"))
        given: dict[str, bytes] = {}
        for name, raw in pairs:
            if name in given:
                raise bad_parameter(name, "given several times", "given once")
            given[name] = raw
        return given

    def unknown(self, query: str) -> Problem:
        """The answer 400 to a query with a parameter that the route does not take. `query` is as the client sent it."""
        if not self.parameters:
            return no_query(query)
        names = [name for name in _names(query) if _decoded_name(name.encode("latin-1")) not in self._by_name]
        return _unknown_names(query, names, sorted(self._by_name))


def no_query(query: str) -> Problem:
    """The answer 400 to query parameters where none has a meaning. `query` is the query as the client sent it.

    A parameter that clients add against caches gets a hint how to switch it off there.
    """
    return Problem(
        BAD_QUERY,
        "No query parameter has a meaning here. None is ignored, since it may be a misspelt one. "
        f"Leave out: {_shown(_names(query))}{cache_buster_hint(query)}",
    )


def _unknown_names(query: str, unknown: list[str], known: list[str]) -> Problem:
    """The answer 400 to a query that has parameters of names other than the `known` ones."""
    similar = [near for name in unknown[:_NAMES_SHOWN] for near in get_close_matches(name[:_NAME_SHOWN], known, 1)]
    meant = f". Perhaps {' and '.join(dict.fromkeys(similar))} was meant" if similar else ""
    parameters = "parameter" if len(known) == 1 else "parameters"
    return Problem(
        BAD_QUERY,
        f"This address takes the query {parameters} {', '.join(known)}, and no other. None is ignored, since it may be "
        f"a misspelt one. Leave out: {_shown(unknown)}{meant}{cache_buster_hint(query)}",
    )


def _value(parameter: Parameter[Value], raw: bytes) -> Value:
    """The value of a parameter. `+` is a space, as in every query that a form or a library writes."""
    text = _decoded(raw)
    if text is None:
        raise bad_parameter(parameter.name, quoted(raw.decode("latin-1")), "UTF-8 in percent-encoding")
    if not text:
        raise bad_parameter(parameter.name, "empty", parameter.allowed)
    return parameter.read(text)


def _decoded(raw: bytes) -> str | None:
    """The text of a part of a query; None for a `%` without two hexadecimal digits, and for what is not UTF-8."""
    if _MALFORMED.search(raw):
        return None
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None


def _decoded_name(raw: bytes) -> str:
    """The name of a parameter; the empty one for what cannot be read, since no parameter has that name."""
    return _decoded(raw) or ""


def _names(query: str) -> list[str]:
    return list(dict.fromkeys(part.partition("=")[0] for part in query.split("&")))


def _shown(names: Iterable[str]) -> str:
    """The first names, cut, as they were sent, and how many more there are."""
    listed = list(names)
    shown = ", ".join(_cut(name) or "the empty one" for name in listed[:_NAMES_SHOWN])
    return shown + (f" and {len(listed) - _NAMES_SHOWN} more" if len(listed) > _NAMES_SHOWN else "")


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_SHOWN else name[:_NAME_SHOWN] + "…"
