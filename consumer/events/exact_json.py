"""JSON read and written with every digit and every character: the text of the unknown fields that BSON cannot hold.

A number stays the text that it was, so no parser's limit and no rounding touches it. Half of a surrogate pair, which
UTF-8 cannot hold, stays an escape such as `\\ud800`. Every function takes JSON that was read before without an error,
and needs time linear in its length. Pure.
"""

import json
import re
from collections.abc import Callable, Container
from json.encoder import encode_basestring
from typing import Any, Final, final

from shared.events import exact_decimal

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@final
class _Number(str):
    """A JSON number as its text. A class of its own keeps it apart from a JSON string."""

    __slots__ = ()


def unknown_json(message: bytes, known: Container[str]) -> str:
    """The text of the object in `message` without the fields in `known`; of a key that occurs twice the last counts."""
    fields = _read(message.decode())
    return _written({key: value for key, value in fields.items() if key not in known}, str, in_order=False)


def canonical(text: str) -> bytes:
    """The same bytes for any two texts that hold the same object: keys are sorted, numbers spelled in one way.

    1e400 and 1E+400 are spelled alike, and so are 0.0 and -0.0; 1.0 and 1.00 are not, for each digit counts.
    """
    return _written(_read(text), _one_spelling, in_order=True).encode()


def _read(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(text, parse_int=_Number, parse_float=_Number)
    return fields


def _written(fields: dict[str, Any], spelled: Callable[[str], str], *, in_order: bool) -> str:
    pieces: list[str] = []
    _write(fields, pieces.append, spelled, in_order)
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", "".join(pieces))


def _write(value: Any, put: Callable[[str], None], spelled: Callable[[str], str], in_order: bool) -> None:
    """Write a value piece by piece. It recurses as deep as the value nests, which the contract bounds."""
    if type(value) is dict:
        before = "{"
        for key in sorted(value) if in_order else value:
            put(f"{before}{encode_basestring(key)}:")
            _write(value[key], put, spelled, in_order)
            before = ","
        put("}" if value else "{}")
    elif type(value) is list:
        before = "["
        for inner in value:
            put(before)
            _write(inner, put, spelled, in_order)
            before = ","
        put("]" if value else "[]")
    elif type(value) is _Number:
        put(spelled(value))
    else:
        put(encode_basestring(value) if type(value) is str else _WORDS[value])


_WORDS: Final = {None: "null", True: "true", False: "false"}


def _one_spelling(number: str) -> str:
    """A number's digits and its exponent in one of the spellings that JSON allows; a zero has no sign."""
    if "." not in number and "e" not in number.lower():
        return "0" if number == "-0" else str(number)
    decimal = exact_decimal(number)
    if not decimal.is_finite():
        return number.lower()
    return str(decimal if decimal else abs(decimal))
