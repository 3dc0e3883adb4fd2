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


@lru_cache(maxsize=4_096)
def bin_fields(prefix: bytes, bins: int) -> bytes:
    """The element of each bin that has ratings: `prefix` and the bin's number, and how many there are.

    A product mostly has one or two ratings in a minute of a batch, so the cache mostly has the answer: 600 entries are
    all places and bins of a single one. It takes 1 MB at most; with half of it, two ratings of a minute, in any two
    bins, push single ones out.
    """
    counts = zip(_names(prefix), _COUNTS(bins.to_bytes(_BYTES, "little")), strict=True)
    return b"".join([name + INT32(count) for name, count in counts if count])


@lru_cache(maxsize=256)
def _names(prefix: bytes) -> list[bytes]:
    """The type byte and the name of each bin's element."""
    return [b"\x10%b%d\0" % (prefix, bin_) for bin_ in range(HISTOGRAM_BINS)]
