"""Columns of whole numbers as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.columns import packed, unpacked

NUMBERS = st.integers(0, 2**128 - 1) | st.integers(0, 300) | st.sampled_from([2**8, 2**16, 2**32, 2**64, 2**64 - 1])


@given(st.lists(NUMBERS, max_size=40))
def test_numbers_come_back_as_they_were(numbers: list[int]) -> None:
    assert list(unpacked(packed(numbers), len(numbers))) == numbers


@pytest.mark.parametrize(
    ("numbers", "column"),
    [
        ([0, 0], b""),
        ([1, 255], b"\x01\xff"),
        ([1, 256], b"\x01\0\0\x01"),
        ([2**16], b"\0\0\x01\0"),
        ([2**32], b"\0\0\0\0\x01\0\0\0"),
        ([2**64], bytes(8) + b"\x01" + bytes(7)),
    ],
)
def test_a_column_is_as_narrow_as_its_largest_number_allows(numbers: list[int], column: bytes) -> None:
    assert packed(numbers) == column


@pytest.mark.parametrize(("column", "rows"), [(b"\x01", 0), (b"\x01\x02\x03", 2), (b"\x01\x02\x03", 1)])
def test_bytes_that_are_no_column_are_refused(column: bytes, rows: int) -> None:
    with pytest.raises(ValueError, match="are no column of"):
        unpacked(column, rows)


@pytest.mark.parametrize("numbers", [[2**128], [-1, 3], [-1, 2**64]])
def test_numbers_that_no_column_holds_are_refused(numbers: list[int]) -> None:
    with pytest.raises(OverflowError):
        packed(numbers)
