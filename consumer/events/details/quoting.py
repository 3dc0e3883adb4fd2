"""How a piece of a message is quoted: cut, in ASCII, in one line. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

QUOTED_CHARACTERS: Final = 100
"""So much of a wrong value is quoted: every number within the limits, and enough of a text to find it at its producer.
At half, long names lose their ends; at twice, a detail with two of them is longer than `LONGEST_DETAIL`."""

LONGEST_DETAIL: Final = 400
"""Characters of a detail: two or three sentences. At half, the cause would often be left out; at twice, it would be
more than anybody reads, and a dead letter cuts what is longer than 500."""

_SHOWN_KEYS: Final = 6
"""So many keys of an object are named: with twice as many, they push the cause out of the detail."""
_KEY_CHARACTERS: Final = 30
_WORDS: Final[Mapping[object, str]] = {None: "null", True: "true", False: "false"}


def detail(*sentences: str) -> str:
    """The sentences with semicolons between them, the most important first; a sentence that does not fit is left
    out."""
    first, *rest = sentences
    text = first if len(first) <= LONGEST_DETAIL else f"{first[: LONGEST_DETAIL - 3]}..."
    for sentence in rest:
        if sentence and len(text) + len(sentence) + 2 <= LONGEST_DETAIL:
            text += f"; {sentence}"
    return text


def quoted(text: str, most: int = QUOTED_CHARACTERS) -> str:
    r"""A text in quotation marks, in ASCII as Python writes it, cut to `most` characters: `'caf\xe9'`.

    What is cut off is told by its length, as in `'xxx'... (5000 characters)`.
    """
    kept = text[:most]
    while len(shown := ascii(kept)) > most + 2:
        kept = kept[: len(kept) * most // (len(shown) - 2)]
    return shown if kept == text else f"{shown}... ({len(text)} characters)"


def number(value: object) -> str:
    """A number, or the text of a number, as it was sent; a long one is cut."""
    text = str(value)
    if text == "Infinity":
        return "the number"  # what `exact_decimal` makes of an exponent that no Decimal holds
    cut = f"{text[:QUOTED_CHARACTERS]}... ({len(text)} characters)"
    return text if len(text) <= QUOTED_CHARACTERS else cut


def found(value: object) -> str:
    """A JSON value as a noun: a text and a number are quoted, of an array and an object it is said what they hold."""
    if value is None or type(value) is bool:
        return _WORDS[value]
    if type(value) is str:
        return f"the text {quoted(value)}"
    if isinstance(value, list):
        return f"an array of {counted(len(value), 'element')}" if value else "an empty array"
    if isinstance(value, dict):
        return f"an object with {keys(value)}" if value else "an empty object"
    return f"the number {number(value)}" if isinstance(value, int | Decimal) else "a value"


def keys(names: Iterable[str]) -> str:
    """The keys of an object: "the keys 'a', 'b' and 3 more"."""
    all_names = list(names)
    shown = ", ".join(quoted(name, _KEY_CHARACTERS) for name in all_names[:_SHOWN_KEYS])
    more = f" and {len(all_names) - _SHOWN_KEYS} more" if len(all_names) > _SHOWN_KEYS else ""
    return f"the key{'s' * (len(all_names) > 1)} {shown}{more}"


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", or "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def counted(count: int, noun: str) -> str:
    """ "1 element", "3 elements"."""
    return f"{count} {noun}{'s' * (count != 1)}"


def character(one: str) -> str:
    """A character by itself if it is visible ASCII, by its name in Unicode otherwise."""
    if one.isascii() and one.isprintable() and one != " ":
        return f"'{one}'" if one != "'" else '"\'"'
    return f"U+{ord(one):04X} {unicodedata.name(one, _CONTROLS.get(one, ''))}".rstrip()


_CONTROLS: Final[Mapping[str, str]] = {"\0": "NUL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}


def hexadecimal(value: bytes) -> str:
    """Bytes in hexadecimal: "1F 8B"."""
    return value.hex(" ").upper()
