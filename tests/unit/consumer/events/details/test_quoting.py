"""A detail has a bounded length, and a quotation of a message is short, ASCII and one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.events.details.quoting import LONGEST_DETAIL, QUOTED_CHARACTERS, detail, found, keys, listed, quoted


def test_a_sentence_that_does_not_fit_is_left_out_and_a_shorter_one_after_it_is_not() -> None:
    assert detail("first", "x" * LONGEST_DETAIL, "", "third") == "first; third"
    assert detail("first", "x" * (LONGEST_DETAIL - 7)) == f"first; {'x' * (LONGEST_DETAIL - 7)}"
    assert detail("first", "x" * (LONGEST_DETAIL - 6)) == "first"


def test_a_first_sentence_that_does_not_fit_is_cut() -> None:
    assert detail("x" * 1000, "second") == f"{'x' * (LONGEST_DETAIL - 3)}..."


@given(st.text(max_size=300))
def test_a_quotation_is_short_ascii_and_one_line(text: str) -> None:
    shown = quoted(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= QUOTED_CHARACTERS + len("''... (300 characters)")
    assert shown == ascii(text) or shown.endswith(f"... ({len(text)} characters)")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "null"),
        (True, "true"),
        (7, "the number 7"),
        ("x", "the text 'x'"),
        ([], "an empty array"),
        ([1, 2], "an array of 2 elements"),
        ({}, "an empty object"),
        ({"a": 1}, "an object with the key 'a'"),
        (dict.fromkeys("abcdefgh"), "an object with the keys 'a', 'b', 'c', 'd', 'e', 'f' and 2 more"),
    ],
)
def test_a_value_is_named_as_a_noun(value: object, said: str) -> None:
    assert found(value) == said


def test_words_are_listed_as_in_a_sentence() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed("abc")] == ["", "a", "a and b", "a, b and c"]
    assert keys(["x" * 500]) == f"the key '{'x' * 30}'... (500 characters)"
