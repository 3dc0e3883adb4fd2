"""Decimal128, MongoDB's decimal numbers, made of whole numbers and back, digit for digit."""

from decimal import Context, Decimal

from bson.decimal128 import Decimal128

_DECIMAL128_BIAS = 6176
_EXACT = Context(prec=40)
_COEFFICIENT = (1 << 113) - 1
_LOW_WORD = 0xFFFF_FFFF_FFFF_FFFF
_SIGN = 1 << 63


def decimal128_words(units: int, decimals: int) -> tuple[int, int]:
    """Low and high word of the Decimal128 that is `units` times ten to the minus `decimals`.

    The binary encoding of IEEE 754-2008: 113 bits of coefficient below a biased exponent. `units` is 0 … 10^34 - 1.
    """
    return units & _LOW_WORD, ((_DECIMAL128_BIAS - decimals) << 49) | (units >> 64)


def decimal128(units: int, decimals: int, negative: bool = False) -> Decimal128:
    """`units` times ten to the minus `decimals`, exactly; a tenth of the cost of going through `Decimal`.

    `decimals` is -6111 … 6176, what Decimal128's exponent allows.
    """
    low, high = decimal128_words(units, decimals)
    return Decimal128((high | _SIGN if negative else high, low))  # type: ignore[arg-type]  # a form that it takes and its hints leave out


def scaled(value: Decimal128 | int, decimals: int) -> int:
    """The inverse of `decimal128`: `value` in units of ten to the minus `decimals`. Exact for what `decimal128` made
    and for sums of it; ValueError when a digit would be lost."""
    if isinstance(value, Decimal128):
        bits = int.from_bytes(value.bid, "little")
        shift = (bits >> 113) - _DECIMAL128_BIAS + decimals
        if 0 <= shift <= decimals:  # no sign, no special value, no exponent above 0
            units: int = (bits & _COEFFICIENT) * 10**shift
            return units
    number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
    shifted = number.scaleb(decimals, _EXACT)
    if shifted != shifted.to_integral_value():
        raise ValueError(f"{value} has more than {decimals} decimals")
    return int(shifted)
