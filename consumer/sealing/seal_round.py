"""One round of sealing: all that is due of the partitions that this process seals, a few documents at a time.

A round neither remembers nor locks anything. What it leaves, because a partition goes to another consumer, a
transaction met others, or the process ends, the next round of whoever seals the partition finds again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from bson.errors import BSONError
from pymongo.errors import BulkWriteError, ConnectionFailure, NetworkTimeout, OperationFailure, PyMongoError

from consumer.process import metrics
from consumer.sealing.due import IsMine, ProductDay, TotalDay, product_day_pages, total_day_pages
from consumer.sealing.transactions import Sealed, SealingTransactions
from shared.documents import DAY_MS, ROLLUPS, TOTALS
from shared.errors import DatabaseUnavailable
from shared.logs import logger
from shared.mongo import SyncDatabase, brief

HOURS_AT_ONCE: Final = 240
"""Hours' documents of products that one transaction folds at most: ten busy products' days, 1.6 MB and a quarter of a
second. With twice as many, a late event that meets them may wait for twice as long; with half as many there are twice
as many commits, each of which waits for a majority."""
MOST_REPORTED: Final = 20
"""Days that cannot be sealed of which a round's log says why, and as many of those that wait; all are counted in the
metric. Twice or half as many make the log longer or shorter where a whole database is damaged."""
_REFUSALS: Final = frozenset({121, 10334})
"""DocumentValidationFailure and BSONObjectTooLarge: MongoDB would refuse the same document again."""

Page = TypeVar("Page")
Working = Callable[[], AbstractContextManager[None]]
"""Makes a context in which a step of work is done; the thread rests after it."""

log = logger(__name__)


class SealRound:
    """Seals the days before `end_day` (since 1970). Call `run` once; the counts are those of its work so far."""

    def __init__(
        self,
        database: SyncDatabase,
        transactions: SealingTransactions,
        end_day: int,
        is_mine: IsMine,
        working: Working,
        stopping: Callable[[], bool],
    ) -> None:
        self._database = database
        self._transactions = transactions
        self._end_hour = end_day * 24
        self._is_mine = is_mine
        self._working = working
        self._stopping = stopping
        self.documents: Counter[int] = Counter()
        """Documents that were folded, by day."""
        self._unsealable: set[tuple[str, int, str]] = set()
        self._waiting = 0
        self.complete = True
        """Whether all that was due is sealed, but for what cannot be."""

    @property
    def unsealable(self) -> int:
        """How many days cannot be sealed."""
        return len(self._unsealable)

    def run(self) -> None:
        """Seal what is due. Raises PyMongoError, DatabaseUnavailable or Interrupted; what was committed stays."""
        try:
            for page in self._paced(product_day_pages(self._database, self._end_hour, self._is_mine)):
                for days in _chunks(page):
                    self._seal_products(days)
            for parts in self._paced(total_day_pages(self._database, self._end_hour, self._is_mine)):
                for part in parts:
                    self._seal_total(part)
        finally:
            for number, documents in sorted(self.documents.items()):
                log.info("hours of a day were sealed", day=day_name(number), documents=documents)
        metrics.SEALED_DAYS_WRONG.set(self.unsealable)

    def _seal_products(self, days: list[ProductDay]) -> None:
        """Seal days of products. Where MongoDB does not take them together, each half of them is tried by itself: so a
        day that it never takes holds up no other one."""
        seal = partial(self._transactions.seal_products, days)
        if not self._seal(ROLLUPS, days[0], seal, may_divide=len(days) > 1):
            middle = len(days) // 2
            self._seal_products(days[:middle])
            self._seal_products(days[middle:])

    def _seal_total(self, part: TotalDay) -> None:
        """The same of hours over all products."""
        hours, middle = part.hours, len(part.hours) // 2
        if not self._seal(TOTALS, part, partial(self._transactions.seal_total, part), may_divide=len(hours) > 1):
            self._seal_total(part._replace(hours=hours[:middle]))
            self._seal_total(part._replace(hours=hours[middle:]))

    def _seal(
        self, collection: str, first: ProductDay | TotalDay, seal: Callable[[], Sealed], *, may_divide: bool
    ) -> bool:
        """Run one transaction, unless the process is stopping. Returns False where it failed and is to be divided.

        `first` is the first day in it. Raises ConnectionFailure where MongoDB is not there, since all others would fail
        as well.
        """
        if self._stopping():
            self.complete = False
            return True
        with self._working():
            try:
                sealed = seal()
            except (PyMongoError, BSONError, DatabaseUnavailable) as error:
                if isinstance(error, ConnectionFailure) and not isinstance(error, NetworkTimeout):
                    raise
                if not may_divide:
                    self._leave(collection, first, error)
                return not may_divide
        if sealed.days:
            self.documents.update(sealed.documents)
            metrics.SEALED_DOCUMENTS.labels(collection).inc(sealed.documents.total())
            metrics.SEALED_DAYS.labels(collection).inc(sealed.days)
        for day, reason in sealed.unsealable:
            self._report(collection, day, f"its sums are not as written, run the audit: {reason}")
        return True

    def _leave(
        self, collection: str, of: ProductDay | TotalDay, error: PyMongoError | BSONError | DatabaseUnavailable
    ) -> None:
        """Leave a day: for good, where trying again would not help, and else to the next round, a minute later."""
        reason = f"{of.whose}: {brief(error) if isinstance(error, PyMongoError) else error}"
        if isinstance(error, BSONError):
            self._report(collection, of.day, f"a document cannot be read, run the audit: {reason}")
        elif _codes(error) & _REFUSALS:
            self._report(collection, of.day, f"MongoDB refuses its document: {reason}")
        else:
            self.complete = False
            self._waiting += 1
            if self._waiting <= MOST_REPORTED:
                log.info("hours wait to be sealed", collection=collection, day=day_name(of.day), reason=reason)

    def _report(self, collection: str, day: int, reason: str) -> None:
        """Count a day that cannot be sealed, and say why; once, though its hours were tried in several parts."""
        known = len(self._unsealable)
        self._unsealable.add((collection, day, reason))
        if known < len(self._unsealable) <= MOST_REPORTED:
            log.error("a day stays unsealed", collection=collection, day=day_name(day), reason=reason)

    def _paced(self, pages: Iterator[Page]) -> Iterator[Page]:
        """The pages, each of which is read as a step of work."""
        while not self._stopping():
            with self._working():
                page = next(pages, None)
            if page is None:
                return
            yield page
        self.complete = False


def _codes(error: Exception) -> set[int | None]:
    """The codes by which MongoDB says why it refused."""
    if isinstance(error, BulkWriteError):
        return {one.get("code") for one in (error.details or {}).get("writeErrors", [])}
    return {error.code} if isinstance(error, OperationFailure) else set()


def _chunks(days: list[ProductDay]) -> Iterator[list[ProductDay]]:
    """Days in groups of at most `HOURS_AT_ONCE` hours; a day has 24 of them at most.

    Days of a page follow each other as they do in MongoDB, so a group is read from neighbouring documents."""
    chunk: list[ProductDay] = []
    hours = 0
    for day in days:
        if hours + len(day.hours) > HOURS_AT_ONCE:
            yield chunk
            chunk, hours = [], 0
        chunk.append(day)
        hours += len(day.hours)
    if chunk:
        yield chunk


def day_name(day: int) -> str:
    """A day since 1970 as text, such as `2026-11-27`."""
    try:
        return f"{datetime.fromtimestamp(day * DAY_MS // 1000, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return f"day {day}"
