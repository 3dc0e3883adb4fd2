"""Decimal128, MongoDB's decimal numbers: made of whole numbers, and read back as whole numbers, digit for digit.

The services count in whole numbers (amounts in millionths, ratings in hundredths), which Python adds exactly. MongoDB
holds them as Decimal128, the binary encoding of IEEE 754-2008:

    bit 127 | bits 126-113    | bits 112-64             | bits 63-0
    sign    | exponent + 6176 | coefficient, upper bits | coefficient, lower bits
    |------------------- high word ---------------------|------- low word ------|

1000.5 with six decimals is the coefficient 1,000,500,000 with the exponent -6.
"""

from decimal import Context, Decimal

from bson.decimal128 import Decimal128

_DECIMAL128_BIAS = 6176
_COEFFICIENT_BITS = 113
_COEFFICIENT = (1 << _COEFFICIENT_BITS) - 1
LOW_WORD = 0xFFFF_FFFF_FFFF_FFFF
"""`units & LOW_WORD` is a number's low word."""
_SIGN = 1 << 63
_EXACT = Context(prec=40)
"""Decimal128 has 34 digits; Python's default context would round at 28."""


def decimal128_words(units: int, decimals: int) -> tuple[int, int]:
    """Low and high word of the Decimal128 that is `units` times ten to the minus `decimals`.

    `units` is 0 … 10^34 - 1, `decimals` as in `decimal128`.
    """
    return units & LOW_WORD, ((_DECIMAL128_BIAS - decimals) << 49) | (units >> 64)


def exponent_word(decimals: int) -> int:
    """What a number's high word is besides `units >> 64`: the exponent alone, the same for all numbers of so many
    decimals. Encoders that run once an event add the two in line instead of calling `decimal128_words`."""
    return decimal128_words(0, decimals)[1]


def decimal128(units: int, decimals: int, negative: bool = False) -> Decimal128:
    """The Decimal128 that is `units` times ten to the minus `decimals`: (1_000_500_000, 6) gives 1000.500000.

    `units` is 0 … 10^34 - 1, `decimals` is -6111 … 6176, the range of the exponent. It costs a tenth of what a detour
    by `Decimal` costs.
    """
    low, high = decimal128_words(units, decimals)
    return Decimal128((high | _SIGN if negative else high, low))  # type: ignore[arg-type]  # a form that it takes and its hints leave out


def scaled(value: Decimal128 | int, decimals: int) -> int:
    """The inverse of `decimal128`: `value` in units of ten to the minus `decimals`. 1000.5 with 6 gives 1,000,500,000.

    Exact for what `decimal128` made and for sums of it. Raises ValueError when a digit would be lost.
    """
    if isinstance(value, Decimal128):
        bits = int.from_bytes(value.bid, "little")
        shift = (bits >> _COEFFICIENT_BITS) - _DECIMAL128_BIAS + decimals
        if 0 <= shift <= decimals:  # no sign, no special value, no exponent above 0
            units: int = (bits & _COEFFICIENT) * 10**shift
            return units
    number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
    shifted = number.scaleb(decimals, _EXACT)
    if shifted != shifted.to_integral_value():
        raise ValueError(f"{value} has more than {decimals} decimals")
    return int(shifted)
