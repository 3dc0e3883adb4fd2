"""JSON with a mistake in it: what is wrong at the place where a parser stopped, and what probably caused it. Pure."""

import json
from collections.abc import Callable
from typing import Final, NamedTuple

from consumer.events.details.quoting import character, quoted
from consumer.events.details.unreadable.syntax_causes import (
    COLON,
    COMMA,
    CUT_OFF,
    NAME,
    NUMBER,
    VALUE,
    WORD,
    cause_of,
    number_around,
    odd_character,
)

_SPACES: Final = " \t\r\n"
_EACH: Final = "a message holds one event: send each as a message of its own"
_MOST_VALUES: Final = 1000
"""So many values of JSON lines are counted; more are "more than 1000"."""


class Mistake(NamedTuple):
    """A mistake in JSON text."""

    at: int
    """The position of it, in characters."""
    wrong: str
    """What is wrong there."""
    cause: str
    """The likely cause; empty where none is likely."""


def mistake(text: str, error: json.JSONDecodeError) -> Mistake:
    """The mistake at which the standard library's parser stopped.

    `error` is what the parser raised. Its words differ between versions of Python, so only its
    position and the kind of its message are used.
    """
    at = _past_spaces(text, error.pos)
    for kind, explain in _KINDS:
        if error.msg.startswith(kind):
            return explain(text, at)
    return Mistake(at, f"{error.msg}, at {_found(text, at)}", "")


def _value(text: str, at: int) -> Mistake:
    return _unexpected(text, at, VALUE)


def _name(text: str, at: int) -> Mistake:
    return _unexpected(text, at, NAME)


def _colon(text: str, at: int) -> Mistake:
    return _unexpected(text, at, COLON)


def _comma(text: str, at: int) -> Mistake:
    return _unexpected(text, at, COMMA)


def _trailing(text: str, at: int) -> Mistake:
    """Newer versions of Python stop at the comma, older ones at the bracket behind it."""
    return _unexpected(text, _past_spaces(text, at + 1), VALUE)


def _unexpected(text: str, at: int, expected: str) -> Mistake:
    before = len(text[:at].rstrip(_SPACES)) - 1
    if text[before : before + 1] == "," and text[at : at + 1] in ("}", "]"):
        return Mistake(before, "a comma stands before the closing bracket", "JSON allows no comma after the last value")
    return Mistake(at, f"{expected}, and {_found(text, at)} found", cause_of(text, at, before, expected))


def _unterminated(text: str, at: int) -> Mistake:
    return Mistake(at, "a text begins and never ends", f"{CUT_OFF}, or a quotation mark is missing")


def _control(text: str, at: int) -> Mistake:
    at = next((index for index in range(max(0, at - 1), len(text)) if text[index] < " "), at)
    escape = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(text[at : at + 1], f"\\u{ord(text[at : at + 1] or ' '):04x}")
    cause = f"inside a text it is written as {escape}, as a JSON library does"
    return Mistake(at, f"a text holds {_found(text, at)}, a control character", cause)


def _escape(text: str, at: int) -> Mistake:
    at = max(text.rfind("\\", 0, at + 1), 0)
    letter = text[at + 1 : at + 2]
    if letter == "u":
        return Mistake(at, r"\u is not followed by four hexadecimal digits", r"a backslash itself is written as \\")
    written = f"\\{letter}" if letter.isascii() and letter.isprintable() else f"a backslash before {character(letter)}"
    cause = r"a backslash itself is written as \\, as in App\\Events"
    return Mistake(
        at, f"{written} is no escape of JSON", "a single quote needs no backslash" if letter == "'" else cause
    )


def _extra(text: str, at: int) -> Mistake:
    rest = text[at:]
    follows = f"the JSON ends, and {_found(text, at)} follows"
    if not rest.strip("\0"):
        return Mistake(at, follows, "a buffer was sent whole: send as many bytes as the JSON has")
    if rest[0] in "{[":
        return Mistake(at, f"{_count_values(text)} stand one after another", _EACH)
    if rest[0] == "," and rest[1:].lstrip()[:1] in ("{", "["):
        return Mistake(at, follows, _EACH)
    if text.lstrip(_SPACES)[:1] == '"' and rest[0] in ",;\t":
        return Mistake(at, follows, "the message looks like CSV")
    if rest[0] == ":":
        return Mistake(at, follows, "the beginning of the message is missing: it was cut, or sent in parts")
    if rest[0] in "}]":
        return Mistake(at, follows, "there is one closing bracket too many, or an opening one is missing")
    return Mistake(at, follows, number_around(text, at, at - 1) or odd_character(text, rest[0]))


def _count_values(text: str) -> str:
    """How many values of JSON stand one after another. Each character is read once."""
    read, at, count = json.JSONDecoder(parse_float=str, parse_int=str).raw_decode, 0, 0
    while (at := _past_spaces(text, at)) < len(text):
        if count == _MOST_VALUES:
            return f"more than {_MOST_VALUES} values of JSON"
        try:
            _, at = read(text, at)
        except (ValueError, RecursionError):
            break
        count += 1
    return f"{count} values of JSON"


def _past_spaces(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACES:
        at += 1
    return at


def _found(text: str, at: int) -> str:
    """What stands at a position, quoted: a word, a number, one character, or the end of the message."""
    if at >= len(text):
        return "the end of the message"
    token = WORD.match(text, at) or NUMBER.match(text, at)
    return quoted(token[0]) if token else character(text[at])


_KINDS: Final[tuple[tuple[str, Callable[[str, int], Mistake]], ...]] = (
    ("Expecting value", _value),
    ("Expecting property name", _name),
    ("Expecting ':'", _colon),
    ("Expecting ','", _comma),
    ("Illegal trailing comma", _trailing),
    ("Unterminated string", _unterminated),
    ("Invalid control character", _control),
    ("Invalid \\", _escape),
    ("Extra data", _extra),
)
