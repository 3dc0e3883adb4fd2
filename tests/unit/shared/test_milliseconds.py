"""A moment's milliseconds are exact, in every year."""

from datetime import datetime

import pytest

from shared.documents import milliseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00.001999+00:00", 1),
        ("2039-08-07T01:37:16.838000+00:00", 2_196_293_836_838),
        ("2500-08-26T23:42:05.872999+00:00", 16_745_787_725_872),
    ],
)
def test_milliseconds_are_exact_and_the_rest_is_cut_off(text: str, expected: int) -> None:
    assert milliseconds(datetime.fromisoformat(text)) == expected
