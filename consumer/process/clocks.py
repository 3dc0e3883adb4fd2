"""Compares this machine's clock with MongoDB's.

Whether an event is too old or from the future is judged by this machine's clock, and the verdict is stored only if
MongoDB's clock agrees with it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from pymongo.errors import PyMongoError

from shared.errors import ClockSkewed, DatabaseUnavailable
from shared.mongo import MAX_CLOCK_SKEW_SECONDS, SyncDatabase, brief, clock_skew_seconds

Clock: TypeAlias = Callable[[], datetime]
"""This machine's clock, with its time zone; tests give another."""


def utc_now() -> datetime:
    """The clock of a real consumer."""
    return datetime.now(UTC)


class Clocks:
    """Compares the two clocks. From any thread; each comparison waits for MongoDB once."""

    def __init__(self, database: SyncDatabase, clock: Clock) -> None:
        self._admin = database.client.admin
        self._clock = clock

    def check(self, *readings: datetime) -> None:
        """Raise ClockSkewed when the clocks differ by more than `MAX_CLOCK_SKEW_SECONDS`. Blocks for one round trip.

        `readings` are what the clock by which events were judged would show now (`Taken.clock_now`); without them this
        machine's clock is read. Raises DatabaseUnavailable when MongoDB does not answer.
        """
        try:
            hello = self._admin.command("hello")
        except PyMongoError as error:
            raise DatabaseUnavailable(f"MongoDB does not answer: {brief(error)}") from error
        for reading in readings or (self._clock(),):
            skew = clock_skew_seconds(hello, reading)
            if abs(skew) > MAX_CLOCK_SKEW_SECONDS:
                raise ClockSkewed(skew)
