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

from pymongo.errors import PyMongoError

from consumer.process import metrics
from consumer.sealing.due import IsMine, ProductDay, TotalDay, product_day_pages, total_day_pages
from consumer.sealing.transactions import Sealed, SealingTransactions
from shared.documents import DAY_MS, ROLLUPS, TOTALS
from shared.logs import logger
from shared.mongo import SyncDatabase, brief

HOURS_AT_ONCE: Final = 240
"""Hours' documents of products that one transaction folds at most: ten busy products' days, 1.6 MB and a quarter of a
second. With twice as many, a late event that meets them may wait for twice as long; with half as many there are twice
as many commits, each of which waits for a majority."""
MOST_REPORTED: Final = 20
"""Days that cannot be sealed of which a round's log says why; all are counted in the metric. Twice or half as many make
the log longer or shorter where a whole database is damaged."""

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
        self.unsealable = 0
        self.complete = True
        """Whether all that was due is sealed, but for what cannot be."""

    def run(self) -> None:
        """Seal what is due. Raises PyMongoError, DatabaseUnavailable or Interrupted; what was committed stays."""
        try:
            for days in self._product_chunks():
                self._seal(ROLLUPS, days[0].day, partial(self._transactions.seal_products, days))
            for day in self._total_days():
                self._seal(TOTALS, day.day, partial(self._transactions.seal_total, day))
        finally:
            metrics.SEALED_DAYS_WRONG.set(self.unsealable)
            for number, documents in sorted(self.documents.items()):
                log.info("hours of a day were sealed", day=day_name(number), documents=documents)

    def _seal(self, collection: str, day: int, seal: Callable[[], Sealed]) -> None:
        """Run one transaction, unless the process is stopping. One that meets others too often is left for later."""
        if self._stopping():
            self.complete = False
            return
        with self._working():
            try:
                sealed = seal()
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
                log.info("hours wait to be sealed, something changes them", day=day_name(day), reason=brief(error))
                self.complete = False
                return
        self._count(collection, day, sealed)

    def _count(self, collection: str, day: int, sealed: Sealed) -> None:
        if sealed.documents:
            self.documents[day] += sealed.documents
            metrics.SEALED_DOCUMENTS.labels(collection).inc(sealed.documents)
            metrics.SEALED_DAYS.labels(collection).inc(sealed.days)
        for reason in sealed.unsealable:
            self.unsealable += 1
            if self.unsealable <= MOST_REPORTED:
                log.error(
                    "a day stays unsealed: its sums are not as written, run the audit",
                    collection=collection,
                    day=day_name(day),
                    reason=reason,
                )

    def _product_chunks(self) -> Iterator[list[ProductDay]]:
        """The products' days that are due; those of one chunk are of one day."""
        for page in self._paced(product_day_pages(self._database, self._end_hour, self._is_mine)):
            by_day: dict[int, list[ProductDay]] = {}
            for day in page:
                by_day.setdefault(day.day, []).append(day)
            for days in by_day.values():
                yield from _chunks(days)

    def _total_days(self) -> Iterator[TotalDay]:
        for page in self._paced(total_day_pages(self._database, self._end_hour, self._is_mine)):
            yield from page

    def _paced(self, pages: Iterator[Page]) -> Iterator[Page]:
        """The pages, each of which is read as a step of work."""
        while not self._stopping():
            with self._working():
                page = next(pages, None)
            if page is None:
                return
            yield page
        self.complete = False


def _chunks(days: list[ProductDay]) -> Iterator[list[ProductDay]]:
    """Days in groups of at most `HOURS_AT_ONCE` hours; a day has 24 of them at most."""
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
