"""Unknown fields of a message, made storable: nothing in them can act as an operator or a path, no digit is lost."""

from decimal import Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from typing import Any, Final

from bson.decimal128 import Decimal128, create_decimal128_context

from consumer.rejection import Rejected
from shared.documents import decimal128
from shared.events import Reason

_DECIMAL128: Final = create_decimal128_context()
for _signal in (Inexact, InvalidOperation, Overflow, Underflow):
    _DECIMAL128.traps[_signal] = True


def storable(extra: dict[str, Any]) -> dict[str, Any]:
    """`extra` as BSON takes it, every Decimal a Decimal128. Raises Rejected. The caller has bounded the depth."""
    _check_keys(extra)
    return {key: _STORABLE[type(value)](value) for key, value in extra.items()}


def _check_keys(value: dict[str, Any] | list[Any]) -> None:
    """Nothing stored may be read as an operator or a path; keys are judged before numbers."""
    if type(value) is dict:
        for key in value:
            if key[:1] == "$" or "." in key or "\0" in key:
                raise Rejected(Reason.UNSTORABLE_KEY, repr(key)[:100])
        inside = iter(value.values())
    else:
        inside = iter(value)
    for inner in inside:
        if type(inner) is dict or type(inner) is list:
            _check_keys(inner)


def _object(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _STORABLE[type(inner)](inner) for key, inner in value.items()}


def _array(value: list[Any]) -> list[Any]:
    return [_STORABLE[type(inner)](inner) for inner in value]


def _same(value: object) -> object:
    return value


def _integer(value: int) -> int:
    if -0x8000_0000_0000_0000 <= value <= 0x7FFF_FFFF_FFFF_FFFF:
        return value
    raise Rejected(Reason.UNSTORABLE_NUMBER, "an integer beyond 64 bits")


def _decimal(value: Decimal) -> Decimal128:
    """JSON's -0.0 is 0, like its -0."""
    try:
        exact = _DECIMAL128.create_decimal(value)
        sign, _, exponent = exact.as_tuple()
        if isinstance(exponent, int):
            units = int(exact.scaleb(-exponent, _DECIMAL128))
            return decimal128(abs(units), -exponent, negative=bool(sign and units))
    except DecimalException:
        pass
    raise Rejected(Reason.UNSTORABLE_NUMBER, "more digits or a larger exponent than Decimal128 holds")


_STORABLE: Final[dict[type, Any]] = {
    dict: _object, list: _array, int: _integer, Decimal: _decimal, str: _same, bool: _same, type(None): _same,
}  # fmt: skip
