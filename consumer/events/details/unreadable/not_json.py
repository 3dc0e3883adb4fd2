"""Why a message is no JSON: what its bytes or its text look like, or the place of the mistake. Pure."""

import json
import re
import unicodedata
from typing import Final

from consumer.events.details.contents import begins_json
from consumer.events.details.places import byte_at, place_of
from consumer.events.details.quoting import detail
from consumer.events.details.unreadable.binary import beginning, is_binary, looks_like
from consumer.events.details.unreadable.syntax import mistake
from consumer.events.details.unreadable.text_forms import form_of

_CONSTANT: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(-?Infinity|NaN)', re.DOTALL)
_MOST_DIGITS: Final = 4300
"""Python's parser refuses integers of more digits, because reading them takes time that grows with their square."""
_LONG_NUMBER: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[0-9]+', re.DOTALL)
_ELLIPSIS: Final = "\u2026".encode()
_ONE_OBJECT: Final = "a message is the text of one JSON object, in UTF-8"


class NotANumber(ValueError):
    """NaN or Infinity, which Python's parser would read and JSON does not have."""


def not_json(value: bytes, error: ValueError) -> str:
    """The detail of a message that the standard library's parser refused with `error`.

    Bytes are counted from 0. Example: `{"a":"M\\xfcller"}`, written in Latin-1, is "not UTF-8: byte 7 of the message
    is 0xFC (invalid start byte), in a; ...".
    """
    what, cure = looks_like(value)
    if what:
        return detail(f"the message {what}", cure)
    if isinstance(error, UnicodeDecodeError):
        return _not_utf_8(value, error)
    if is_binary(value) and not begins_json(value):
        return detail(f"the message is no text: it begins with {beginning(value)}", _ONE_OBJECT)
    text = value.decode()
    if isinstance(error, json.JSONDecodeError):
        if form := form_of(text):
            return detail(form, _ONE_OBJECT)
        at, wrong, cause = mistake(text, error)
        return detail(f"not JSON at byte {byte_at(text, at)} of the message{_inside(text, at)}: {wrong}", cause)
    if isinstance(error, NotANumber):
        return _constant(text)
    return _too_many_digits(text)


def _inside(text: str, at: int) -> str:
    path = place_of(text, at).path
    return f", in {path}" if path else ""


def _not_utf_8(value: bytes, error: UnicodeDecodeError) -> str:
    byte = value[error.start]
    read = value[: error.start].decode()
    where = f"not UTF-8: byte {error.start} of the message is 0x{byte:02X} ({error.reason}){_inside(read, len(read))}"
    if is_binary(value):
        return detail(where, f"this is no text: it begins with {beginning(value)}", _ONE_OBJECT)
    if error.reason == "unexpected end of data":
        return detail(where, "the message ends within a character: it was cut, or a text in it was cut by its bytes")
    if value[error.start : error.start + 2] == b"\xc0\x80":
        return detail(where, "Java's modified UTF-8 writes U+0000 so: encode the JSON by UTF_8")
    if byte == 0xED:
        return detail(where, "half of a surrogate pair was encoded: a text was cut within a character, or it is CESU-8")
    cut = ""
    if 0xC2 <= byte <= 0xF4 and value[error.end : error.end + 3].startswith((b'"', b"...", _ELLIPSIS)):
        cut = ", or a text was cut by its bytes"
    return detail(where, f"{_one_byte_encoding(byte)}{cut}", "encode the whole JSON in UTF-8")


def _one_byte_encoding(byte: int) -> str:
    """What a byte is in the encodings that most texts have that are not UTF-8; empty where it is nothing in them."""
    try:
        character = bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return ""
    names = "Latin-1 and Windows-1252" if byte >= 0xA0 else "Windows-1252"
    return f"in {names} it is U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _constant(text: str) -> str:
    for match in _CONSTANT.finditer(text):
        if match[1]:
            at = match.start()
            where = f"not JSON at byte {byte_at(text, at)} of the message{_inside(text, at)}: JSON has no {match[1]}"
            cause = "a calculation failed, or divided by 0"
            return detail(where, f"{cause}; Python's json.dumps writes it unless it gets allow_nan=False")
    return "JSON has no NaN and no Infinity"


def _too_many_digits(text: str) -> str:
    for match in _LONG_NUMBER.finditer(text):
        if match[0][0] != '"' and len(match[0]) > _MOST_DIGITS:
            at = match.start()
            where = f"an integer of {len(match[0])} digits begins at byte {byte_at(text, at)} of the message"
            return detail(f"{where}{_inside(text, at)}", f"at most {_MOST_DIGITS} digits are read")
    return f"an integer has more than {_MOST_DIGITS} digits"
