"""This machine's clock against MongoDB's: an event's time is judged by the one, and stored only if the other agrees."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from pymongo.errors import PyMongoError

from shared.errors import ClockSkewed, StoreUnavailable
from shared.mongo import MAX_CLOCK_SKEW_SECONDS, SyncDatabase, brief, clock_skew_seconds

Clock: TypeAlias = Callable[[], datetime]
"""This machine's clock, with its time zone; tests give another."""


def utc_now() -> datetime:
    """The clock of a real consumer."""
    return datetime.now(UTC)


class Clocks:
    """Compares them, at the cost of one round trip."""

    def __init__(self, database: SyncDatabase, clock: Clock) -> None:
        self._admin = database.client.admin
        self._clock = clock

    def check(self, *readings: datetime) -> None:
        """Raise ClockSkewed when they differ too much, StoreUnavailable when that is not known.

        `readings` are what this machine's clock would show now, as events were judged by it; by default, what it shows.
        """
        try:
            hello = self._admin.command("hello")
        except PyMongoError as error:
            raise StoreUnavailable(f"MongoDB does not answer: {brief(error)}") from error
        for reading in readings or (self._clock(),):
            skew = clock_skew_seconds(hello, reading)
            if abs(skew) > MAX_CLOCK_SKEW_SECONDS:
                raise ClockSkewed(skew)
