"""Ratings by bin, as `Sums.bins` holds them -> the elements of a document or of `$inc`. Pure."""

from functools import lru_cache
from struct import Struct
from typing import Final

from consumer.batches.sums import BIN_BITS
from consumer.storage.statements.bson_parts import INT32
from shared.documents import HISTOGRAM_BINS

_BYTES: Final = HISTOGRAM_BINS * BIN_BITS // 8
_COUNTS: Final = Struct(f"<{HISTOGRAM_BINS}I").unpack
"""`BIN_BITS` bits, ten times."""
_FEW: Final = 16
"""So many ratings and more of a bin are rare in one product's minute of a batch, and are encoded where they occur. With
half as many, products with 20 ratings in a batch often have a bin that is not at hand; with twice as many, the elements
at hand take twice the memory, which is 0.6 MB for the 67 prefixes of an hour, its blocks and its minutes."""


def bin_fields(prefix: bytes, bins: int) -> bytes:
    """The element of each bin that has ratings: `prefix` and the bin's number, and how many there are."""
    counts = _COUNTS(bins.to_bytes(_BYTES, "little"))
    try:
        return b"".join([elements[count] for elements, count in zip(_elements(prefix), counts, strict=True)])
    except IndexError:
        return b"".join([_name(prefix, bin_) + INT32(count) for bin_, count in enumerate(counts) if count])


@lru_cache(maxsize=256)
def _elements(prefix: bytes) -> list[list[bytes]]:
    """For each bin, the elements of 0, 1, 2 … ratings. The one of none is empty, since such a bin is left out."""
    return [[b"", *(_name(prefix, bin_) + INT32(count) for count in range(1, _FEW))] for bin_ in range(HISTOGRAM_BINS)]


def _name(prefix: bytes, bin_: int) -> bytes:
    """The type byte and the name of a bin's element."""
    return b"\x10%b%d\0" % (prefix, bin_)
