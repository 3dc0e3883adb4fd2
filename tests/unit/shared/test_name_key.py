"""A name's key: what Unicode calls one name has one, and the part of a name that a person has typed begins it."""

# ruff: noqa: RUF001

import sys
from unicodedata import category, combining, normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.name_key import MOST_CHARACTERS, name_key

NAMES = st.text(max_size=40) | st.text(
    "aAıİiIßẞǅŉﬁΐ\u0345\u0301\u0323\u3099가각한ㅎ\u200d\ufe0f①％ ﷺ\U0010ffff\0", max_size=12
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Chair", "chair"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İstanbul", "i\u0307stanbul"),
        ("Isparta", "isparta"),
        ("ıspanak", "ıspanak"),
        ("ΣΊΣΥΦΟΣ", "σι\u0301συφοσ"),
        ("Σίσυφος", "σι\u0301συφοσ"),
        ("ﬁle ① ℡", "file 1 tel"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("Café", "cafe\u0301"),
        ("Cafe\u0301", "cafe\u0301"),
        ("한", "\u1112\u1161\u11ab"),
        ("👩\u200d💻 ❤\ufe0f", "👩💻 ❤"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\u200b\u2060\ufe0f", ""),
        ("", ""),
        ("a\0B", "a\0b"),
        (".*$gt{'\"", ".*$gt{'\""),
        ("\U0010ffff", "\U0010ffff"),
    ],
)
def test_a_key_has_no_case_no_forms_and_nothing_invisible(name: str, key: str) -> None:
    assert name_key(name) == key


def test_each_character_has_the_key_of_its_other_cases_and_forms() -> None:
    """And the key is its own key, so that keys and texts to find can be compared as they are."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if category(character) in {"Cn", "Co", "Cs"}:  # unassigned, private, half of a surrogate pair
            continue
        key = name_key(character)
        assert name_key(key) == key, hex(code)
        others = {character.lower(), character.casefold(), normalize("NFC", character), normalize("NFKC", character)}
        if character != "ı":  # whose capital is the letter I, which belongs to i in all languages but Turkish
            others.add(character.upper())
        assert {name_key(other) for other in others} == {key}, hex(code)


@given(NAMES)
@example("\u0390\u0345\u0301")
def test_a_key_is_its_own_key_and_that_of_the_names_forms(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert name_key(normalize(form, name)) == key


@given(NAMES, st.integers(0, 40))
@example("Cafe\u0301", 4)
@example("Straße", 5)
@example("한국", 1)
@example("👩\u200d💻", 2)
def test_the_key_of_a_beginning_begins_the_key(name: str, cut: int) -> None:
    """Wherever the cut is not between the marks of one letter, of which the order may be another in the key."""
    rest = name_key(name[cut:])
    if not combining(rest[:1] or "x"):
        assert name_key(name).startswith(name_key(name[:cut]))


@given(st.text("aAéÉ가하한 -1", max_size=20), st.integers(0, 20))
def test_a_beginning_of_a_composed_name_finds_it_wherever_it_is_cut(name: str, cut: int) -> None:
    assert name_key(name).startswith(name_key(name[:cut]))


@pytest.mark.parametrize(
    ("typed", "name"), [("cafe", "Café"), ("하", "한국"), ("ㅎ", "한국"), ("か", "がく"), ("nọ", "nộ")]
)
def test_what_a_person_has_typed_of_a_last_letter_finds_the_name(typed: str, name: str) -> None:
    assert name_key(name).startswith(name_key(typed))


def test_of_marks_in_unicodes_order_each_beginning_finds_the_name() -> None:
    name = "a\u0323\u0301b"  # the dot below stands before the acute
    assert all(name_key(name).startswith(name_key(name[:cut])) for cut in range(5))
    assert not name_key("a\u0301\u0323b").startswith(name_key("a\u0301"))


def test_a_key_has_bounds_that_only_signs_of_whole_words_reach() -> None:
    assert name_key("ﷺ" * 256) == (name_key("ﷺ") * 256)[:MOST_CHARACTERS]
    for longest in ("한" * 256, "\u1f82" * 256, "ộ" * 256, "ﬃ" * 256):
        assert len(name_key(longest)) == len(name_key(longest[0])) * 256
