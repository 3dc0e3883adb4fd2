"""Standard output and standard error of a command. Everything that is printed passes `scripts.common.text.literal`.

A test holds every command to these consoles: nothing else in `scripts` and `stack` may print. So `[/red]` in a token's
name is six characters and no markup, `:100:` is no emoji, and no text from outside reaches the terminal as a command.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from math import isfinite
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console, HighlighterType, JustifyMethod, OverflowMethod
from rich.style import Style
from rich.table import Table
from rich.text import Text

from scripts.common.text import literal

WHOLE: Final = 10_000_000
"""Columns of a table that goes into a file or a pipe: more than any row has, so no cell is cut or broken. A message of
64 KiB whose every character is escaped takes 400,000. With half as many nothing would change, nor with twice."""
NARROWEST: Final = 12
"""A column is broken into lines of so many characters at the least: a date, and the time below it. At half, most words
are broken; at twice, most tables are printed as records on a terminal of 80 columns."""
_BORDER: Final = 3
"""Columns that a table takes beside each cell: a space on either side, and a line."""
NOTHING: Final = "-"
"""A cell without a value."""


class LiteralConsole(Console):
    """Prints text as it is: without markup, emoji codes and highlighting, in one line, with what is invisible escaped.

    A caller's own styles are given by `style=`, and several lines by several calls.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)
        stream = sys.stderr if stderr else sys.stdout
        if isinstance(stream, TextIOWrapper):
            # A terminal that is not UTF-8 shows what it lacks as an escape.
            stream.reconfigure(errors="backslashreplace")

    def render_str(
        self,
        text: str,
        *,
        style: str | Style = "",
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        emoji: bool | None = None,
        markup: bool | None = None,
        highlight: bool | None = None,
        highlighter: HighlighterType | None = None,
    ) -> Text:
        """The text as rich prints it. Rich calls this for every `str`, also for those in tables and titles."""
        return Text(literal(text), style=style, justify=justify, overflow=overflow)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print the objects in a line. What rich cannot render itself is printed as its `str`, such as a path."""
        super().print(*(each if hasattr(each, "__rich_console__") else str(each) for each in objects), **options)

    def lines(self, text: str, **options: Any) -> None:
        """Print each line of a text of our own, such as a command's output that was captured."""
        for line in text.split("\n"):
            self.print(line, **options)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> None:
        """Print a table. No character is left out, and in a file or a pipe every row is one line.

        Where a terminal is too narrow, the widest columns are broken into lines, and where even that does not help,
        each row is printed as lines of a header and its value.
        """
        cells = [[literal(NOTHING if cell is None else str(cell)) for cell in row] for row in rows]
        # Not `is_terminal`: FORCE_COLOR makes that true for a pipe as well.
        is_terminal = self.file.isatty()
        available = self.width if is_terminal else WHOLE
        words = [max(literal(header).split(), key=cell_len) if is_terminal else literal(header) for header in headers]
        widths = _fitting([max(map(cell_len, column)) for column in zip(words, *cells, strict=True)], available)
        if widths is None:
            self._records(headers, cells)
            return
        grid = Table()
        for header, width in zip(headers, widths, strict=True):
            grid.add_column(header, overflow="fold", width=width)
        for row in cells:
            grid.add_row(*row)
        width, self.width = self.width, available
        self.print(grid, soft_wrap=False)
        self.width = width

    def _records(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a line for each cell, with its header before it, and an empty line between two rows."""
        indent = max(map(len, headers))
        for number, row in enumerate(rows):
            if number:
                self.print("")
            for header, cell in zip(headers, row, strict=True):
                self.print(f"{header:{indent}}  {cell}")

    def json(self, value: Any, *, indent: int | None = 2) -> None:
        """Print a value as JSON."""
        self.file.write(json_text(value, indent=indent) + "\n")

    def cells(self, *cells: str) -> None:
        """Print texts in a line, with tabs between them. Quicker than `print`, for millions of lines."""
        self.file.write("\t".join(map(literal, cells)) + "\n")


def _fitting(widths: Sequence[int], available: int) -> list[int] | None:
    """The columns' widths, of which the widest are cut so that all fit; None if they would be less than `NARROWEST`.

    Widths of 30, 20 and 5 fit into 60 with their borders as 23, 20 and 5.
    """
    room = available - _BORDER * len(widths) - 1
    widest = max(widths, default=0)
    while sum(min(width, widest) for width in widths) > room and widest > NARROWEST:
        widest -= 1
    fitting = [min(width, widest) for width in widths]
    return fitting if sum(fitting) <= room else None


def json_text(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON in ASCII, which keeps every character exactly and shows none to a terminal.

    What JSON has no form for becomes text: a number that is not finite, or a BSON type.
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
