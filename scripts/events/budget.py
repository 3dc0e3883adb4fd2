"""How long a search may take, and a note of everything that it has not looked at."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import pymongo
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from shared.documents import Document

T = TypeVar("T")


class TimeOver(Exception):
    """The time is over, which is noted already."""


class Budget:
    """Runs from the moment at which it is made. Not for several threads."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.notes: list[str] = []
        """What a person has to know of the search beside its findings."""
        self.is_complete = True
        """Whether everything was looked at; if not, what was not found may be there all the same."""
        self._ends_at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, 0 at least."""
        return max(0.0, self._ends_at - time.monotonic())

    def note(self, text: str) -> None:
        """Say something once, however often it is noted."""
        if text not in self.notes:
            self.notes.append(text)

    def leave_out(self, text: str) -> None:
        """Note what is not looked at."""
        self.note(text)
        self.is_complete = False

    def within(self, what: str, documents: Iterable[Document]) -> list[Document]:
        """The documents that come until the time is over; then it is noted that `what` was not searched to its end.

        MongoDB ends the query at the same moment. Raises PyMongoError for everything else.
        """
        found: list[Document] = []
        if self.left > 0:
            try:
                with pymongo.timeout(self.left):
                    for document in documents:
                        found.append(document)  # noqa: PERF402  # what has come stays when the time is over
                return found
            except PyMongoError as error:
                if not _says_that_time_is_over(error):
                    raise
        self.leave_out(f"{what} not searched to the end within {self.seconds:g} s; --seconds gives more time")
        return found

    def ask(self, lookup: Callable[[], T]) -> T:
        """The answer to a lookup. Raises TimeOver where the time is over before, PyMongoError for everything else."""
        if self.left > 0:
            try:
                with pymongo.timeout(self.left):
                    return lookup()
            except PyMongoError as error:
                if not _says_that_time_is_over(error):
                    raise
        self.leave_out(f"MongoDB was not asked for everything within {self.seconds:g} s; --seconds gives more time")
        raise TimeOver

    @staticmethod
    def in_time(items: Iterable[T]) -> list[T]:
        """The items that come before TimeOver."""
        found: list[T] = []
        iterator: Iterator[T] = iter(items)
        while True:
            try:
                found.append(next(iterator))
            except (StopIteration, TimeOver):
                return found


def _says_that_time_is_over(error: PyMongoError) -> bool:
    """False for a MongoDB that cannot be reached at all, which would not answer with more time either."""
    return error.timeout and not isinstance(error, ServerSelectionTimeoutError)
