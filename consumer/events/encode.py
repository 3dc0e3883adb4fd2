"""One accepted event -> the BSON document that `events_YYYYMMDD` stores. Pure.

The fixed part of a document is one `struct` and its texts follow, which costs a tenth of encoding nested dicts;
`as_document` says the same as a dict, and a test holds the two together, byte for byte.
"""

from functools import lru_cache
from struct import Struct, pack
from typing import Final

import bson
from bson.int64 import Int64

from consumer.events.event import Event, Rated, Sold
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS, Document, decimal128, decimal128_words
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

_ID: Final = b"\x03_id\0" + pack("<i", 4 + 11 + 11 + 7 + 11 + 7 + 1) + b"\x12p\0"
_TIME: Final = b"\x12t\0"
_SOLD_EVENT: Final = b"\0\x02event\0\x0c\0\0\0productSold\0\x10no_of_units\0"
_RATED_EVENT: Final = b"\0\x02event\0\x0d\0\0\0productRated\0\x13rating\0"
_AMOUNT: Final = b"\x13amount\0"
_NAME: Final = b"\x02name_of_product\0"
_CATEGORY: Final = b"\0\x02category\0"
_EXTRA: Final = b"\0\x03extra\0"

_PLACE: Final = "10s q"
"""The partition, up to the offset's value, and the offset."""
_SOLD: Final = Struct(f"<i {len(_ID)}s q 3s q {_PLACE} {7 + len(_SOLD_EVENT)}s i {len(_AMOUNT)}s QQ {len(_NAME)}s i")
_RATED: Final = Struct(f"<i {len(_ID)}s q 3s q {_PLACE} {7 + len(_RATED_EVENT)}s QQ {len(_NAME)}s i")
_SOLD_BYTES: Final = _SOLD.size
_RATED_BYTES: Final = _RATED.size
_length = Struct("<i").pack

_LOW: Final = 2**64 - 1
_AMOUNT_HIGH: Final = decimal128_words(0, AMOUNT_DECIMALS)[1]
_RATING_HIGH: Final = decimal128_words(0, RATING_DECIMALS)[1]
"""The high words of small numbers: the exponent alone. A rating is always small, an amount has its upper bits there."""


class Encoder:
    """Encodes events read from `partition` in the topic's `generation`."""

    __slots__ = ("_partition", "_rated", "_sold")

    def __init__(self, partition: int, generation: int) -> None:
        self._partition = b"\x10k\0" + _length(partition) + b"\x12o\0"
        self._sold = b"\x10g\0" + _length(generation) + _SOLD_EVENT
        self._rated = b"\x10g\0" + _length(generation) + _RATED_EVENT

    def encode(self, event: Event, offset: int) -> bytes:
        """The stored document of the event that was read at `offset`."""
        name, extra = event.name.encode(), event.extra
        tail = b"\0\0" if extra is None else _extra(extra)
        if type(event) is Sold:
            amount = event.amount
            return _SOLD.pack(
                _SOLD_BYTES + len(name) + len(tail), _ID, event.product, _TIME, event.time_ms, self._partition, offset,
                self._sold, event.units, _AMOUNT, amount & _LOW, _AMOUNT_HIGH + (amount >> 64), _NAME, len(name) + 1,
            ) + name + tail  # fmt: skip
        tail = _category(event.category) + tail
        return _RATED.pack(
            _RATED_BYTES + len(name) + len(tail), _ID, event.product, _TIME, event.time_ms, self._partition, offset,
            self._rated, event.rating, _RATING_HIGH, _NAME, len(name) + 1,
        ) + name + tail  # fmt: skip


@lru_cache(maxsize=1024)
def _category(category: str) -> bytes:
    text = category.encode()
    return _CATEGORY + _length(len(text) + 1) + text


def _extra(extra: Document) -> bytes:
    return _EXTRA + bson.encode(extra) + b"\0"


def as_document(event: Event, partition: int, offset: int, generation: int) -> Document:
    """What an `Encoder` writes, as a dict, fields in the same order and of the same BSON types."""
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
    return {"_id": identity, **fields} | ({} if event.extra is None else {"extra": event.extra})
