"""What a command says when it cannot do what was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer
from rich.console import Console

from scripts.common import errors as _errors
from scripts.dead_letters.selection import Selection, WrongSelection
from shared.documents import Document

messages: Final = Console(stderr=True, soft_wrap=True)


def found(letters: Iterator[Document]) -> Iterator[Document]:
    """The same; a message where there is none."""
    first = next(letters, None)
    if first is None:
        _refuse("there is no such dead letter; `list` shows them")
    yield first
    yield from letters


def refuse_everything(selection: Selection, all_: bool) -> None:
    """All letters are meant only if that was said."""
    if not selection.is_narrow and not all_:
        raise typer.BadParameter("say which letters: by place, --reason, --partition, --since, --until, or --all")


def _refuse(message: str) -> NoReturn:
    messages.print(message, markup=False)
    raise typer.Exit(1)


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """An error ends the command with a line and its exit code."""
    with _errors.errors_as_messages(messages):
        try:
            yield
        except WrongSelection as error:
            raise typer.BadParameter(str(error)) from error
