"""Writes tables as CSV after RFC 4180: UTF-8, lines that end with CRLF, the names of the columns first.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and names of products come from outside.
Such a cell gets an apostrophe before it, which a spreadsheet shows as text. A number stays a number, also below 0.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

Cell = str | int | None
"""A decimal number comes as its text (`decimal_text`). None is an empty cell, True and False are `true` and `false`."""

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, or what a spreadsheet skips before it. The last four are the first four in full width,
which spreadsheets in East Asian languages take for the same."""
_QUOTED: Final = re.compile(r'[",\r\n]')


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The body with these rows. The rows come one at a time, so a caller may make them while they are written."""
    lines = [_line(columns)]
    lines.extend(map(_line, rows))
    return "".join(lines).encode()


def _line(cells: Sequence[Cell]) -> str:
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: Cell) -> str:
    """One cell as it stands in the file, in quotation marks where it needs them."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if value.startswith(_DANGEROUS) and _NUMBER.fullmatch(value) is None:
        value = "'" + value
    return '"' + value.replace('"', '""') + '"' if _QUOTED.search(value) else value
