"""Asks a person before a command changes what cannot be changed back, or changes many documents at once."""

import sys
from typing import Annotated, Final

import typer

from scripts.common.console import LiteralConsole

NOT_CONFIRMED: Final = 1
CANNOT_ASK: Final = 2

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking. Needed where no terminal is there to ask.")]


def require_consent(messages: LiteralConsole, question: str, yes: bool) -> None:
    """Return if `yes` was given, or the person at the terminal answers `y` or `yes`.

    Raises typer.Exit otherwise: with 1 if the answer is another, and with 2 if standard input is no terminal, so that
    nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        messages.print("nothing was changed: nobody can be asked without a terminal; --yes does it without asking")
        raise typer.Exit(CANNOT_ASK)
    messages.print(f"{question} [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        messages.print("nothing was changed")
        raise typer.Exit(NOT_CONFIRMED)
