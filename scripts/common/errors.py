"""Turns the errors of the operators' commands into a line for a person and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from pymongo.errors import ConnectionFailure, PyMongoError

from scripts.common.console import LiteralConsole
from shared.errors import AnalyticsError, ConfigurationError
from shared.mongo import brief

NOT_DONE: Final = 1
WRONG_USAGE: Final = 2
WRONG_SETTING: Final = 78
"""EX_CONFIG of sysexits.h, which the services end with too."""


@contextmanager
def errors_as_messages(messages: LiteralConsole, *others: type[Exception]) -> Iterator[None]:
    """Catch what is raised inside, print it as a line on `messages`, and raise typer.Exit.

    The exit code is 78 for a wrong setting, 2 for text that is not UTF-8, and 1 for an AnalyticsError, for what MongoDB
    did not do, for a file that cannot be used, and for `others`, exceptions of the command whose texts are sentences
    for a person. Of MongoDB's errors only the kind and the code are shown, since their texts may quote documents.
    """
    sentences: tuple[type[Exception], ...] = (AnalyticsError, *others)
    try:
        yield
    except ConfigurationError as error:
        messages.print(f"Wrong setting: {error}")
        raise typer.Exit(WRONG_SETTING) from error
    except sentences as error:
        messages.print(str(error))
        raise typer.Exit(NOT_DONE) from error
    except PyMongoError as error:
        fails = "answer" if isinstance(error, ConnectionFailure) or error.timeout else "do what it must"
        messages.print(f"MongoDB does not {fails}, is MONGODB_URI right? {brief(error)}")
        raise typer.Exit(NOT_DONE) from error
    except UnicodeEncodeError as error:
        messages.print(f"{error.object!r} is not UTF-8, and MongoDB holds no other text: nothing was done")
        raise typer.Exit(WRONG_USAGE) from error
    except BrokenPipeError:
        raise  # Whoever reads the output has ended; Typer ends the command without a word, as is usual.
    except OSError as error:
        if error.filename is None:
            raise
        messages.print(file_problem(error))
        raise typer.Exit(NOT_DONE) from error


def file_problem(error: OSError, name: str = "a file") -> str:
    """What is wrong with a file, in words: `/root/key.pem cannot be used: Permission denied`.

    `name` is said where the error names no file, as those of reading and writing do.
    """
    return f"{error.filename or name} cannot be used: {error.strerror or error}"
