"""What is wrong with the value of one field, in words for the person who mends the producer. Pure.

The models of `shared.events` say that a value is wrong, and not that `"0233"` has a leading zero. A number and its text
get the same words: `product_id: 9223372036854775808 is more than 9223372036854775807` is said of both.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Final

from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS
from shared.events import (
    AMOUNTS_BELOW,
    MAX_CATEGORY,
    MAX_EVENT_ID,
    MAX_NAME,
    MAX_PRODUCT_ID,
    MAX_RATING,
    MAX_UNITS,
    exact_decimal,
)

QUOTED_CHARACTERS: Final = 40
"""So much of a wrong value is quoted: every number within the limits, and enough of a text to find it at its producer.
At half, long amounts are cut; at twice, a detail with two of them needs more than a line."""

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_UNLIKE_A_NUMBER: Final = (
    (re.compile(r"[+-]"), "has a sign in front, which no number needs"),
    (re.compile(r"0[0-9]"), "has a leading zero"),
    (re.compile(r"\."), "has no digit before the decimal point"),
    (re.compile(r"[0-9]+\.(?![0-9])"), "has no digit after the decimal point"),
)
_NO_DIGIT: Final = re.compile(r"[^0-9]")
_NO_PART_OF_A_NUMBER: Final = re.compile(r"[^0-9.eE+-]")
_KINDS: Final[Mapping[type[object], str]] = {str: "a text", list: "an array", dict: "an object"}
_WORDS: Final[Mapping[object, str]] = {None: "null", True: "true", False: "false"}


def wrong_value(field: str, value: object) -> str:
    """Why the contract rejects `value` in `field`, which it does: "product_id: -1 is less than 0".

    Quotes at most `QUOTED_CHARACTERS` of the value, in ASCII.
    """
    return f"{field}: {_EXPLAINED[field](value)}"


def _integer(most: int, value: object) -> str:
    if type(value) is str:
        number = _NUMBER.fullmatch(value)
        if number is None or value == "-0":
            return _unlike_a_number(value, _NO_DIGIT, "digits alone are allowed")
        is_whole = number[1] is number[2] is None
    elif type(value) is int or type(value) is Decimal:
        is_whole = type(value) is int
    else:
        return f"{_kind(value)} is neither an integer nor its digits as text"
    if not is_whole:
        return f"{_shown(value)} has a decimal point or an exponent, which no integer has"
    return _less_than_0(value) if str(value)[0] == "-" else _more_than(value, most)


def _decimal(decimals: int, limit: int, is_included: bool, value: object) -> str:
    if type(value) is str:
        number = exact_decimal(value) if _NUMBER.fullmatch(value) else None
        if number is None or (value[0] == "-" and not number):
            return _unlike_a_number(value, _NO_PART_OF_A_NUMBER, "digits and one decimal point are allowed")
    elif type(value) is int or type(value) is Decimal:
        number = Decimal(value)
    else:
        return f"{_kind(value)} is neither a number nor its text"
    if not number.is_finite():
        return f"{_shown(value)} has an exponent that no decimal number holds"
    if number < 0:
        return _less_than_0(value)
    if number > limit and is_included:
        return _more_than(value, limit)
    if number >= limit and not is_included:
        return f"{_shown(value)} is not less than {limit}"
    return f"{_shown(value)} has more than {decimals} decimals"


def _text(most: int, value: object) -> str:
    if type(value) is not str:
        return f"{_kind(value)} is not text"
    return f"{len(value)} characters are more than {most}" if value else "the text is empty"


def _time(value: object) -> str:
    found = _quoted(value) if type(value) is str else _kind(value)
    return f"{found} is not a date and time with an offset as in RFC 3339, such as 2026-11-30T09:58:48.954Z"


def _event_id(value: object) -> str:
    if type(value) is str:
        return f"{_text(MAX_EVENT_ID, value)}; 1 to {MAX_EVENT_ID} characters are allowed"
    if type(value) is int:
        return _integer(MAX_PRODUCT_ID, value)
    return f"{_shown(value) if type(value) is Decimal else _kind(value)} is neither a text nor an integer"


def _unlike_a_number(text: str, odd: re.Pattern[str], allowed: str) -> str:
    """Why a text is no number as JSON writes it, or has a sign. `odd` finds a character that does not belong there."""
    if not text:
        return f"the text is empty, {allowed}"
    for unlike, problem in _UNLIKE_A_NUMBER:
        if unlike.match(text):
            return f"{_quoted(text)} {problem}"
    found = odd.search(text)
    return f"{_quoted(text)} {f'holds {_character(found[0])}' if found else 'is no number'}, {allowed}"


def _less_than_0(number: object) -> str:
    return f"{_shown(number)} is less than 0"


def _more_than(number: object, most: int) -> str:
    return f"{_shown(number)} is more than {most}"


def _character(character: str) -> str:
    """A character by itself if it is visible ASCII, by its name in Unicode otherwise."""
    if character.isascii() and character.isprintable() and character != " ":
        return f"'{character}'"
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _kind(value: object) -> str:
    """What kind of JSON value it is."""
    if value is None or type(value) is bool:
        return _WORDS[value]
    return _KINDS.get(type(value), "a number")


def _shown(number: object) -> str:
    """A number or its text, cut."""
    text = str(number)
    if text == "Infinity":
        return "the number"  # what `exact_decimal` makes of an exponent that no Decimal holds
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}… ({len(text)} characters)"


def _quoted(text: str) -> str:
    """A text in quotation marks, cut, in ASCII."""
    if len(text) <= QUOTED_CHARACTERS:
        return ascii(text)
    return f"{text[:QUOTED_CHARACTERS]!a}… ({len(text)} characters)"


_EXPLAINED: Final[Mapping[str, Callable[[object], str]]] = {
    "name_of_product": partial(_text, MAX_NAME),
    "product_id": partial(_integer, MAX_PRODUCT_ID),
    "no_of_units": partial(_integer, MAX_UNITS),
    "amount": partial(_decimal, AMOUNT_DECIMALS, AMOUNTS_BELOW, False),
    "rating": partial(_decimal, RATING_DECIMALS, MAX_RATING, True),
    "category": partial(_text, MAX_CATEGORY),
    "occurred_at": _time,
    "event_id": _event_id,
}
