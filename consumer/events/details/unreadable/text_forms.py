"""Text that is no JSON as a whole: XML, CSV, form data, base64, another language's way to print an object. Pure.

Each form is told by its beginning or by the characters of all of it, in time linear in the message. What JSON with a
mistake in it looks like is `syntax`'s business.
"""

import base64
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from consumer.events.details.contents import begins_json, is_json
from consumer.events.details.quoting import counted, quoted
from consumer.events.details.unreadable.binary import looks_like

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\r\n-]{8,}={0,2}\s*", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}", re.ASCII)
_PAIR: Final = re.compile(r"[\w.\[\]%-]{1,100}=", re.ASCII)
_YAML: Final = re.compile(r"(?:---\s*\n)?[\w-]{1,100}:[ \n]", re.ASCII)
_PRINTED: Final = (
    (re.compile(r"\[object \w+\]"), "JavaScript's text of an object: use JSON.stringify"),
    (re.compile(r"[bB]['\"]"), "Python's text of bytes: decode them, or send the bytes themselves"),
    (re.compile(r"[aOC]:[0-9]+:[{\"]"), "what PHP's serialize() writes: use json_encode"),
    (re.compile(r"(?:Array|\w+ Object)\s*\("), "what PHP's print_r writes: use json_encode"),
    (re.compile(r"array\([0-9]+\) \{|object\(\w+\)"), "what PHP's var_dump writes: use json_encode"),
    (re.compile(r"&?(?:map\[|\{\w+:\S)"), "Go's text of a map or struct, or JavaScript's source: use a JSON encoder"),
    (re.compile(r"\{\s*[\w.]{1,100}="), "Java's text of a map: use a JSON library"),
    (re.compile(r"\{\s*(?::\w{1,100}|\"[^\"]{1,100}\")\s?=>"), "Ruby's text of a hash: use to_json"),
    (re.compile(r"[A-Z][\w.$]{0,100}[\[({@]"), "a program's text of an object (toString): use a JSON library"),
)
_TOLD_BY_CHANCE: Final = 16
"""Fewer bytes look like some binary format by chance: a word of eight letters is base64 too."""
_PREFIX: Final = 200
"""JSON that begins behind so many characters is looked for: a log line's beginning is shorter."""


def form_of(text: str) -> str:
    """What a text that is no JSON looks like, as a sentence; empty where it looks like JSON with a mistake."""
    text = text.strip(" \t\r\n")
    if not text:
        return "the message holds nothing but white space"
    for form in (_marked_up, _headless, _encoded, _printed, _quotes_escaped, _behind_a_prefix, _pairs, _table):
        if sentence := form(text):
            return sentence
    is_plain = text[0] not in '{["' and not any(bracket in text for bracket in "{}[]")
    return f"the message is plain text: {quoted(text, 40)}" if is_plain else ""


def encoded_inside(text: str) -> str:
    """What is in a text that is base64 or hexadecimal, for the middle of a sentence: "JSON in base64"; else empty."""
    for name, is_so, decode in _ENCODINGS:
        inside = decode(text) if is_so(text) else b""
        if begins_json(inside):
            return f"JSON in {name}"
        if len(inside) >= _TOLD_BY_CHANCE and (what := looks_like(inside)[0]):
            return f"{name}, and what it holds {what}"
    return ""


def decoded(text: str) -> tuple[bytes, str]:
    """The bytes of JSON that a text holds, and how: "as text", "in base64"; no bytes where it holds none."""
    plain = text.encode(errors="replace")
    if begins_json(plain):
        return plain, "as text"
    for name, is_so, decode in _ENCODINGS:
        if is_so(text) and begins_json(inside := decode(text)):
            return inside, f"in {name}"
    return b"", ""


def _marked_up(text: str) -> str:
    if text[0] == "<":
        is_page = text[:200].lower().startswith(("<!doctype html", "<html"))
        return "the message is HTML, such as an error page" if is_page else "the message looks like XML"
    if text[:3].upper() in ("%7B", "%5B", "%22"):
        return "the message is percent-encoded, as in a URL or a form: decode it before it is sent"
    parts = text.split(".")
    if text.startswith("eyJ") and len(parts) == 3:
        return "the message looks like a JSON Web Token: send its claims as JSON"
    return ""


def _headless(text: str) -> str:
    """The end of an object without its beginning: names, a closing bracket, and no opening one for it."""
    is_end = text[0] not in "{[" and text[-1] == "}" and '":' in text and text.count("}") > text.count("{")
    return "the beginning of the message is missing: it was cut, or sent in parts" if is_end else ""


def _encoded(text: str) -> str:
    what = encoded_inside(text)
    return f"the message is {what}: send the JSON as it is" if what else ""


def _printed(text: str) -> str:
    if text[0] == text[-1] == "'" and is_json(text[1:-1]):
        return "the message is JSON in single quotes, as a shell takes them: send it without them"
    for beginning, what in _PRINTED:
        if beginning.match(text):
            return f"the message is not JSON, but looks like {what}"
    return ""


def _quotes_escaped(text: str) -> str:
    if re.match(r"\{\s*\\+\"", text[:_PREFIX]):
        return "the quotation marks have backslashes before them: the JSON was escaped for a text, and is not in one"
    return ""


def _behind_a_prefix(text: str) -> str:
    if text[0] in "{[":
        return ""
    starts = [text.find(bracket, 0, _PREFIX) for bracket in ('{"', "{", "[")]
    for start in filter(lambda start: start > 0, starts):
        end = max(text.rfind("}"), text.rfind("]")) + 1
        if is_json(text[start:end]):
            behind = f", and {quoted(text[end:], 20)} behind it" if text[end:] else ""
            return f"JSON is in the message, but {quoted(text[:start], 60)} stands before it{behind}"
    return ""


def _pairs(text: str) -> str:
    if _PAIR.match(text):
        what = "form data (application/x-www-form-urlencoded)" if "&" in text else "pairs of name=value"
        return f"the message looks like {what}: {quoted(text, 40)}"
    if _YAML.match(text):
        return f"the message looks like YAML: {quoted(text, 40)}"
    return ""


def _table(text: str) -> str:
    """CSV, with or without a row of names: the first line has no brackets, and separators between its values."""
    line = text.partition("\n")[0].rstrip("\r")
    if line[:1] in ("{", "[") or "{" in line[:_PREFIX] or '":' in line or text[-1] == "}":
        return ""
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if line.count(separator) > 1:
            lines = text.count("\n") + 1
            rows = f" of {counted(lines, 'line')}" if lines > 1 else ""
            return f"the message looks like CSV{rows}, with {name} between the values: {quoted(line, 40)}"
    return ""


def _from_base64(text: str) -> bytes:
    """The bytes, none where it is no base64 after all. Both alphabets are taken, and the padding may lack."""
    standard = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return b""


_ENCODINGS: Final[tuple[tuple[str, Callable[[str], object], Callable[[str], bytes]], ...]] = (
    ("hexadecimal", _HEXADECIMAL.fullmatch, bytes.fromhex),
    ("base64", _BASE64.fullmatch, _from_base64),
    ("percent-encoding", lambda text: text[:3].upper() in ("%7B", "%5B"), lambda text: unquote(text).encode()),
)
