"""Where something stands in a message: the byte, the path of names and indexes, the depth. Pure, and linear.

The text may end or turn wrong anywhere, so nothing here relies on its being JSON.
"""

import re
from itertools import islice
from typing import Final, NamedTuple

from consumer.events.details.quoting import QUOTED_CHARACTERS

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""A text of JSON, which may be cut. Each character is looked at once."""
_STRUCTURE: Final = re.compile(r'["\[\]{},:]')
_BRACKET: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_USUAL_NAME: Final = re.compile(r"[A-Za-z_$][\w$-]*", re.ASCII)


class Place(NamedTuple):
    """Where a position in JSON text is."""

    path: str
    """The path of the value that is read there, as in `items[3].price`; empty at the top."""
    open_brackets: int
    """How many arrays and objects are open there."""


def place_of(text: str, position: int) -> Place:
    """Where a position in JSON text is, by what stands before it.

    Goes backwards through brackets, commas, colons and texts; only the last bracket of each open level is looked at for
    its name or index. 64 KiB of them take some milliseconds.
    """
    before = text[:position]
    structure = _STRUCTURE.findall(_STRING.sub('"', before))
    steps: list[int | None] = []
    closed, commas, texts, name = 0, 0, structure.count('"'), None
    for index in range(len(structure) - 1, -1, -1):
        mark = structure[index]
        if mark == '"':
            texts -= 1
        elif mark in "]}":
            closed += 1
        elif mark in "[{":
            if closed:
                closed -= 1
                continue
            steps.append(commas if mark == "[" else name if name is None else -1 - name)
            commas, name = 0, None
        elif not closed:
            if mark == ",":
                commas += 1
            elif commas == 0 and name is None and index and structure[index - 1] == '"':
                name = texts - 1
    return Place(path(_named(before, steps[::-1])), len(steps))


def _named(text: str, steps: list[int | None]) -> list[str | int | None]:
    """The steps with names for numbers below 0, where -1 stands for the first text, -2 for the second, and so on."""
    numbers = sorted(-1 - step for step in steps if step is not None and step < 0)
    strings, passed, names = _STRING.finditer(text), 0, dict[int, str]()
    for number in numbers:
        names[number] = next(islice(strings, number - passed, None))[0][1:-1]
        passed = number + 1
    return [step if step is None or step >= 0 else names[-1 - step] for step in steps]


def byte_at(text: str, position: int) -> int:
    """How many bytes of UTF-8 stand before a character of a text."""
    return len(text[:position].encode(errors="surrogatepass"))


def too_deep_at(text: str, levels: int) -> int:
    """The position of the first bracket that opens one more than `levels` arrays and objects; -1 if none does."""
    depth = 0
    for token in _BRACKET.finditer(text):
        bracket = token[0]
        depth += (bracket in "[{") - (bracket in "]}")
        if depth > levels:
            return token.start()
    return -1


def path(steps: list[str | int | None]) -> str:
    """Names and indexes as a path, in ASCII; a long one is cut in its middle."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step is not None:
            text += f".{step}" if _USUAL_NAME.fullmatch(step) else f"[{step[:QUOTED_CHARACTERS]!a}]"
    text = text.removeprefix(".")
    half = QUOTED_CHARACTERS // 2
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:half]}...{text[-half:]}"
