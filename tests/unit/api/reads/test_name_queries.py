"""The range of keys that begin with a text, as MongoDB and Python compare them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.reads.names.latest_names import LatestName
from api.reads.names.queries import Keys, Place, places
from shared.name_key import name_key

TEXTS = st.text(max_size=6) | st.text("a\U0010ffff\ud7ff\ue000\0", max_size=6)


def is_in_range(keys: Keys, key: str) -> bool:
    """As MongoDB does it, which compares the bytes of UTF-8."""
    encoded = key.encode()
    return keys.first.encode() <= encoded and (keys.end is None or encoded < keys.end.encode())


@given(TEXTS, TEXTS, TEXTS)
@example("a\ud7ff"[:-1] + "\ud7ff", "\ud7ffx", "a\ue000")
@example("\U0010ffff", "\U0010ffff", "")
@example("a\U0010ffff", "\U0010ffffz", "b")
def test_the_range_holds_what_begins_with_the_text_and_nothing_else(text: str, rest: str, other: str) -> None:
    keys = Keys.beginning_with(text)
    assert is_in_range(keys, text + rest)
    assert keys.have(text + rest)
    assert is_in_range(keys, other) == other.startswith(text) == keys.have(other)


@pytest.mark.parametrize(
    ("text", "end"),
    [("pro", "prp"), ("", None), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("\ud7ff", "\ue000"), ("a\0", "a\1")],
)
def test_where_the_range_ends(text: str, end: str | None) -> None:
    assert Keys.beginning_with(text) == Keys(text, end)


def test_a_text_to_find_is_a_value_and_never_a_pattern_or_an_operator() -> None:
    match = places(Keys.beginning_with(name_key("$gt.*")), None, 3)[0]
    assert match == {"$match": {"latest.key": {"$gte": "$gt.*", "$lt": "$gt.+"}}}
    behind = places(Keys.beginning_with("p"), Place("pa", 7), 3)[0]["$match"]["$or"]
    assert behind == [
        {"latest.key": "pa", "_id.p": {"$gt": 7}},
        {"latest.key": {"$gt": "pa", "$lt": "q"}},
    ]


@pytest.mark.parametrize(
    ("key", "stored", "place"),
    [
        ("ab", {"ab", "ac"}, "ab"),
        ("b", {"b", "aa", "ac"}, "ac"),
        (None, {"aa"}, "aa"),
        ("b", {"b", "c"}, None),
        (None, set(), None),
    ],
)
def test_the_place_of_a_product_is_that_of_its_latest_name_else_of_its_last_older_one(
    key: str | None, stored: set[str], place: str | None
) -> None:
    name = LatestName("name", None, key, frozenset(stored))
    assert name.key_among(Keys.beginning_with("a")) == place
