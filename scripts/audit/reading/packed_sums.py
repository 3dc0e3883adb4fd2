"""The five sums of an aggregate as one integer, so that adding an event to a place is one addition. Pure.

From the low end: rating_sum (hundredths) in 64 bits, ratings and sales in 48 each, units in 80, amount (millionths)
above, without a bound. Sums of 2^40 events stay inside.
"""

from collections.abc import Mapping
from typing import Any

from bson.decimal128 import Decimal128
from bson.int64 import Int64

from scripts.audit.reading.shapes import is_integer
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS, SUMS, Document, decimal128, scaled

_WIDTHS = {"rating_sum": 64, "ratings": 48, "sales": 48, "units": 80}
_RATINGS = 64
_SALES = _RATINGS + 48
_UNITS = _SALES + 48
AMOUNT_SHIFT = _UNITS + 80
UNITS_SHIFT = _UNITS
ONE_SALE = 1 << _SALES
ONE_RATING = 1 << _RATINGS

_DECIMALS = {"amount": AMOUNT_DECIMALS, "rating_sum": RATING_DECIMALS}


class NotASum(ValueError):
    """A stored value that no sum of events can be: negative, too large, or not a number."""


def sold(amount: int, units: int) -> int:
    """The sums of one sale; `amount` in millionths."""
    return amount << AMOUNT_SHIFT | units << UNITS_SHIFT | ONE_SALE


def rated(rating: int) -> int:
    """The sums of one rating, in hundredths."""
    return ONE_RATING | rating


def unpacked(packed: int) -> dict[str, int]:
    """The sums by name: `amount` in millionths, `rating_sum` in hundredths."""
    fields = {}
    for name, width in _WIDTHS.items():
        fields[name] = packed & ((1 << width) - 1)
        packed >>= width
    return fields | {"amount": packed}


def stored(document: Mapping[str, Any]) -> int:
    """The sums that `document` holds at its top level; absent ones are 0. Raises NotASum."""
    packed = 0
    for name in ("amount", "units", "sales", "ratings", "rating_sum"):
        value = _whole(document[name], _DECIMALS.get(name)) if name in document else 0
        width = _WIDTHS.get(name)
        if value < 0 or (width is not None and value >> width):
            raise NotASum(f"{name}: {document[name]}")
        packed = value if width is None else packed << width | value
    return packed


def _whole(value: object, decimals: int | None) -> int:
    """In units of ten to the minus `decimals`; None: it must be an integer."""
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


def fields(packed: int) -> Document:
    """The sums as a document stores them; of kinds of event that did not occur there are none."""
    sums = unpacked(packed)
    document: Document = {}
    if sums["sales"]:
        document["amount"] = decimal128(sums["amount"], AMOUNT_DECIMALS)
        document["units"] = Int64(sums["units"])
        document["sales"] = sums["sales"]
    if sums["ratings"]:
        document["ratings"] = sums["ratings"]
        document["rating_sum"] = decimal128(sums["rating_sum"], RATING_DECIMALS)
    return document


def described(packed: int | None) -> str:
    """For people: `amount 12.50, sales 2`; `nothing` when there are no sums."""
    if not packed:
        return "nothing"
    sums = unpacked(packed)
    shown = [(name, sums[name], _DECIMALS.get(name, 0)) for name in SUMS]
    return ", ".join(f"{name} {_plain(value, decimals)}" for name, value, decimals in shown if value)


def _plain(value: int, decimals: int) -> str:
    whole, part = divmod(value, 10**decimals)
    digits = f"{part:0{decimals}}".rstrip("0") if decimals else ""
    return f"{whole}.{digits}" if digits else str(whole)
