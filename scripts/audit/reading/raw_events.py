"""Stored events -> numbers, straight from the BSON that MongoDB sends.

What the consumer writes has one layout a kind of event once all but the numbers is projected away, so one `struct`
reads it. Any other document, of whatever program, is decoded as BSON in general and judged field by field.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

import bson
from bson.decimal128 import Decimal128
from bson.errors import BSONError

from scripts.audit.reading.packed_sums import AMOUNT_SHIFT, ONE_RATING, ONE_SALE, UNITS_SHIFT
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS, scaled
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

PROJECTION: Final = {"_id": 1, "event": 1, "no_of_units": 1, "amount": 1, "rating": 1}
NO_RATING: Final = -1

_INT32: Final = Struct("<i")
_ID: Final = "16sq3sq3si3sq3si"
_ID_NAMES: Final = (b"\x12t\0", b"\x10k\0", b"\x12o\0", b"\x10g\0")
_SOLD_NAME: Final = b"\0\x02event\0\x0c\0\0\0productSold\0\x10no_of_units\0"
_AMOUNT_NAME: Final = b"\x13amount\0"
_RATED_NAME: Final = b"\0\x02event\0\x0d\0\0\0productRated\0\x13rating\0"
_SOLD: Final = Struct(f"<{_ID}{len(_SOLD_NAME)}si{len(_AMOUNT_NAME)}sQ0sQ1s")
_RATED: Final = Struct(f"<{_ID}{len(_RATED_NAME)}sQ0sQ1s")


def _opening(layout: Struct) -> bytes:
    return _INT32.pack(layout.size) + b"\x03_id\0" + _INT32.pack(52) + b"\x12p\0"


_SOLD_FIXED: Final = (_opening(_SOLD), *_ID_NAMES, _SOLD_NAME, _AMOUNT_NAME, b"", b"\0")
_RATED_FIXED: Final = (_opening(_RATED), *_ID_NAMES, _RATED_NAME, b"", b"\0")

_BIAS: Final = 6176
_AMOUNT_EXPONENT: Final = _BIAS - AMOUNT_DECIMALS
_RATING_HIGH_WORD: Final = (_BIAS - RATING_DECIMALS) << 49
_MOST_RATING: Final = 5 * 10**RATING_DECIMALS
_COEFFICIENT: Final = (1 << 49) - 1


class RawEvent(NamedTuple):
    """One stored event: its `_id`, what it adds to each sum (`packed_sums`), its rating in hundredths or -1."""

    product: int
    time_ms: int
    partition: int
    offset: int
    generation: int
    packed: int
    rating: int


Complain: TypeAlias = Callable[[Any, str], None]
Numbers: TypeAlias = tuple[int, int, int, int, int, int, int]
"""A `RawEvent` as a plain tuple, which costs less."""


def events_of(batch: bytes, malformed: Complain) -> Iterator[Numbers]:
    """The events of a raw batch, as `RawEvent` has them.

    `malformed` is called with the `_id` and the problem of a document that is no event.
    """
    position, end = 0, len(batch)
    while position < end:
        length = _INT32.unpack_from(batch, position)[0]
        if length == _SOLD.size:
            row = _SOLD.unpack_from(batch, position)
            if row[::2] == _SOLD_FIXED and row[15] >> 49 == _AMOUNT_EXPONENT and row[11] >= 0:
                amount = (row[15] & _COEFFICIENT) << 64 | row[13]
                packed = amount << AMOUNT_SHIFT | row[11] << UNITS_SHIFT | ONE_SALE
                yield row[1], row[3], row[5], row[7], row[9], packed, NO_RATING
                position += length
                continue
        elif length == _RATED.size:
            row = _RATED.unpack_from(batch, position)
            if row[::2] == _RATED_FIXED and row[13] == _RATING_HIGH_WORD and row[11] <= _MOST_RATING:
                yield row[1], row[3], row[5], row[7], row[9], ONE_RATING | row[11], row[11]
                position += length
                continue
        event = _in_general(batch[position : position + length], malformed)
        if event is not None:
            yield event
        position += length


def _in_general(document: bytes, malformed: Complain) -> RawEvent | None:
    """An event in any layout that means the same; None, and a complaint, for what is no event."""
    decoded: dict[str, Any] = {}
    try:
        decoded = bson.decode(document)
        product, time_ms, partition, offset, generation = (_integer(decoded["_id"][name]) for name in "ptkog")
        return RawEvent(product, time_ms, partition, offset, generation, *numbers_of(decoded))
    except (BSONError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        malformed(decoded.get("_id"), f"{type(error).__name__}: {error}")
        return None


def numbers_of(decoded: dict[str, Any]) -> tuple[int, int]:
    """What a decoded event adds to the sums, and its rating or -1. Raises what reading wrong fields raises."""
    if decoded["event"] == PRODUCT_SOLD:
        units, amount = _integer(decoded["no_of_units"]), _decimal(decoded["amount"], AMOUNT_DECIMALS)
        if not 0 <= units < 2**31 or not 0 <= amount < 10 ** (18 + AMOUNT_DECIMALS):
            raise ValueError("units or amount are beyond the contract's limits")
        return amount << AMOUNT_SHIFT | units << UNITS_SHIFT | ONE_SALE, NO_RATING
    if decoded["event"] == PRODUCT_RATED:
        rating = _decimal(decoded["rating"], RATING_DECIMALS)
        if not 0 <= rating <= _MOST_RATING:
            raise ValueError("the rating is not from 0 to 5")
        return ONE_RATING | rating, rating
    raise ValueError("its event is neither a sale nor a rating")


def _integer(value: object) -> int:
    if type(value) is bool or not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return int(value)


def _decimal(value: object, decimals: int) -> int:
    if not isinstance(value, Decimal128):
        raise TypeError(f"{value!r} is not a Decimal128")
    return scaled(value, decimals)
