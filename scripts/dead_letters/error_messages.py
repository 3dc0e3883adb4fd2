"""Ends a command that cannot do what was asked with a line for a person and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from scripts.common import errors
from scripts.common.console import LiteralConsole
from scripts.dead_letters.selection import Selection, WrongSelection
from shared.documents import Document

messages: Final = LiteralConsole(stderr=True)


def require_any(letters: Iterator[Document]) -> Iterator[Document]:
    """Pass the letters on. If there is none, print so and raise typer.Exit with code 1."""
    first = next(letters, None)
    if first is None:
        messages.print("there is no such dead letter; `list` shows them")
        raise typer.Exit(errors.NOT_DONE)
    yield first
    yield from letters


def require_a_choice(selection: Selection, all_: bool) -> None:
    """Raise BadParameter if nothing chooses letters and `--all` was not given, so that nobody means all by mistake."""
    if not selection.is_narrow and not all_:
        raise typer.BadParameter("say which letters: by coordinates, --reason, --partition, --since, --until, or --all")


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """`scripts.common.errors.errors_as_messages`, and a wrong selection is wrong usage: exit code 2."""
    with errors.errors_as_messages(messages):
        try:
            yield
        except WrongSelection as error:
            raise typer.BadParameter(str(error)) from error
