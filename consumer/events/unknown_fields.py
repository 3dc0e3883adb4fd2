"""Fields that the contract does not name, made storable: they are kept with their event, every digit of them.

Nothing stored may be read as an operator or a path of MongoDB, so a key that begins with `$` or holds a dot is
rejected, and so is a number that no BSON type holds exactly.
"""

from collections.abc import Container
from decimal import Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from typing import Any, Final

from bson.decimal128 import Decimal128, create_decimal128_context

from consumer.events.nesting import check_depth
from consumer.events.rejection import Rejected
from shared.decimals import decimal128
from shared.events import MAX_DEPTH, Reason

_DECIMAL128: Final = create_decimal128_context()
for _signal in (Inexact, InvalidOperation, Overflow, Underflow):
    _DECIMAL128.traps[_signal] = True
_AS_IT_IS: Final = frozenset({str, bool, type(None)})
"""Types that BSON stores as JSON has them; a number, an array and an object are looked at."""
_SURELY_EXACT_LENGTH: Final = 34
"""A decimal written in at most 34 characters has at most the 34 digits that Decimal128 holds."""


def storable(message: dict[str, Any], known: Container[str] = ()) -> dict[str, Any]:
    """The fields of a parsed message that are not `known`, as BSON stores them: each Decimal becomes a Decimal128.

    Raises Rejected, with the reason that comes first in the contract's order: depth, then keys, then numbers.
    """
    try:
        return _object(message, MAX_DEPTH - 1, known)
    except Rejected:
        # One pass meets the problems in the order of the message. The contract's order needs one pass for each kind.
        unknown = {key: value for key, value in message.items() if key not in known}
        check_depth(unknown)
        _check_keys(unknown)
        raise


def _object(value: dict[str, Any], levels: int, without: Container[str] = ()) -> dict[str, Any]:
    """An object as BSON stores it; arrays and objects in it may nest `levels` deep."""
    return {
        key if key.isidentifier() else _checked(key): (
            inner if type(inner) in _AS_IT_IS else _stored(inner, levels)
        )
        for key, inner in value.items()
        if key not in without
    }  # fmt: skip


def _stored(value: object, levels: int) -> object:
    """A number, array or object as BSON stores it; the value itself may nest `levels` deep."""
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
    assert type(value) is list  # noqa: S101  # a JSON parser makes no other type
    return [inner if type(inner) in _AS_IT_IS else _stored(inner, levels - 1) for inner in value]


def _check_keys(value: object) -> None:
    """Raise Rejected for the first key that cannot be stored."""
    if type(value) is dict:
        for key in value:
            _checked(key)
    if type(value) is dict or type(value) is list:
        for inner in value.values() if type(value) is dict else value:
            _check_keys(inner)


def _checked(key: str) -> str:
    """The key, unless MongoDB could read it as an operator or a path. Raises Rejected."""
    if key[:1] == "$" or "." in key or "\0" in key:
        raise Rejected(Reason.UNSTORABLE_KEY, repr(key)[:100])
    return key


def _decimal(value: Decimal) -> Decimal128:
    """The Decimal128 with the same digits. JSON's -0.0 becomes 0.0, as its -0 becomes 0. Raises Rejected."""
    text = str(value)
    whole, _, fraction = text.partition(".")
    if len(text) <= _SURELY_EXACT_LENGTH and (digits := whole + fraction).isdigit():
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
