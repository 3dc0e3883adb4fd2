"""The sums of an aggregate as one integer, so adding an event to a sum is one addition. Pure.

    bit  800 … 368        240              160              112               64                0
      ┌───────────┬────────┬────────────────┬────────────────┬────────────────┬────────────────┐
      │ r9  …  r0 │ amount │     units      │     sales      │    ratings     │   rating_sum   │
      │48 bits a. │128 bits│    80 bits     │    48 bits     │    48 bits     │    64 bits     │
      └───────────┴────────┴────────────────┴────────────────┴────────────────┴────────────────┘

`amount` is in millionths and `rating_sum` in hundredths, so all are whole numbers; `r0` to `r9` count the ratings by
bin, of products. They are the highest, so that sums without ratings are no longer numbers for them. Example: a sale of
3 units for 12.50 and a rating of 4.5:

    of_sale(12_500_000, 3)   12_500_000 << 240 | 3 << 160 | 1 << 112
    of_rating(450)           1 << 800                                   | 1 << 64 | 450
    both added               r9 1, amount 12.50, units 3, sales 1, ratings 1, rating_sum 4.50

No part can overflow into the next one for 2^40 events: they have at most 2^40 sales or ratings (48 bits each), 2^71
units (80 bits; one event has less than 2^31), a rating sum of 500 * 2^40 < 2^49 hundredths (64 bits) and an amount of
10^24 * 2^40 < 2^120 millionths (128 bits).
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from bson.decimal128 import Decimal128
from bson.int64 import Int64

from scripts.audit.reading.shapes import is_integer
from shared.decimals import decimal128, scaled
from shared.documents import AMOUNT_DECIMALS, BIN_FIELDS, RATING_DECIMALS, SUMS, Document

NAMES = (*SUMS, *BIN_FIELDS)
"""The names of all sums of a product."""
_WIDTHS = {"rating_sum": 64, "ratings": 48, "sales": 48, "units": 80, "amount": 128, **dict.fromkeys(BIN_FIELDS, 48)}
"""Bits of each sum, from the lowest on."""
_SHIFTS = dict(zip(_WIDTHS, accumulate(_WIDTHS.values(), initial=0), strict=False))
RATINGS_SHIFT = _SHIFTS["ratings"]
UNITS_SHIFT = _SHIFTS["units"]
AMOUNT_SHIFT = _SHIFTS["amount"]
ONE_SALE = 1 << _SHIFTS["sales"]
_BELOW_BINS = (1 << _SHIFTS[BIN_FIELDS[0]]) - 1

_DECIMALS = {"amount": AMOUNT_DECIMALS, "rating_sum": RATING_DECIMALS}


class NotASum(ValueError):
    """A stored value that no sum of events can be: negative, too large, or not a number."""


def of_sale(amount: int, units: int) -> int:
    """The packed sums of one sale; `amount` in millionths."""
    return amount << AMOUNT_SHIFT | units << UNITS_SHIFT | ONE_SALE


def of_rating(rating: int) -> int:
    """The packed sums of one rating, in hundredths."""
    bin_ = BIN_FIELDS[min(rating // 50, len(BIN_FIELDS) - 1)]
    return 1 << _SHIFTS[bin_] | 1 << RATINGS_SHIFT | rating


OF_RATING = tuple(map(of_rating, range(501)))
"""The packed sums of every rating there can be: to look them up costs less than to make them."""


def without_bins(packed: int) -> int:
    """The five sums alone, which are all that is kept over all products."""
    return packed & _BELOW_BINS


def unpacked(packed: int) -> dict[str, int]:
    """The sums by name: `amount` in millionths, `rating_sum` in hundredths."""
    return {name: packed >> _SHIFTS[name] & ((1 << width) - 1) for name, width in _WIDTHS.items()}


def is_within(part: int, whole: int) -> bool:
    """Whether none of the sums of `part` is more than that of `whole`.

    Only then `whole - part` is packed sums: a sum below zero would take from the one above it.
    """
    wholes = unpacked(whole)
    return all(value <= wholes[name] for name, value in unpacked(part).items())


def of_document(document: Mapping[str, Any]) -> int:
    """The packed sums that `document` holds at its top level; a sum that it lacks is 0. Raises NotASum."""
    packed = 0
    for name, stored in document.items():
        width = _WIDTHS.get(name)
        if width is None:
            continue
        value = _whole(stored, _DECIMALS.get(name))
        if value < 0 or value >> width:
            raise NotASum(f"{name}: {stored}")
        packed |= value << _SHIFTS[name]
    return packed


def _whole(value: object, decimals: int | None) -> int:
    """A stored sum as a whole number: a Decimal128 in units of ten to the minus `decimals`, or, where `decimals` is
    None, an integer. Raises NotASum for any other type, and for digits beyond `decimals`."""
    if decimals is None:
        if not is_integer(value):
            raise NotASum(str(value))
        return int(value)
    if not isinstance(value, Decimal128):
        raise NotASum(str(value))
    try:
        return scaled(value, decimals)
    except (ValueError, ArithmeticError) as error:
        raise NotASum(str(value)) from error


def as_fields(packed: int) -> Document:
    """The sums as a document stores them; without those of a kind of event where all are zero."""
    sums = unpacked(packed)
    fields: Document = {}
    if sums["amount"] or sums["units"] or sums["sales"]:
        fields["amount"] = decimal128(sums["amount"], AMOUNT_DECIMALS)
        fields["units"] = Int64(sums["units"])
        fields["sales"] = sums["sales"]
    if sums["ratings"] or sums["rating_sum"]:
        fields["ratings"] = sums["ratings"]
        fields["rating_sum"] = decimal128(sums["rating_sum"], RATING_DECIMALS)
    return fields | {name: sums[name] for name in BIN_FIELDS if sums[name]}


def described(packed: int | None) -> str:
    """The sums that are not zero, for a person: `amount 12.5, sales 2`; `nothing` when all are zero."""
    if not packed:
        return "nothing"
    sums = unpacked(packed)
    shown = [(name, sums[name], _DECIMALS.get(name, 0)) for name in NAMES]
    return ", ".join(f"{name} {_decimal_text(value, decimals)}" for name, value, decimals in shown if value)


def _decimal_text(value: int, decimals: int) -> str:
    """`value` in units of ten to the minus `decimals`, without needless zeros: 12,500,000 with 6 is `12.5`."""
    whole, part = divmod(value, 10**decimals)
    digits = f"{part:0{decimals}}".rstrip("0") if decimals else ""
    return f"{whole}.{digits}" if digits else str(whole)
