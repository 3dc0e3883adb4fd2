"""Makes events of a table: CSV with a header row, separated by commas, semicolons, tabs or vertical bars.

A column is a field of the event under the name in the header. Names of the contract's fields are recognised in any
case, and with spaces or hyphens for underscores: `Product ID` is `product_id`. Any other column is an unknown field
under its own name. Each cell is sent as a JSON string, so every digit stays as it is, without the spaces around it. A
cell that is empty is left out, as if its field were absent. Excel's line `sep=;` before the header is understood.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from scripts.publish.files.message import LONGEST_BYTES, FileMessage, UnfitFile
from shared.events import EVENT_NAME_KEYS, RATED_FIELDS, SOLD_FIELDS

FIELDS: Final = SOLD_FIELDS | RATED_FIELDS | frozenset(EVENT_NAME_KEYS)
_SEPARATORS: Final = ",;\t|"
_LEAST_KNOWN: Final = 2
"""A first line with so many columns of the contract is a header. One could be a message of one word; with three, a
table of events that lack a column would not be recognised, and nobody be told which."""
_NOT_UTF8: Final = "surrogateescape"
_NAMED_SEPARATOR: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_SAVE_AS_UTF8: Final = (
    "not UTF-8, but perhaps Windows-1252 (Latin-1): save the table in UTF-8, or pipe it through "
    "`iconv -f WINDOWS-1252 -t UTF-8`"
)


def begins_table(line: bytes) -> bool:
    """Whether a first line begins a table: as its header, or as Excel's `sep=;` before it."""
    return separator_of(line) is not None or _named_separator(line.decode(errors="replace")) is not None


def separator_of(line: bytes) -> str | None:
    """What separates the columns of a header row; None where the line is none."""
    text = line.decode(errors="replace")
    found = [(sum(name in FIELDS for name in _names(_cells(text, each))), each) for each in _SEPARATORS]
    known, separator = max(found, key=lambda pair: pair[0])
    return separator if known >= _LEAST_KNOWN else None


def table_messages(pieces: Iterable[bytes]) -> Iterator[FileMessage]:
    """An event for each row. Raises UnfitFile where the header row is no header of events."""
    lines = _TextLines(pieces)
    header = _next_line(lines)
    separator = _named_separator(header)
    if separator is not None:
        header = _next_line(lines)
    separator = separator or separator_of(header.encode("utf-8", _NOT_UTF8)) or ","
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    names = _columns(_cells(header, separator), lines.number)
    while True:
        first = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield FileMessage(b"", first, lines.number, f"not CSV: {error}")
            continue
        if any(cell.strip() for cell in row):
            yield _message(names, row, first, lines.number)


def _next_line(lines: "_TextLines") -> str:
    """The next line that is not blank; empty at the end."""
    return next((line for line in lines if line.strip()), "")


def _named_separator(line: str) -> str | None:
    """The separator that Excel's line `sep=;` names; None for any other line."""
    match = _NAMED_SEPARATOR.fullmatch(line)
    return None if match is None else match[1]


def _message(names: list[str], row: list[str], first: int, last: int) -> FileMessage:
    problem = ""
    for number, cell in enumerate(row):
        if cell.strip() and (number >= len(names) or not names[number]):
            problem = f"the cell in column {number + 1} stands under no name: the header has {len(names)} columns"
        elif not _is_utf8(cell):
            problem = f"the cell in column {number + 1} ({names[number]}) is {_SAVE_AS_UTF8}"
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if name and cell.strip()}
    text = json.dumps(cells, ensure_ascii=False)
    return FileMessage(b"" if problem else text.encode("utf-8", _NOT_UTF8), first, last, problem)


def _is_utf8(text: str) -> bool:
    """False where the text holds bytes that were no UTF-8."""
    return not any("\udc80" <= character <= "\udcff" for character in text)


def _columns(cells: list[str], line: int) -> list[str]:
    """The fields' names, of this line. Raises UnfitFile."""
    names = _names(cells)
    foreign = next((number for number, cell in enumerate(cells, 1) if not _is_utf8(cell)), None)
    if foreign is not None:
        raise UnfitFile(f"the name of column {foreign} in line {line} is {_SAVE_AS_UTF8}")
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise UnfitFile(f"the header row has the column {', '.join(sorted(twice))} more than once")
    if not set(names) & set(EVENT_NAME_KEYS):
        raise UnfitFile(
            f"the header row has no column event (productSold or productRated); it has {', '.join(filter(None, names))}"
        )
    return names


def _names(cells: list[str]) -> list[str]:
    return [known if (known := _plain(cell)) in FIELDS else cell.strip() for cell in cells]


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line; none where it is not CSV."""
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


class _TextLines(Iterator[str]):
    """The lines as text, and the number of the last one. Raises UnfitFile for a line that is too long."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.number = 0

    def __next__(self) -> str:
        parts, size = [next(self._pieces)], 0
        while not parts[-1].endswith(b"\n"):
            size += len(parts[-1])
            if size > LONGEST_BYTES:
                raise UnfitFile(f"line {self.number + 1} of the table is longer than {LONGEST_BYTES >> 10} KiB")
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(piece)
        self.number += 1
        # CSV of Windows ends its lines with CR LF, and a line that ends with CR alone is no line of its own here.
        return b"".join(parts).decode("utf-8", _NOT_UTF8)
