"""Seals some days in one transaction: adds their hours to the sealed documents, and deletes what was added.

The transaction reads at one moment (snapshot). MongoDB refuses to change a document that another transaction has
changed since that moment, or is changing: so each hour that is deleted here is deleted with exactly the sums that were
added to its day. A late event's batch that adds to such an hour, a repair, and another consumer that seals the same day
all conflict with this by that document, and one of the two runs again. An hour that a late event makes meanwhile is not
among those read, so it stays for the next round.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeVar

import pymongo
from pymongo import InsertOne, ReplaceOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from consumer.process import failpoints
from consumer.sealing.day_sums import (
    ByTime,
    NotSealable,
    add_hour,
    added_up,
    day_document,
    minutes_of_hour,
    quarters_of_day,
    sums_of_minute,
)
from consumer.sealing.due import ProductDay, TotalDay
from shared.documents import (
    ROLLUP_DAYS,
    ROLLUPS,
    TOTAL_DAYS,
    TOTALS,
    Document,
    Id,
    hour_total_id,
    minute_total_id,
    rollup_day_id,
    rollup_id,
    total_day_id,
)
from shared.errors import DatabaseUnavailable
from shared.mongo import SyncDatabase

SECONDS: Final = 10.0
"""Deadline of one transaction, which usually takes a tenth of a second. At twice this a MongoDB that hangs keeps the
documents of old hours locked for longer; at half, a slow one more often makes a round begin again."""
ATTEMPTS: Final = 3
"""How often a transaction is tried that met another one. Late events are rare, so the second attempt usually gets
through; what does not waits for the next round, a minute later. With one, each late event would cost a round; with six,
a document that a frozen process holds would take the thread longer for nothing."""
MINUTES: Final = 60
"""Minutes' documents of `totals` that are read at once: an hour's, 350 kB as MongoDB sends them. All 1,440 minutes of a
day at once would take the consumer tens of megabytes."""

_SNAPSHOT: Final = ReadConcern("snapshot")
_MAJORITY: Final = WriteConcern("majority")

Outcome = TypeVar("Outcome")


class Sealed(NamedTuple):
    """What a transaction did."""

    documents: Counter[int]
    """Documents of hours and minutes that were folded and deleted, by day."""
    days: int
    """Days of a product and partition, or of all products and a partition, that these were of."""
    unsealable: tuple[tuple[int, str], ...] = ()
    """What was left as it is because a document is not as written: the day, and what is wrong, for a person."""


class Interrupted(Exception):
    """The process is stopping, so the transaction was given up."""


class SealingTransactions:
    """Runs the transactions of one thread, in `session`. `stopping` is asked between the steps of a long one."""

    def __init__(self, database: SyncDatabase, session: ClientSession, stopping: Callable[[], bool]) -> None:
        self._database = database
        self._session = session
        self._stopping = stopping

    def seal_products(self, days: list[ProductDay]) -> Sealed:
        """Fold these hours of products. Raises PyMongoError, DatabaseUnavailable or Interrupted; then nothing was
        done."""
        return self._run(lambda: self._fold_products(days))

    def seal_total(self, day: TotalDay) -> Sealed:
        """Fold these hours over all products, and their minutes. Raises as `seal_products` does."""
        return self._run(lambda: self._fold_total(day))

    def _run(self, fold: Callable[[], Outcome]) -> Outcome:
        """Run `fold` in a transaction and commit it.

        It runs again where it met another transaction, and where the reply to its commit was lost: if that one was
        committed, the hours are gone, and there is nothing to fold.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with pymongo.timeout(SECONDS), self._session.start_transaction(_SNAPSHOT, _MAJORITY):
                    outcome = fold()
                    failpoints.reach("seal_before_commit")
                failpoints.reach("seal_after_commit")
                return outcome
            except PyMongoError as error:
                again = map(error.has_error_label, ("TransientTransactionError", "UnknownTransactionCommitResult"))
                if attempt == ATTEMPTS or self._stopping() or not any(again):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _fold_products(self, days: list[ProductDay]) -> Sealed:
        ids = [rollup_id(day.product, hour, day.partition) for day in days for hour in day.hours]
        hours: dict[ProductDay, list[Document]] = {day: [] for day in days}
        of_key = {(day.product, day.day, day.partition): found for day, found in hours.items()}
        for document in self._find(ROLLUPS, ids):
            identity = document["_id"]
            of_key[identity["p"], identity["h"] // 24, identity["k"]].append(document)
        identities = {day: rollup_day_id(day.product, day.day, day.partition) for day in days}
        held = {tuple(found["_id"].values()): found for found in self._find(ROLLUP_DAYS, identities.values())}
        failpoints.reach("seal_read")
        documents: list[Document] = []
        folded: list[Id] = []
        of_days: Counter[int] = Counter()
        unsealable = []
        for day, found in hours.items():
            if not found:
                continue  # another consumer was quicker
            identity = identities[day]
            try:
                documents.append(_with_hours(identity, held.get(tuple(identity.values())), _by_hour(found)))
            except NotSealable as error:
                unsealable.append((day.day, f"{day.whose}: {error}"))
            else:
                folded += [document["_id"] for document in found]
                of_days[day.day] += len(found)
        held_ids = [found["_id"] for found in held.values()]
        self._move(ROLLUP_DAYS, documents, held_ids, ROLLUPS, folded)
        return Sealed(of_days, len(documents), tuple(unsealable))

    def _fold_total(self, day: TotalDay) -> Sealed:
        identity = total_day_id(day.day, day.partition)
        hours = list(self._find(TOTALS, [hour_total_id(hour, day.partition) for hour in day.hours]))
        held = list(self._find(TOTAL_DAYS, [identity]))
        if not hours:
            return Sealed(Counter(), 0)
        try:
            by_hour = _by_hour(hours)
            folded = [document["_id"] for document in hours]
            for hour, minutes in by_hour.items():
                folded += self._minutes(hour, day.partition, minutes)
            document = _with_hours(identity, held[0] if held else None, by_hour)
        except NotSealable as error:
            return Sealed(Counter(), 0, ((day.day, f"{day.whose}: {error}"),))
        failpoints.reach("seal_read")
        self._move(TOTAL_DAYS, [document], [found["_id"] for found in held], TOTALS, folded)
        return Sealed(Counter({day.day: len(folded)}), 1)

    def _minutes(self, hour: int, partition: int, of_hour: ByTime) -> list[Id]:
        """The `_id`s of an hour's minutes, each of which must hold what the hour holds of it. Raises NotSealable."""
        if self._stopping():
            raise Interrupted
        ids = [minute_total_id(minute, partition) for minute in range(hour * 60, hour * 60 + MINUTES)]
        minutes = {found["_id"]["m"]: sums_of_minute(found) for found in self._find(TOTALS, ids)}
        for number in range(MINUTES):
            minute = hour * 60 + number
            if added_up([minutes.get(minute, added_up(()))]) != of_hour.get(number, added_up(())):
                raise NotSealable(f"minute {minute} (since 1970) has other sums by its seconds than in its hour")
        return [minute_total_id(minute, partition) for minute in minutes]

    def _find(self, collection: str, ids: Iterable[Any]) -> Iterable[Document]:
        return self._database[collection].find({"_id": {"$in": list(ids)}}, session=self._session)

    def _move(self, to: str, days: list[Document], held: list[Id], from_: str, folded: list[Id]) -> None:
        """Write the days' documents, those in `held` in place of what is there, and delete the folded ones."""
        if not folded:
            return
        writes = [
            ReplaceOne({"_id": day["_id"]}, day) if day["_id"] in held else InsertOne[Document](day) for day in days
        ]
        self._database[to].bulk_write(writes, ordered=False, session=self._session)
        failpoints.reach("seal_added")
        deleted = self._database[from_].delete_many({"_id": {"$in": folded}}, session=self._session).deleted_count
        if deleted != len(folded):
            raise DatabaseUnavailable(
                f"MongoDB deleted {deleted} documents of {from_} of {len(folded)} that it had read"
            )


def _by_hour(documents: list[Document]) -> dict[int, ByTime]:
    """Sums by minute, by the hour (since 1970) of their document. Raises NotSealable."""
    by_hour = {}
    for document in documents:
        hour = document["_id"]["h"]
        try:
            by_hour[hour] = minutes_of_hour(document)
        except NotSealable as error:
            raise NotSealable(f"hour {hour} (since 1970): {error}") from error
    return by_hour


def _with_hours(identity: Id, held: Document | None, by_hour: dict[int, ByTime]) -> Document:
    """A day's document with these hours added to what it holds. Raises NotSealable."""
    try:
        quarters = quarters_of_day(held) if held is not None else {}
    except NotSealable as error:
        raise NotSealable(f"the sealed day: {error}") from error
    for hour, minutes in by_hour.items():
        add_hour(quarters, hour, minutes)
    return day_document(identity, quarters)
