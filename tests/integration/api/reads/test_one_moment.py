"""What answers promise of the moment that they show, while documents move and grow under them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from api.reads.database import MongoReader
from api.reads.spans.reader import Question, SpanReader
from shared.mongo import AsyncDatabase, connect_async
from shared.settings import ApiSettings
from tests.integration.api.conftest import NOON
from tests.support.documents.given_events import Documents, GivenSale, store
from tests.support.documents.sealed_days import seal

DAY = 86_400
TODAY = NOON // 1000 // DAY
CUTS = tuple(range((TODAY - 8) * DAY, (TODAY - 3) * DAY, DAY))


def patient(settings: ApiSettings) -> AsyncDatabase:
    """A connection that waits for MongoDB on a busy machine."""
    return connect_async(settings.model_copy(update={"mongodb_timeout_ms": 20_000}), "test")


@contextmanager
def moving(database: Documents) -> Iterator[list[int]]:
    """Seal a day in a transaction and store its hours again, over and over, while the block runs. Counts the moves."""
    moves: list[int] = []
    ended = threading.Event()

    def move() -> None:
        day = TODAY - 6
        kept = [(name, list(database[name].find({}))) for name in ("rollups", "totals")]
        while not ended.is_set():
            with database.client.start_session() as session:
                with session.start_transaction():
                    seal(database, day, session)
                with session.start_transaction():
                    for name in ("rollup_days", "total_days"):
                        database[name].delete_many({}, session=session)
                    for name, documents in kept:
                        database[name].delete_many({}, session=session)
                        database[name].insert_many(documents, session=session)
            moves.append(day)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield moves
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("product", [3, None])
def test_a_sum_is_the_same_while_days_are_sealed(
    settings: ApiSettings, database: Documents, product: int | None
) -> None:
    for name in ("rollup_days", "total_days"):
        database.create_collection(name)
    store(
        database, [GivenSale(3, ((TODAY - 6) * 24 + hour) * 3_600_000, "1", partition=hour % 3) for hour in range(24)]
    )

    async def read(times: int) -> set[tuple[int, ...]]:
        connected = patient(settings)
        spans, question = SpanReader(), Question(CUTS, ("amount",))
        found = set()
        for _ in range(times):
            async with MongoReader(connected).at_one_moment() as moment:
                if product is None:
                    sums = await spans.of_all(moment, question, NOON)
                else:
                    sums = (await spans.of_products(moment, [product], question, NOON))[product] or []
                found.add(tuple(each.amount for each in sums))
        await connected.client.close()
        return found

    with moving(database) as moves:
        found: set[tuple[int, ...]] = set()
        while len(moves) < 10:
            found |= asyncio.run(read(20))
    assert found == {(0, 0, 24_000_000, 0)}


def test_all_reads_of_one_moment_see_what_the_first_one_saw(settings: ApiSettings, database: Documents) -> None:
    store(database, [GivenSale(3, NOON, "1")])

    async def read() -> list[int]:
        connected = patient(settings)
        async with MongoReader(connected).at_one_moment() as moment:
            counts = [len(await moment.aggregate("first", "rollups", []))]
            store(database, [GivenSale(4, NOON, "1")])
            counts.append(len(await moment.aggregate("second", "rollups", [])))
            counts.append(len(await moment.aggregate("third", "products", [])))
        async with MongoReader(connected).at_one_moment() as later:
            counts.append(len(await later.aggregate("fourth", "rollups", [])))
        await connected.client.close()
        return counts

    assert asyncio.run(read()) == [1, 1, 1, 2]


def test_a_day_may_be_missing_its_collection(settings: ApiSettings, database: Documents) -> None:
    """A database that no consumer of this version has opened yet has no sealed days at all."""
    store(database, [GivenSale(3, (TODAY - 6) * DAY * 1000, "1")])
    assert "rollup_days" not in database.list_collection_names()

    async def read() -> int:
        connected = patient(settings)
        async with MongoReader(connected).at_one_moment() as moment:
            sums = (await SpanReader().of_products(moment, [3], Question(CUTS, ("amount",)), NOON))[3] or []
        await connected.client.close()
        return sum(each.amount for each in sums)

    assert asyncio.run(read()) == 1_000_000
