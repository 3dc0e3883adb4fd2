"""Fields that the contract does not name, made storable as BSON: they are kept with their event, every digit of them.

Nothing stored may be read as an operator or a path of MongoDB, so `storable` refuses a key that begins with `$` or
holds a dot. It also refuses a number that no BSON type holds exactly, and arrays and objects that nest deeper than
`MAX_STORED_DEPTH`. One such field is enough: then all unknown fields of the event are kept as JSON text.
"""

from collections.abc import Container
from decimal import Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from typing import Any, Final

from bson.decimal128 import Decimal128, create_decimal128_context

from shared.decimals import decimal128
from shared.events import EVENT_NAME_KEYS, MAX_STORED_DEPTH, RATED_FIELDS, SOLD_FIELDS

KNOWN_OF_SOLD: Final = SOLD_FIELDS.union(EVENT_NAME_KEYS)
KNOWN_OF_RATED: Final = RATED_FIELDS.union(EVENT_NAME_KEYS)
"""All keys that the contract names for an event of each kind; any other field is unknown."""

_DECIMAL128: Final = create_decimal128_context()
for _signal in (Inexact, InvalidOperation, Overflow, Underflow):
    _DECIMAL128.traps[_signal] = True
_AS_IT_IS: Final = frozenset({str, bool, type(None)})
"""Types that BSON stores as JSON has them; a number, an array and an object are looked at."""
_SURELY_EXACT_LENGTH: Final = 34
"""A decimal written in at most 34 characters has at most the 34 digits that Decimal128 holds."""


class Unstorable(Exception):
    """BSON cannot hold all unknown fields of an event. Never leaves the package."""


def storable(message: dict[str, Any], known: Container[str] = ()) -> dict[str, Any]:
    """The fields of a parsed message that are not `known`, as BSON stores them: each Decimal becomes a Decimal128.

    Raises Unstorable. Half of a surrogate pair must not be in the message: it is not looked for.
    """
    return _object(message, MAX_STORED_DEPTH - 1, known)


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
        raise Unstorable
    if type(value) is Decimal:
        return _decimal(value)
    if levels == 0:
        raise Unstorable
    if type(value) is dict:
        return _object(value, levels - 1)
    assert type(value) is list  # noqa: S101  # a JSON parser makes no other type
    return [inner if type(inner) in _AS_IT_IS else _stored(inner, levels - 1) for inner in value]


def _checked(key: str) -> str:
    """The key, unless MongoDB could read it as an operator or a path. Raises Unstorable."""
    if key[:1] == "$" or "." in key or "\0" in key:
        raise Unstorable
    return key


def _decimal(value: Decimal) -> Decimal128:
    """The Decimal128 with the same digits. JSON's -0.0 becomes 0.0, as its -0 becomes 0. Raises Unstorable."""
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
    raise Unstorable
