"""One accepted event -> the BSON document that `events_YYYYMMDD` stores. Pure.

The fixed part of a document is one `struct` and its texts follow, which costs a fifth of encoding nested dicts;
`as_document` says the same as a dict, and a test holds the two together, byte for byte.
"""

from struct import Struct
from typing import Final

import bson
from bson.int64 import Int64

from consumer.decode import Event, Rated, Sold
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS, Document, decimal128, decimal128_words
from shared.events import PRODUCT_RATED, PRODUCT_SOLD

_INT32: Final = Struct("<i")
_ID: Final = "i5si 3sq 3sq 3si 3sq 3si"
_OPEN: Final = (b"\x03_id\0", 4 + 11 + 11 + 7 + 11 + 7 + 1, b"\x12p\0")
_T, _K, _O, _G = b"\x12t\0", b"\x10k\0", b"\x12o\0", b"\x10g\0"

_SOLD_EVENT: Final = b"\0\x02event\0\x0c\0\0\0productSold\0\x10no_of_units\0"
_RATED_EVENT: Final = b"\0\x02event\0\x0d\0\0\0productRated\0\x13rating\0"
_AMOUNT: Final = b"\x13amount\0"
_NAME: Final = b"\x02name_of_product\0"
_CATEGORY: Final = b"\0\x02category\0"
_EXTRA: Final = b"\0\x03extra\0"

_SOLD: Final = Struct(f"<{_ID} {len(_SOLD_EVENT)}si {len(_AMOUNT)}sQQ {len(_NAME)}si")
_RATED: Final = Struct(f"<{_ID} {len(_RATED_EVENT)}sQQ {len(_NAME)}si")


def encode(event: Event, partition: int, offset: int, generation: int) -> bytes:
    """The stored document of `event`, which was read at `offset` of `partition`."""
    name = event.name.encode()
    if isinstance(event, Sold):
        low, high = decimal128_words(event.amount, AMOUNT_DECIMALS)
        tail = b"\0\0" if event.extra is None else _extra(event.extra)
        return _SOLD.pack(
            _SOLD.size + len(name) + len(tail), *_OPEN, event.product, _T, event.time_ms, _K, partition, _O, offset,
            _G, generation, _SOLD_EVENT, event.units, _AMOUNT, low, high, _NAME, len(name) + 1,
        ) + name + tail  # fmt: skip
    low, high = decimal128_words(event.rating, RATING_DECIMALS)
    tail = b"\0\0" if event.extra is None else _extra(event.extra)
    category = event.category.encode()
    tail = b"".join((_CATEGORY, _INT32.pack(len(category) + 1), category, tail))
    return _RATED.pack(
        _RATED.size + len(name) + len(tail), *_OPEN, event.product, _T, event.time_ms, _K, partition, _O, offset,
        _G, generation, _RATED_EVENT, low, high, _NAME, len(name) + 1,
    ) + name + tail  # fmt: skip


def _extra(extra: Document) -> bytes:
    return b"".join((_EXTRA, bson.encode(extra), b"\0"))


def as_document(event: Event, partition: int, offset: int, generation: int) -> Document:
    """What `encode` writes, as a dict, fields in the same order and of the same BSON types."""
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
