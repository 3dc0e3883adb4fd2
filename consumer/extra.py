"""Unknown fields of a message, made storable: nothing in them can act as an operator or a path, no digit is lost."""

from decimal import Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Underflow
from typing import Any, Final

from bson.decimal128 import Decimal128, create_decimal128_context

from consumer.rejection import Rejected
from shared.events import Reason

_INT64: Final = range(-(2**63), 2**63)
_DECIMAL128_CONTEXT: Final = create_decimal128_context()
for _signal in (Inexact, InvalidOperation, Overflow, Underflow):
    _DECIMAL128_CONTEXT.traps[_signal] = True


def storable(extra: dict[str, Any]) -> dict[str, Any]:
    """`extra` as BSON takes it, every Decimal a Decimal128. Raises Rejected. The caller has bounded the depth."""
    _check_keys(extra)
    return {key: _storable(value) for key, value in extra.items()}


def _check_keys(value: object) -> None:
    """Nothing stored may be read as an operator or a path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key or "." in key or key.startswith("$"):
                raise Rejected(Reason.UNSTORABLE_KEY, repr(key)[:100])
            _check_keys(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_keys(inner)


def _storable(value: Any) -> Any:
    """`value` with every Decimal as a Decimal128. Raises where BSON would lose a digit."""
    if type(value) is dict:
        return {key: _storable(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_storable(inner) for inner in value]
    if type(value) is int and value not in _INT64:
        raise Rejected(Reason.UNSTORABLE_NUMBER, "an integer beyond 64 bits")
    return _decimal128(value) if type(value) is Decimal else value


def _decimal128(value: Decimal) -> Decimal128:
    if value.is_finite():
        try:
            return Decimal128(_DECIMAL128_CONTEXT.create_decimal(value if value else value.copy_abs()))
        except DecimalException:
            pass
    raise Rejected(Reason.UNSTORABLE_NUMBER, "more digits or a larger exponent than Decimal128 holds")
