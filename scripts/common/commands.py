"""Makes the Typer application of a command: wrong usage is reported as literal text, and unbroken."""

import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from scripts.common.console import LiteralConsole


class _Literal:
    """Comes before a class of Typer's commands, whose `main` it passes through `run`."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command that the arguments name. Ends the process, unless `standalone_mode` is false."""
        return run(super().main, *args, **options)  # type: ignore[misc]  # of the class of Typer's that comes behind


class LiteralGroup(_Literal, TyperGroup):
    """A group of commands that reports wrong usage by `run`."""


class LiteralCommand(_Literal, TyperCommand):
    """A single command that reports wrong usage by `run`."""


def application(help_: str | None) -> typer.Typer:
    """An application without commands yet; `help_` is Markdown. Without arguments it prints its help."""
    return typer.Typer(
        cls=LiteralGroup,
        help=help_,
        no_args_is_help=True,
        rich_markup_mode="markdown",
        add_completion=False,
        pretty_exceptions_enable=False,
    )


def single(help_: str | None = None) -> tuple[typer.Typer, Callable[[Callable[..., None]], Callable[..., None]]]:
    """An application of one command, and the decorator for the function that is this command."""
    app = typer.Typer(help=help_, rich_markup_mode="markdown", add_completion=False, pretty_exceptions_enable=False)
    return app, app.command(cls=LiteralCommand, help=help_)


def run(main: Callable[..., Any], *args: Any, standalone_mode: bool = True, **options: Any) -> Any:
    """Call Typer's `main`. Wrong usage is printed as what was wrong and how to get help, with exit code 2.
    An unforeseen error is printed as its traceback, with exit code 1, and without local variables, which may hold a
    token, a key or a message.

    Typer itself prints wrong usage in a box, which breaks long words, and both with escape sequences as they are.
    """
    try:
        ended = main(*args, standalone_mode=False, **options)
    except typer.TyperException as error:
        if not standalone_mode:
            raise
        _show(error)
        sys.exit(error.exit_code)
    except typer.Abort:
        if not standalone_mode:
            raise
        sys.exit(1)
    except Exception:
        if not standalone_mode:
            raise
        LiteralConsole(stderr=True).lines(traceback.format_exc().rstrip())
        sys.exit(1)
    if standalone_mode:
        sys.exit(ended if isinstance(ended, int) else 0)
    return ended


def _show(error: typer.TyperException) -> None:
    context: typer.Context | None = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return  # the help itself was printed when the error was made
    messages = LiteralConsole(stderr=True)
    if context is not None:
        messages.lines(context.get_usage())
        messages.print(f"Try '{context.command_path} --help' for help.")
    messages.print(f"Error: {error.format_message()}")
