"""Errors of the operators' commands, as a line for a person and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pymongo.errors import ConnectionFailure, PyMongoError
from rich.console import Console

from shared.errors import AnalyticsError, ConfigurationError
from shared.mongo import brief

WRONG_SETTING = 78


@contextmanager
def errors_as_messages(messages: Console, *others: type[Exception]) -> Iterator[None]:
    """End a command with a line on `messages`: exit code 78 for a wrong setting, 1 for what Kafka or MongoDB did not do
    and for `others`, whose texts are for a person too."""
    try:
        yield
    except ConfigurationError as error:
        messages.print(f"Wrong setting: {error}", markup=False)
        raise typer.Exit(WRONG_SETTING) from error
    except AnalyticsError as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(1) from error
    except others as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(1) from error
    except PyMongoError as error:
        fails = "answer" if isinstance(error, ConnectionFailure) or error.timeout else "do what it must"
        messages.print(f"MongoDB does not {fails}, is MONGODB_URI right? {brief(error)}", markup=False)
        raise typer.Exit(1) from error
