"""One accepted event -> the BSON document that `events_YYYYMMDD` stores. Pure.

A document is laid out by hand, which costs a tenth of encoding nested dicts: one `struct` packs everything of fixed
length, the texts follow. `as_document` builds the same document as a dict, and a test compares the two byte for byte.
A sale of 12.50 at offset 42 of partition 3, in the topic's first generation (BSON's type bytes in hex):

    length  4 bytes, of the whole document
    03 _id\\0   length 55
        12 p\\0   product, 8 bytes
        12 t\\0   event time in UTC milliseconds, 8 bytes
        10 k\\0   partition, 4 bytes               3
        12 o\\0   offset, 8 bytes                  42
        10 g\\0   generation, 4 bytes              1
        00
    02 event\\0            length 12  productSold\\0
    10 no_of_units\\0      units, 4 bytes
    13 amount\\0           Decimal128 of 12_500_000 millionths: low word, high word
    02 name_of_product\\0  length  name\\0
    03 extra\\0            the unknown fields, as far as BSON can hold them
    02 extra_json\\0       else all of them, the text of a JSON object: length  text\\0
    02 event_id\\0         length  the event's id\\0
    00

The last three elements are left out where an event has no such thing.

A rating has `13 rating\\0` and its Decimal128 in place of units and amount, and `02 category\\0` after the name.
"""

from functools import lru_cache
from struct import Struct, pack
from typing import Final

import bson
from bson.int64 import Int64

from consumer.events.event import Event, Rated, Sold
from shared.decimals import LOW_WORD, decimal128, exponent_word
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS, Document
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

_ID: Final = b"\x03_id\0" + pack("<i", 4 + 11 + 11 + 7 + 11 + 7 + 1) + b"\x12p\0"
_TIME: Final = b"\x12t\0"
_SOLD_EVENT: Final = b"\0\x02event\0\x0c\0\0\0productSold\0\x10no_of_units\0"
_RATED_EVENT: Final = b"\0\x02event\0\x0d\0\0\0productRated\0\x13rating\0"
_AMOUNT: Final = b"\x13amount\0"
_NAME: Final = b"\x02name_of_product\0"
_CATEGORY: Final = b"\0\x02category\0"
_EXTRA: Final = b"\0\x03extra\0"
_EXTRA_JSON: Final = b"\0\x02extra_json\0"
_EVENT_ID: Final = b"\x02event_id\0"
_END: Final = b"\0\0"
"""The end of a text, then the end of the document."""

_COORDINATES: Final = "10s q"
"""From the partition's type byte to the offset: ten bytes that are the same for all events of a partition, the
offset."""
_SOLD: Final = Struct(
    f"<i {len(_ID)}s q 3s q {_COORDINATES} {7 + len(_SOLD_EVENT)}s i {len(_AMOUNT)}s QQ {len(_NAME)}s i"
)
_RATED: Final = Struct(f"<i {len(_ID)}s q 3s q {_COORDINATES} {7 + len(_RATED_EVENT)}s QQ {len(_NAME)}s i")
_SOLD_BYTES: Final = _SOLD.size
_RATED_BYTES: Final = _RATED.size
_length = Struct("<i").pack

_AMOUNT_HIGH: Final = exponent_word(AMOUNT_DECIMALS)
_RATING_HIGH: Final = exponent_word(RATING_DECIMALS)
"""A rating is below 2^64, so this is all of its high word; an amount's upper bits are added to its own."""


class Encoder:
    """Encodes events that were read from `partition` in the topic's `generation`."""

    __slots__ = ("_partition", "_rated", "_sold")

    def __init__(self, partition: int, generation: int) -> None:
        self._partition = b"\x10k\0" + _length(partition) + b"\x12o\0"
        self._sold = b"\x10g\0" + _length(generation) + _SOLD_EVENT
        self._rated = b"\x10g\0" + _length(generation) + _RATED_EVENT

    def encode(self, event: Event, offset: int) -> bytes:
        """The document of the event that was read at `offset`.

        Raises BSONError, OverflowError or ValueError where BSON cannot hold an unknown field.
        """
        name = event.name.encode()
        if event.unknown_fields is None and event.identity is None and event.unknown_json is None:
            tail = _END
        else:
            tail = _tail(event)
        if type(event) is Sold:
            amount = event.amount
            return _SOLD.pack(
                _SOLD_BYTES + len(name) + len(tail), _ID, event.product, _TIME, event.time_ms, self._partition, offset,
                self._sold, event.units, _AMOUNT, amount & LOW_WORD, _AMOUNT_HIGH + (amount >> 64), _NAME,
                len(name) + 1,
            ) + name + tail  # fmt: skip
        tail = _category(event.category) + tail
        return _RATED.pack(
            _RATED_BYTES + len(name) + len(tail), _ID, event.product, _TIME, event.time_ms, self._partition, offset,
            self._rated, event.rating, _RATING_HIGH, _NAME, len(name) + 1,
        ) + name + tail  # fmt: skip


@lru_cache(maxsize=1024)
def _category(category: str) -> bytes:
    """The element of a category. Shops have dozens of categories, of 128 characters at most: the cache stays small."""
    text = category.encode()
    return _CATEGORY + _length(len(text) + 1) + text


def _tail(event: Event) -> bytes:
    """What follows the last text of an event: the end of that text, the optional elements, the end of the document."""
    tail = b"\0"
    if event.unknown_fields is not None:
        tail = _EXTRA + bson.encode(event.unknown_fields)
    elif event.unknown_json is not None:
        tail = _EXTRA_JSON + _text(event.unknown_json)
    if event.identity is not None:
        tail += _EVENT_ID + _text(event.identity.event_id)
    return tail + b"\0"


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _length(len(encoded) + 1) + encoded + b"\0"


def as_document(event: Event, partition: int, offset: int, generation: int) -> Document:
    """The document that an `Encoder` writes, as a dict: fields in the same order and of the same BSON types."""
    identity = {
        "p": Int64(event.product), "t": Int64(event.time_ms), "k": partition, "o": Int64(offset), "g": generation,
    }  # fmt: skip
    fields: Document
    if isinstance(event, Rated):
        fields = {"event": PRODUCT_RATED, "rating": decimal128(event.rating, RATING_DECIMALS)}
        fields |= {"name_of_product": event.name, "category": event.category}
    else:
        fields = {"event": PRODUCT_SOLD, "no_of_units": event.units}
        fields |= {"amount": decimal128(event.amount, AMOUNT_DECIMALS), "name_of_product": event.name}
    more = {
        "extra": event.unknown_fields,
        "extra_json": event.unknown_json,
        "event_id": event.identity and event.identity.event_id,
    }
    return {"_id": identity, **fields} | {name: value for name, value in more.items() if value is not None}
