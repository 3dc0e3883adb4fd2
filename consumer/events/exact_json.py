"""JSON read and written with every digit and every character: the text of the unknown fields that BSON cannot hold.

A number stays the text that it was, so no parser's limit and no rounding touches it. Half of a surrogate pair, which
UTF-8 cannot hold, stays an escape such as `\\ud800`. Both functions take JSON that was read before without an error,
and need time linear in its length. Pure.

Python's encoder, which is written in C, has no way to write a number by its text. So each number is read as a text
between two marks and written as such; then the marks are taken out, together with the quotation marks beside them.
"""

import re
from collections.abc import Container
from json import JSONDecoder, JSONEncoder
from typing import Any, Final

from shared.events import exact_decimal

_MARK: Final = "\ud800\udc00"
"""Both halves of a surrogate pair, side by side. No parsed text holds that: a parser makes one character of the two."""
_marked: Final = f"{_MARK}{{}}{_MARK}".format
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def unknown_json(message: bytes, known: Container[str]) -> str:
    """The text of the object in `message` without the fields in `known`; of a key that occurs twice the last counts."""
    fields: dict[str, Any] = _as_sent(message.decode())
    return _text({key: value for key, value in fields.items() if key not in known}, in_order=False)


def canonical(text: str) -> bytes:
    """The same bytes for any two texts that hold the same object: keys are sorted, numbers spelled in one way.

    1e400 and 1E+400 are spelled alike, and so are 0.0 and -0.0; 1.0 and 1.00 are not, for each digit counts.
    """
    return _text(_spelled_alike(text), in_order=True).encode()


def _text(fields: dict[str, Any], *, in_order: bool) -> str:
    """The JSON text of an object with marked numbers. Halves of surrogate pairs in its strings become escapes."""
    encoder = JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=in_order)
    text = encoder.encode(fields).replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _one_integer(number: str) -> str:
    return _marked("0" if number == "-0" else number)


def _one_decimal(number: str) -> str:
    """The number's digits and its exponent in one of the spellings that JSON allows; a zero has no sign."""
    decimal = exact_decimal(number)
    if not decimal.is_finite():
        return _marked(number.lower())
    return _marked(decimal if decimal else decimal.copy_abs())


_as_sent: Final = JSONDecoder(parse_int=_marked, parse_float=_marked).decode
_spelled_alike: Final = JSONDecoder(parse_int=_one_integer, parse_float=_one_decimal).decode
