"""Turns the errors of the operators' commands into a line for a person and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from pymongo.errors import ConnectionFailure, PyMongoError
from rich.console import Console

from shared.errors import AnalyticsError, ConfigurationError
from shared.mongo import brief

NOT_DONE: Final = 1
WRONG_SETTING: Final = 78
"""EX_CONFIG of sysexits.h, which the services end with too."""


@contextmanager
def errors_as_messages(messages: Console, *others: type[Exception]) -> Iterator[None]:
    """Catch what is raised inside, print it as a line on `messages`, and raise typer.Exit.

    The exit code is 78 for a wrong setting, and 1 for an AnalyticsError, for what MongoDB did not do, and for `others`,
    exceptions of the command whose texts are sentences for a person. Of MongoDB's errors only the kind and the code are
    shown, since their texts may quote documents.
    """
    sentences: tuple[type[Exception], ...] = (AnalyticsError, *others)
    try:
        yield
    except ConfigurationError as error:
        messages.print(f"Wrong setting: {error}", markup=False)
        raise typer.Exit(WRONG_SETTING) from error
    except sentences as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(NOT_DONE) from error
    except PyMongoError as error:
        fails = "answer" if isinstance(error, ConnectionFailure) or error.timeout else "do what it must"
        messages.print(f"MongoDB does not {fails}, is MONGODB_URI right? {brief(error)}", markup=False)
        raise typer.Exit(NOT_DONE) from error
