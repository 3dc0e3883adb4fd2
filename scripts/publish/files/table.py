"""Makes events of a table: CSV with a header row, separated by commas, semicolons, tabs or vertical bars.

A column is a field of the event under the name in the header. Names of the contract's fields are recognised in any
case, and with spaces or hyphens for underscores: `Product ID` is `product_id`. Any other column is an unknown field
under its own name. Each cell is sent as a JSON string, so every digit stays as it is, without the spaces around it. A
cell that is empty is left out, as if its field were absent.
"""

import csv
import json
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


def separator_of(line: bytes) -> str | None:
    """What separates the columns of a header row; None where the line is none."""
    text = line.decode(errors="replace")
    found = [(sum(name in FIELDS for name in _names(_cells(text, each))), each) for each in _SEPARATORS]
    known, separator = max(found, key=lambda pair: pair[0])
    return separator if known >= _LEAST_KNOWN else None


def table_messages(pieces: Iterable[bytes]) -> Iterator[FileMessage]:
    """An event for each row. Raises UnfitFile where the header row is no header of events."""
    lines = _TextLines(pieces)
    header = next((line for line in lines if line.strip()), "")
    separator = separator_of(header.encode("utf-8", _NOT_UTF8)) or ","
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    names = _columns(_cells(header, separator))
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


def _message(names: list[str], row: list[str], first: int, last: int) -> FileMessage:
    problem = ""
    for number, cell in enumerate(row):
        if cell.strip() and (number >= len(names) or not names[number]):
            problem = f"the cell in column {number + 1} stands under no name: the header has {len(names)} columns"
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if name and cell.strip()}
    text = json.dumps(cells, ensure_ascii=False)
    return FileMessage(b"" if problem else text.encode("utf-8", _NOT_UTF8), first, last, problem)


def _columns(cells: list[str]) -> list[str]:
    """The fields' names. Raises UnfitFile."""
    names = _names(cells)
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
