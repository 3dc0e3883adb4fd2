"""Standard output and standard error of a command. Everything that is printed passes `scripts.common.text.literal`.

A test holds every command to these consoles: nothing else in `scripts` and `stack` may print. So `[/red]` in a token's
name is six characters and no markup, `:100:` is no emoji, and no text from outside reaches the terminal as a command.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from math import isfinite
from typing import IO, Any, Final

from rich.console import Console, HighlighterType, JustifyMethod, OverflowMethod
from rich.style import Style
from rich.table import Table
from rich.text import Text

from scripts.common.text import literal

WHOLE: Final = 10_000_000
"""Columns of a table that goes into a file or a pipe: more than any row has, so no cell is cut or broken. A message of
64 KiB whose every character is escaped takes 400,000. With half as many nothing would change, nor with twice."""
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
        """Print a table. A terminal that is too narrow shows cells in several lines, and no character is left out.
        In a file or a pipe every row is one line."""
        grid = Table()
        for header in headers:
            grid.add_column(header, overflow="fold")
        for row in rows:
            grid.add_row(*(NOTHING if cell is None else str(cell) for cell in row))
        width = self.width
        # Not `is_terminal`: FORCE_COLOR makes that true for a pipe as well.
        if not _is_terminal(self.file):
            self.width = WHOLE
        self.print(grid, soft_wrap=False)
        self.width = width

    def json(self, value: Any, *, indent: int | None = 2) -> None:
        """Print a value as JSON."""
        self.file.write(json_text(value, indent=indent) + "\n")

    def cells(self, *cells: str) -> None:
        """Print texts in a line, with tabs between them. Quicker than `print`, for millions of lines."""
        self.file.write("\t".join(map(literal, cells)) + "\n")


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


def _is_terminal(stream: IO[str]) -> bool:
    return stream.isatty()
