"""Bytes of a message -> the JSON object in them, every digit kept. Pure.

A fast exact parser reads everything. Only what it refuses is looked at a second time, by the standard library's, to
say why. Both passes are linear in the length, which is bounded.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any, Final, NoReturn

import msgspec

from consumer.events.rejection import Rejected
from shared.events import MAX_DEPTH, MAX_MESSAGE_BYTES, Reason, exact_decimal

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")
_from_json: Final = msgspec.json.Decoder(float_hook=Decimal).decode


def parse(value: bytes | None) -> object:
    """What JSON says in `value`, with int for integers and Decimal for other numbers. Raises Rejected."""
    if not value:
        raise Rejected(Reason.EMPTY)
    if len(value) > MAX_MESSAGE_BYTES:
        raise Rejected(Reason.TOO_LARGE, f"{len(value)} bytes")
    try:
        return _from_json(value)
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP) from None
    except (ValueError, InvalidOperation) as error:
        return _parse_again(value, str(error))


def object_of(message: object) -> dict[str, Any]:
    """The object that a message must be, no deeper than is allowed. Raises Rejected."""
    check_depth(message)
    if type(message) is not dict:
        raise Rejected(Reason.NOT_OBJECT)
    return message


def check_depth(message: object) -> None:
    """Raises Rejected where arrays and objects nest too deep."""
    if _deeper(message, MAX_DEPTH):
        raise Rejected(Reason.TOO_DEEP)


def _parse_again(value: bytes, complaint: str) -> object:
    """What the fast parser refused, read by the standard library's, which takes lone surrogates and any exponent.

    Returns the message where only a number was too large for the fast parser: its field is judged as usual.
    """
    try:
        message: object = json.loads(value.decode(), parse_float=exact_decimal, parse_constant=_refuse_constant)
        check_depth(message)
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP) from None
    except ValueError as error:
        good = error.doc[: error.pos] if isinstance(error, json.JSONDecodeError) else value.decode(errors="ignore")
        raise Rejected(Reason.TOO_DEEP if _nesting(good) > MAX_DEPTH else Reason.NOT_JSON, complaint) from None
    if isinstance(message, dict):
        try:
            "".join(_texts(message)).encode()
        except UnicodeEncodeError:
            raise Rejected(Reason.UNSTORABLE_TEXT, "half of a surrogate pair") from None
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _deeper(value: object, levels: int) -> bool:
    """Whether arrays and objects nest deeper than so many levels."""
    if isinstance(value, dict):
        return levels == 0 or any(_deeper(inner, levels - 1) for inner in value.values())
    return isinstance(value, list) and (levels == 0 or any(_deeper(inner, levels - 1) for inner in value))


def _nesting(text: str) -> int:
    """How deep brackets nest in JSON that may end anywhere."""
    brackets = _BRACKET.findall(_STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _texts(value: object) -> Iterator[str]:
    """Every text in a message, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
