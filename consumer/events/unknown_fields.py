"""Unknown fields of a message, made storable: nothing in them can act as an operator or a path, no digit is lost."""

from collections.abc import Container
from decimal import Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from typing import Any, Final

from bson.decimal128 import Decimal128, create_decimal128_context

from consumer.events.parse import check_depth
from consumer.events.rejection import Rejected
from shared.documents import decimal128
from shared.events import MAX_DEPTH, Reason

_DECIMAL128: Final = create_decimal128_context()
for _signal in (Inexact, InvalidOperation, Overflow, Underflow):
    _DECIMAL128.traps[_signal] = True
_AS_IT_IS: Final = frozenset({str, bool, type(None)})
_PLAIN_LENGTH: Final = 34
"""A decimal of no more characters has no more digits than Decimal128."""


def storable(message: dict[str, Any], known: Container[str] = ()) -> dict[str, Any]:
    """The fields of a message that are not `known`, as BSON takes them, every Decimal a Decimal128. Raises Rejected."""
    try:
        return _object(message, MAX_DEPTH - 1, known)
    except Rejected:
        extra = {key: value for key, value in message.items() if key not in known}
        # What is met first is not always the first of the contract's order: depth, then keys, then numbers.
        check_depth(extra)
        _check_keys(extra)
        raise


def _object(value: dict[str, Any], levels: int, without: Container[str] = ()) -> dict[str, Any]:
    return {
        key if key.isidentifier() else _checked(key): (
            inner if type(inner) in _AS_IT_IS else _stored(inner, levels)
        )
        for key, inner in value.items()
        if key not in without
    }  # fmt: skip


def _stored(value: object, levels: int) -> object:
    """A number, array or object as BSON takes it; `levels` is how deep an array or object may still nest."""
    if type(value) is int:
        if -0x8000_0000_0000_0000 <= value <= 0x7FFF_FFFF_FFFF_FFFF:
            return value
        raise Rejected(Reason.UNSTORABLE_NUMBER, "an integer beyond 64 bits")
    if type(value) is Decimal:
        return _decimal(value)
    if levels == 0:
        raise Rejected(Reason.TOO_DEEP)
    if type(value) is dict:
        return _object(value, levels - 1)
    assert type(value) is list  # noqa: S101  # all that a JSON parser makes
    return [inner if type(inner) in _AS_IT_IS else _stored(inner, levels - 1) for inner in value]


def _check_keys(value: object) -> None:
    """Raises Rejected for the first key that cannot be stored."""
    if type(value) is dict:
        for key in value:
            _checked(key)
    if type(value) is dict or type(value) is list:
        for inner in value.values() if type(value) is dict else value:
            _check_keys(inner)


def _checked(key: str) -> str:
    """Nothing stored may be read as an operator or a path."""
    if key[:1] == "$" or "." in key or "\0" in key:
        raise Rejected(Reason.UNSTORABLE_KEY, repr(key)[:100])
    return key


def _decimal(value: Decimal) -> Decimal128:
    """JSON's -0.0 is 0, like its -0."""
    text = str(value)
    whole, _, fraction = text.partition(".")
    if len(text) <= _PLAIN_LENGTH and (digits := whole + fraction).isdigit():
        return decimal128(int(digits), len(fraction))
    try:
        exact = _DECIMAL128.create_decimal(value)
        sign, _, exponent = exact.as_tuple()
        if isinstance(exponent, int):
            units = int(exact.scaleb(-exponent, _DECIMAL128))
            return decimal128(abs(units), -exponent, negative=bool(sign and units))
    except DecimalException:
        pass
    raise Rejected(Reason.UNSTORABLE_NUMBER, "more digits or a larger exponent than Decimal128 holds")
