r"""A day's events as numbers, straight from the BSON that MongoDB sends.

The audit asks MongoDB for the fields of `PROJECTION` only, which drops the texts and the unknown fields. What is left
of an event that the consumer wrote has one layout for a sale and one for a rating, both of fixed length, so one
`struct` reads a whole event. An event in any other layout, which another program has written, is decoded as BSON in
general and judged field by field: slower, with the same result.

A sale has 126 bytes. On the right are the elements of the tuple that `_SOLD` unpacks it to:

    byte   0   7e 00 00 00         length of the document: 126 ┐
           4   03 "_id\0"          a document                  │
           9   34 00 00 00         length of the _id: 52       │
          13   12 "p\0"            a 64-bit integer            ┘ row[0]   fixed, 16 bytes
          16   8 bytes             p: product id                 row[1]   a number
          24   12 "t\0"            a 64-bit integer              row[2]   fixed
          27   8 bytes             t: event time, ms since 1970  row[3]   a number
          35   10 "k\0"            a 32-bit integer              row[4]   fixed
          38   4 bytes             k: Kafka partition            row[5]   a number
          42   12 "o\0"            a 64-bit integer              row[6]   fixed
          45   8 bytes             o: Kafka offset               row[7]   a number
          53   10 "g\0"            a 32-bit integer              row[8]   fixed
          56   4 bytes             g: generation                 row[9]   a number
          60   00                  end of the _id              ┐
          61   02 "event\0"        a text                      │
          68   0c 00 00 00         length of the text: 12      │
          72   "productSold\0"                                 │
          84   10 "no_of_units\0"  a 32-bit integer            ┘ row[10]  fixed, 37 bytes
          97   4 bytes             no_of_units                   row[11]  a number
         101   13 "amount\0"       a Decimal128                  row[12]  fixed
         109   8 bytes             amount: its low word          row[13]  a number
         117   no bytes                                          row[14]  fixed: empty
         117   8 bytes             amount: its high word         row[15]  a number
         125   00                  end of the document           row[16]  fixed

A rating has 110 bytes. Its first 60 are as above but for its length, 6e 00 00 00; `_RATED` unpacks the rest to:

    byte  60   00                  end of the _id              ┐
          61   02 "event\0"        a text                      │
          68   0d 00 00 00         length of the text: 13      │
          72   "productRated\0"                                │
          85   13 "rating\0"       a Decimal128                ┘ row[10]  fixed, 33 bytes
          93   8 bytes             rating: its low word          row[11]  a number
         101   no bytes                                          row[12]  fixed: empty
         101   8 bytes             rating: its high word         row[13]  a number
         109   00                  end of the document           row[14]  fixed

The even elements of a row are bytes that every such event has, and one comparison checks them all (`row[::2]`). The odd
elements are the numbers. The empty elements keep that order where two numbers follow each other.

A Decimal128 is a sign (1 bit), an exponent plus 6,176 (14 bits) and a coefficient (113 bits). The low word holds the
lower 64 bits of the coefficient, the high word its upper 49 bits under the exponent and the sign. An amount of 12.50
has the coefficient 12,500,000 and the exponent -6: low word 12,500,000, high word (6,176 - 6) << 49.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

import bson
from bson.decimal128 import Decimal128
from bson.errors import BSONError

from scripts.audit.reading.packed_sums import AMOUNT_SHIFT, OF_RATING, ONE_SALE, UNITS_SHIFT
from shared.decimals import scaled
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

PROJECTION: Final = {"_id": 1, "event": 1, "no_of_units": 1, "amount": 1, "rating": 1}
NO_RATING: Final = -1
"""The rating of a sale; a rating is 0 or more."""

_INT32: Final = Struct("<i")
_ID: Final = "16sq3sq3si3sq3si"
_ID_NAMES: Final = (b"\x12t\0", b"\x10k\0", b"\x12o\0", b"\x10g\0")
_SOLD_NAME: Final = b"\0\x02event\0\x0c\0\0\0productSold\0\x10no_of_units\0"
_AMOUNT_NAME: Final = b"\x13amount\0"
_RATED_NAME: Final = b"\0\x02event\0\x0d\0\0\0productRated\0\x13rating\0"
_SOLD: Final = Struct(f"<{_ID}{len(_SOLD_NAME)}si{len(_AMOUNT_NAME)}sQ0sQ1s")
_RATED: Final = Struct(f"<{_ID}{len(_RATED_NAME)}sQ0sQ1s")


def _opening(layout: Struct) -> bytes:
    """The first 16 bytes of a document of this layout, up to the value of `p`."""
    return _INT32.pack(layout.size) + b"\x03_id\0" + _INT32.pack(52) + b"\x12p\0"


_SOLD_FIXED: Final = (_opening(_SOLD), *_ID_NAMES, _SOLD_NAME, _AMOUNT_NAME, b"", b"\0")
_RATED_FIXED: Final = (_opening(_RATED), *_ID_NAMES, _RATED_NAME, b"", b"\0")
"""The even elements of a row."""

_BIAS: Final = 6176
"""What Decimal128 adds to an exponent, so that it is stored as a positive number (IEEE 754-2008)."""
_AMOUNT_EXPONENT: Final = _BIAS - AMOUNT_DECIMALS
_RATING_HIGH_WORD: Final = (_BIAS - RATING_DECIMALS) << 49
"""A rating is at most 500 hundredths, so its coefficient leaves the high word's lower bits zero."""
_MOST_RATING: Final = 5 * 10**RATING_DECIMALS
_COEFFICIENT: Final = (1 << 49) - 1
"""The high word's part of the coefficient."""


class RawEvent(NamedTuple):
    """One stored event: the fields of its `_id`, its packed sums (see `packed_sums`), and its rating in hundredths, or
    `NO_RATING`."""

    product: int
    time_ms: int
    partition: int
    offset: int
    generation: int
    packed: int
    rating: int


ReportMalformed: TypeAlias = Callable[[Any, str], None]
"""Is called with the `_id` of a document that is not an event, and with what is wrong as a sentence."""
EventNumbers: TypeAlias = tuple[int, int, int, int, int, int, int]
"""The fields of a `RawEvent` as a plain tuple, which costs less to make."""


def events_of(batch: bytes, report_malformed: ReportMalformed) -> Iterator[EventNumbers]:
    """The events of a raw batch, as tuples of `RawEvent`'s fields.

    Raises nothing for a document that is not an event: `report_malformed` is called with it, and the next one follows.
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
                yield row[1], row[3], row[5], row[7], row[9], OF_RATING[row[11]], row[11]
                position += length
                continue
        event = _decode_any_layout(batch[position : position + length], report_malformed)
        if event is not None:
            yield event
        position += length


def _decode_any_layout(document: bytes, report_malformed: ReportMalformed) -> RawEvent | None:
    """An event with its fields in any order and integers of any type; None, and a report, for anything else."""
    decoded: dict[str, Any] = {}
    try:
        decoded = bson.decode(document)
        identity = decoded["_id"]
        if not isinstance(identity, dict):
            raise TypeError("its _id is not a document")
        product, time_ms, partition, offset, generation = (_integer(identity[name]) for name in "ptkog")
        return RawEvent(product, time_ms, partition, offset, generation, *sums_and_rating(decoded))
    except MALFORMED as error:
        report_malformed(decoded.get("_id"), what_is_malformed(error))
        return None


MALFORMED: Final = (BSONError, LookupError, TypeError, ValueError, ArithmeticError)
"""What reading the fields of a document that is not an event raises."""


def what_is_malformed(error: Exception) -> str:
    """One of the errors `MALFORMED`, as a sentence for a person."""
    match error:
        case BSONError():
            return "its BSON cannot be decoded"
        case KeyError():
            return f"it lacks the field {error.args[0]}"
        case ArithmeticError():
            return "one of its numbers is not finite"
    return str(error)


def sums_and_rating(decoded: dict[str, Any]) -> tuple[int, int]:
    """A decoded event's packed sums, and its rating in hundredths or `NO_RATING`.

    Raises one of `MALFORMED` where the fields are not those of an event.
    """
    if decoded["event"] == PRODUCT_SOLD:
        units, amount = _integer(decoded["no_of_units"]), _decimal(decoded["amount"], AMOUNT_DECIMALS)
        if not 0 <= units < 2**31 or not 0 <= amount < 10 ** (18 + AMOUNT_DECIMALS):
            raise ValueError("units or amount are beyond the contract's limits")
        return amount << AMOUNT_SHIFT | units << UNITS_SHIFT | ONE_SALE, NO_RATING
    if decoded["event"] == PRODUCT_RATED:
        rating = _decimal(decoded["rating"], RATING_DECIMALS)
        if not 0 <= rating <= _MOST_RATING:
            raise ValueError("the rating is not from 0 to 5")
        return OF_RATING[rating], rating
    raise ValueError("its event is neither a sale nor a rating")


def _integer(value: object) -> int:
    if type(value) is bool or not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return int(value)


def _decimal(value: object, decimals: int) -> int:
    if not isinstance(value, Decimal128):
        raise TypeError(f"{value!r} is not a Decimal128")
    return scaled(value, decimals)
