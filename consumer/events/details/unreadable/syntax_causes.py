"""Why something else stands in JSON text where a value, a name, a colon or a comma is expected. Pure.

Python's words and quotation marks, JavaScript's names without quotes, comments, numbers with commas or zeros in front,
quotation marks of word processors, white space that JSON does not have, templates that nobody filled in.
"""

import re
import unicodedata
from typing import Final

from consumer.events.details.quoting import quoted

VALUE: Final = "a value is expected"
NAME: Final = "a name in double quotes is expected"
COLON: Final = "':' is expected"
COMMA: Final = "',' or a closing bracket is expected"
CUT_OFF: Final = "the message breaks off: it was cut, or sent in parts"

WORD: Final = re.compile(r"[A-Za-z_][\w$]{0,40}")
NUMBER: Final = re.compile(r"[-+.]?[0-9][0-9A-Za-z_.,%+-]{0,40}", re.ASCII)
_CALL: Final = re.compile(r"([A-Za-z_][\w.]{0,40})\(", re.ASCII)
_PYTHON_CALLS: Final = ("Decimal(", "UUID(", "datetime.", "date(", "OrderedDict(", "defaultdict(", "array(")
_MONGO_CALLS: Final = ("ISODate(", "ObjectId(", "NumberLong(", "NumberInt(", "NumberDecimal(", "BinData(", "Timestamp(")
_PYTHON_WORD: Final = re.compile(r"[:,\[] ?(?:(?:True|False|None)\b|datetime\.|Decimal\(|UUID\()")
_PLACEHOLDER: Final = re.compile(r"\$[({A-Za-z_]|\{\{|<%|#\{|%[{s(]")
_PLACEHOLDER_OF_A_VALUE: Final = re.compile(r"[<@:%][A-Za-z_]|\?|%[0-9.]+[a-z]|\[\[")
"""Beginnings of what a shell, a template or a prepared statement replaces: `$ID`, `{{ id }}`; for values `:id`, `?`."""
_SEPARATED: Final = re.compile(
    r"[0-9]{1,3}(?:(['\u2019_ \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*(?![0-9])(?:[.,][0-9]+)?"
)
"""A number with thousands separators that are no commas or points."""
_TYPOGRAPHIC: Final = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"
_INNER_QUOTE: Final = 'a quotation mark in a text is written as \\"'
_BEFORE_A_NUMBER: Final = 40
"""So many characters before a position may belong to the same number: no number of an event is longer."""
_WORDS: Final = {
    "True": "True is Python's word, JSON has true: use json.dumps",
    "False": "False is Python's word, JSON has false: use json.dumps",
    "None": "None is Python's word, JSON has null: use json.dumps",
    "undefined": "undefined is JavaScript's word: JSON.stringify leaves such a field out",
    "nil": "nil is another language's word, JSON has null",
    "NaN": "NaN is no number of JSON: the producer's calculation failed",
    "nan": "NaN is no number of JSON: the producer's calculation failed",
    "Infinity": "JSON has no infinite numbers: the producer divided by 0",
    "inf": "JSON has no infinite numbers: the producer divided by 0",
    "new": "this is JavaScript's source: use JSON.stringify",
}


def cause_of(text: str, at: int, before: int, expected: str) -> str:
    """Why something else stands where a value, a name, a colon or a comma is expected. `before` is what precedes it."""
    here, last = text[at : at + 1], text[before : before + 1] if before >= 0 else ""
    if not here:
        return CUT_OFF
    if text[at : at + 2] in ("//", "/*") or (here == "#" and text[at : at + 2] != "#{"):
        return "JSON has no comments"
    is_placeholder = _PLACEHOLDER.match(text, at) or (expected == VALUE and _PLACEHOLDER_OF_A_VALUE.match(text, at))
    if is_placeholder or text.startswith("{{", before):
        return "this looks like a placeholder of a template that was not filled in"
    if cause := _separated_number(text, at) or odd_character(text, here):
        return cause
    if here == last == ",":
        return "a value is missing between two commas"
    if number := number_around(text, at, before):
        return number
    word = WORD.match(text, at)
    if word:
        return _cause_of_word(text, at, word[0], last, expected)
    if expected == COMMA and here in '"{[':
        return "a comma is missing before it" if before + 1 < at or last != '"' else _INNER_QUOTE
    if here == "=" and expected == COLON:
        return "a name and its value are separated by ':' in JSON"
    return ""


def _cause_of_word(text: str, at: int, word: str, last: str, expected: str) -> str:
    if expected == VALUE:
        if word in _WORDS:
            return _WORDS[word]
        if call := _CALL.match(text, at):
            return _cause_of_call(call[0])
        lower = word.lower()
        if lower in ("true", "false", "null"):
            return f"JSON writes {lower} in lower case"
        if "true".startswith(lower) or "false".startswith(lower) or "null".startswith(lower):
            return "the word is cut"
        return "a text needs double quotes around it"
    if expected == NAME:
        return "a name needs double quotes around it; without them this is JavaScript's source, or YAML"
    if last == '"':
        return _INNER_QUOTE
    return f"{quoted(word)} follows a number: send it without a unit or a currency" if last.isdigit() else ""


def _cause_of_call(call: str) -> str:
    if call.startswith(_PYTHON_CALLS):
        return "this is Python's text of a dict: use json.dumps, with default=str"
    if call.startswith(_MONGO_CALLS):
        return "MongoDB's shell writes values so: send the number or the text in it"
    return f"JSON has no calls such as {quoted(call)}: use a JSON library"


def _separated_number(text: str, at: int) -> str:
    """What is said where the parser stopped at a thousands separator, or behind the space that is one; else empty."""
    start = at
    while start > max(0, at - _BEFORE_A_NUMBER) and (text[start - 1].isdigit() or text[start - 1] == " "):
        start -= 1
    start += len(text[start:at]) - len(text[start:at].lstrip(" "))
    match = _SEPARATED.match(text, start)
    if match is None or not start < at < match.end():
        return ""
    return f"{quoted(match[0])} looks like a number with thousands separators: JSON has none"


def odd_character(text: str, here: str) -> str:
    if here == "'":
        if _PYTHON_WORD.search(text):
            return "this is Python's text of a dict: use json.dumps"
        return "JSON has double quotes: this is Python's text of a dict, or JavaScript's source"
    if here == "\\":
        return "a backslash stands outside of a text: the JSON was escaped for a text, and is not in one"
    if here in _TYPOGRAPHIC:
        return "word processors make such quotation marks; JSON has the plain one, U+0022"
    if unicodedata.category(here) == "Sc":
        return "a number is sent without a currency sign, as in 25.00"
    if here == "\0":
        return "bytes of 0 are no part of JSON: a buffer was sent whole, or the text is in UTF-16"
    if not here.isascii() and unicodedata.category(here) in ("Zs", "Cf", "Zl", "Zp"):
        return "it looks like white space, or is invisible, and JSON does not allow it there"
    return ""


def number_around(text: str, at: int, before: int) -> str:
    """What is wrong with a number that the parser stopped in or behind; empty where it stopped at something else."""
    start = at
    while start > max(0, at - _BEFORE_A_NUMBER) and (text[start - 1].isdigit() or text[start - 1] in "-+.,_' "):
        start -= 1
    start += len(text[start:at]) - len(text[start:at].lstrip(" ,'_"))
    match = NUMBER.match(text, start)
    if match is None or match.end() <= at:
        return ""
    written = match[0].rstrip(",")
    if re.match(r"[-+]?0[0-9]", written):
        return f"{written} has a leading zero, which JSON does not allow"
    if re.match(r"[-+]?0[xX]", written):
        return f"{written} is hexadecimal, which JSON does not have"
    if written[0] == "+":
        return f"{written} has a plus sign, which JSON does not allow"
    if "," in written and text[at : at + 1].isdigit():
        return f"{quoted(written)} looks like a number with a comma: JSON has a point, and nothing for thousands"
    if written[0] == "." or re.match(r"-?[0-9]*\.(?![0-9])", written):
        return f"a number needs a digit on each side of its point, unlike {quoted(written)}"
    return f"{quoted(written)} is no number of JSON" if before + 1 == at else ""
