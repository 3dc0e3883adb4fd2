"""Asks MongoDB what boards need: how far partitions are, what batches added, the sums of all products at one moment."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from pymongo.asynchronous.client_session import AsyncClientSession

from api.reads.database import Observe, observed
from api.reads.queries import BY_ID
from api.reads.top.measures import Measure, rating_sum
from api.reads.top.questions import Mark, batches, ends, hours_of, minutes_of, products_after
from shared.columns import unpacked
from shared.decimals import scaled
from shared.documents import (
    AMOUNT_DECIMALS,
    PARTITIONS,
    PRODUCTS,
    RATING_DECIMALS,
    RECENT_SUMS,
    REPLAYED_PARTITION,
    REPLAYS_GENERATION,
    ROLLUPS,
    Document,
)
from shared.mongo import AsyncDatabase

_PRODUCTS_AT_ONCE: Final = 100
"""Products whose sums one query reads while a board is loaded. With twice as many a reply takes the driver longer than
an event loop should wait; with half as many, 100,000 products take twice as many round trips."""
_DOCUMENTS_AT_ONCE: Final = 100
"""Documents of one reply: the driver takes 1 to 2 ms to decode 100 of them, each with 60 minutes."""
_IDS_AT_ONCE: Final = 2_000
"""`_id`s of products of one reply, which take the driver 2 ms."""
BATCHES_AT_ONCE: Final = 200
"""Documents of `recent_sums` that one round reads at most, 0.5 s of 400 batches a second. A board that was loaded for
long comes up in several rounds; at twice of it a round may hold 20 MB of them, at half it takes twice as many."""

_FIRST_GENERATION: Final = 1

Row = tuple[int, int, int]
"""Product, minute since 1970, and a sum of the board's measure (`measures`)."""


class OtherGroups(Exception):
    """Two consumer groups or topics have a document of the same partition, so nobody can tell how far the sums are."""


class Source:
    """Asks about the present. `observe` is called with the name and the seconds of each question.

    Its methods raise DatabaseUnavailable.
    """

    def __init__(self, database: AsyncDatabase, observe: Observe, session: AsyncClientSession | None = None) -> None:
        self._database = database
        self._observe = observe
        self._session = session

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator["Source"]:
        """A source that sees the database as it is at its first question. MongoDB keeps that for 300 s."""
        async with self._database.client.start_session(snapshot=True) as session:
            yield Source(self._database, self._observe, session)

    async def ends(self) -> dict[int, Mark]:
        """Up to where each partition's batches are stored. Raises OtherGroups."""
        with observed("top: ends", self._observe):
            cursor = await self._database[PARTITIONS].aggregate(ends(), self._session)
            rows = await cursor.to_list()
        found = {REPLAYED_PARTITION: Mark(REPLAYS_GENERATION, 0, 0)}
        for row in rows:
            if found.get(row["k"], Mark(0, 0, 0)) != Mark(0, 0, 0):
                raise OtherGroups
            found[row["k"]] = Mark(row.get("g", _FIRST_GENERATION), row.get("o") or 0, row.get("r") or 0)
        return found

    async def batches(self, spans: Mapping[int, tuple[Mark, int]]) -> list[Document]:
        """The documents of batches, of each partition from a mark on to below an offset, in order; the first
        `BATCHES_AT_ONCE` of them."""
        with observed("top: batches", self._observe):
            found = self._database[RECENT_SUMS].find(
                batches(spans), hint=BY_ID, sort=BY_ID, limit=BATCHES_AT_ONCE, batch_size=BATCHES_AT_ONCE
            )
            return await found.to_list()

    async def sums_by_minute(self, measure: Measure, first_minute: int) -> AsyncIterator[list[Row]]:
        """All products' sums from a minute on, some rows at a time. Events ahead of the clock are among them."""
        first_hour = first_minute // 60
        async for products in self._products():
            query = minutes_of(products, measure, first_hour)
            with observed("top: minutes", self._observe):
                found = self._database[ROLLUPS].find(
                    query.filter, query.fields, hint=BY_ID, batch_size=_DOCUMENTS_AT_ONCE, session=self._session
                )
                async for document in found:
                    yield list(_minutes(document, measure))

    async def sums(self, measure: Measure, first_minute: int) -> AsyncIterator[list[Row]]:
        """All products' sums from the first minute of an hour on, each as a row of that minute."""
        async for products in self._products():
            with observed("top: hours", self._observe):
                stages = hours_of(products, measure, first_minute // 60)
                cursor = await self._database[ROLLUPS].aggregate(stages, self._session, hint=BY_ID)
                rows = await cursor.to_list()
            yield [(row["_id"], first_minute, _sum(measure, (row[name] for name in measure.columns))) for row in rows]

    async def _products(self) -> AsyncIterator[list[int]]:
        """The ids of all known products, some at a time."""
        last: int | None = None
        while True:
            with observed("top: products", self._observe):
                found = self._database[PRODUCTS].find(
                    products_after(last), {"_id": 1}, hint=BY_ID, sort=BY_ID, limit=_IDS_AT_ONCE,
                    batch_size=_IDS_AT_ONCE, session=self._session,
                )  # fmt: skip
                products = list(dict.fromkeys([document["_id"]["p"] async for document in found]))
            for start in range(0, len(products), _PRODUCTS_AT_ONCE):
                yield products[start : start + _PRODUCTS_AT_ONCE]
            if not products:
                return
            last = products[-1]


def rows_of(batch: Document, measure: Measure) -> list[Row]:
    """The rows that a batch's document has of a measure."""
    count: int = batch["rows"]
    if not count:
        return []
    columns = [unpacked(batch.get(name, b""), count) for name in measure.columns]
    sums = columns[0] if len(columns) == 1 else map(rating_sum, *columns)
    minutes = [batch["first_minute"] + minute for minute in unpacked(batch.get("minute", b""), count)]
    return [row for row in zip(unpacked(batch.get("product", b""), count), minutes, sums, strict=True) if row[2]]


def _minutes(document: Document, measure: Measure) -> Iterable[Row]:
    """The rows of an hour."""
    columns = [document[name] for name in measure.columns]
    for minute, values in enumerate(zip(*columns, strict=True)):
        if values[0] is not None:
            yield document["p"], document["h"] * 60 + minute, _sum(measure, values)


def _sum(measure: Measure, values: Iterable[Any]) -> int:
    """One number that adds up, of the measure's columns as MongoDB holds them."""
    first, *others = values
    if measure is Measure.AMOUNT:
        return scaled(first, AMOUNT_DECIMALS)
    return rating_sum(first, scaled(others[0] or 0, RATING_DECIMALS)) if others else int(first)
