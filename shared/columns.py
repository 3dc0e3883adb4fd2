"""Columns: many whole numbers, 0 or more, as bytes of one width, the lowest byte first.

Each column takes the narrowest width that holds its largest number, of 1, 2, 4, 8 or 16 bytes; one of zeros takes none.
16 bytes hold any sum of amounts that Decimal128 holds: 10^34 is less than 2^113. The number of rows is kept beside the
columns, so the width follows from a column's length: 12 bytes of 3 rows are 4 bytes a row.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}
_WIDEST: Final = 16


def packed(numbers: Sequence[int]) -> bytes:
    """The column of these numbers. Raises OverflowError for one that is negative, or has more than 128 bits."""
    width = _width(max(numbers, default=0))
    if not width:
        return b""
    if width == _WIDEST:
        return b"".join(number.to_bytes(_WIDEST, "little") for number in numbers)
    try:
        return _layout(width, len(numbers)).pack(*numbers)
    except struct.error as error:
        raise OverflowError("a column holds no negative numbers") from error


def unpacked(column: bytes, rows: int) -> Sequence[int]:
    """The numbers of a column. Raises ValueError where its length does not fit so many rows."""
    if not column:
        return (0,) * rows
    width, rest = divmod(len(column), rows) if rows else (0, 1)
    if rest or width not in (*_CODES, _WIDEST):
        raise ValueError(f"{len(column)} bytes are no column of {rows} rows")
    if width == _WIDEST:
        return [int.from_bytes(column[at : at + _WIDEST], "little") for at in range(0, len(column), _WIDEST)]
    return _layout(width, rows).unpack(column)


def _width(largest: int) -> int:
    """Bytes a row: 0 for zeros."""
    if not largest:
        return 0
    return next((width for width in _CODES if largest >> 8 * width == 0), _WIDEST)


@lru_cache(maxsize=64)
def _layout(width: int, rows: int) -> struct.Struct:
    """How so many rows of a width lie in memory. Kept, since a consumer's batches often have as many products each."""
    return struct.Struct(f"<{rows}{_CODES[width]}")
