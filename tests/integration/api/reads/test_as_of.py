"""An answer holds everything up to its as-of, even if the consumer commits between any two of its queries."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.queries import Query, Stages
from api.reads.ratings import RatingsReader
from api.reads.sales import SalesReader
from shared.errors import DatabaseUnavailable, SchemaNewer
from shared.mongo import AsyncDatabase, connect_async
from shared.settings import ApiSettings
from tests.integration.api.conftest import NOON
from tests.support.api.running import ManualClock
from tests.support.documents.given_events import Documents, GivenRating, GivenSale, store, store_partitions

HOUR = 3_600_000
BEGIN = datetime(2026, 6, 1, 11, 30, tzinfo=UTC)


class Committing(MongoReader):
    """Runs a step of a consumer after each query: one more event is counted, and the partition is caught up to it."""

    def __init__(self, database: AsyncDatabase, documents: Documents) -> None:
        super().__init__(database)
        self._documents = documents
        self.committed = 0
        self.commit()

    def commit(self) -> None:
        """Count one more sale for 1 and one more rating of 5 than the as-of says in seconds."""
        self.committed += 1
        moment = BEGIN + timedelta(seconds=self.committed)
        at = NOON - HOUR // 2 + self.committed * 1000
        store(self._documents, [GivenSale(3, at, "1"), GivenRating(3, at, "5")])
        store_partitions(self._documents, {0: moment})

    async def find(self, name: str, collection: str, query: Query) -> list[dict[str, Any]]:
        rows = await super().find(name, collection, query)
        self.commit()
        return rows

    async def aggregate(
        self, name: str, collection: str, stages: Stages, hint: dict[str, int] | None = None
    ) -> list[dict[str, Any]]:
        rows = await super().aggregate(name, collection, stages, hint)
        self.commit()
        return rows


def claimed(as_of: str | None) -> int:
    """How many commits an answer with this as-of claims to hold."""
    assert as_of is not None
    return round((datetime.fromisoformat(as_of) - BEGIN).total_seconds())


def by_product(mongo: MongoReader, freshness: Freshness) -> Awaitable[tuple[int, str | None]]:
    async def read() -> tuple[int, str | None]:
        answer = (await SalesReader(mongo, freshness, ManualClock(NOON)).of_products([3]))[3]
        assert answer is not None
        return answer.total // 10**6, answer.as_of

    return read()


def of_all(mongo: MongoReader, freshness: Freshness) -> Awaitable[tuple[int, str | None]]:
    async def read() -> tuple[int, str | None]:
        answer = await SalesReader(mongo, freshness, ManualClock(NOON)).of_all()
        return answer.total // 10**6, answer.as_of

    return read()


def rating(mongo: MongoReader, freshness: Freshness) -> Awaitable[tuple[int, str | None]]:
    async def read() -> tuple[int, str | None]:
        """The average of n ratings of 5 and one of 0 says n."""
        answer = (await RatingsReader(mongo, freshness).of_products([3]))[3]
        assert answer is not None
        assert answer.average is not None
        return round(answer.average / (500 - answer.average)), answer.as_of

    return read()


Read = Callable[[MongoReader, Freshness], Awaitable[tuple[int, str | None]]]


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("read", [by_product, of_all, rating])
def test_an_answer_holds_all_that_its_as_of_claims(
    settings: ApiSettings, database: Documents, runner: asyncio.Runner, read: Read
) -> None:
    async def scenario() -> None:
        connected = connect_async(settings, "test")
        store(database, [GivenRating(3, NOON, "0")])
        mongo = Committing(connected, database)
        freshness = Freshness(mongo)
        # The second answer comes within the second in which the as-of is used again: it may hold more, not less.
        for _ in range(2):
            held, as_of = await read(mongo, freshness)
            assert held >= claimed(as_of) >= 1
        await connected.client.close()

    runner.run(scenario())


class Failing(MongoReader):
    """A reader whose query for the as-of fails while `fails` is set."""

    fails = False

    async def aggregate(
        self, name: str, collection: str, stages: Stages, hint: dict[str, int] | None = None
    ) -> list[dict[str, Any]]:
        if self.fails:
            raise DatabaseUnavailable("MongoDB did not answer")
        return await super().aggregate(name, collection, stages, hint)


def test_an_as_of_is_never_older_than_a_second_whatever_fails(
    settings: ApiSettings, database: Documents, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While MongoDB does not give it, there is an error and no answer with an old as-of."""
    now = [1000.0]
    monkeypatch.setattr("api.reads.freshness.time", SimpleNamespace(monotonic=lambda: now[0]))

    async def scenario() -> None:
        connected = connect_async(settings, "test")
        mongo = Failing(connected)
        freshness = Freshness(mongo)
        store_partitions(database, {0: BEGIN})
        assert await freshness.as_of() == "2026-06-01T11:30:00.000Z"
        store_partitions(database, {0: BEGIN + timedelta(minutes=1)})
        mongo.fails = True
        now[0] += 0.9
        assert await freshness.as_of() == "2026-06-01T11:30:00.000Z"
        now[0] += 0.2
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                await freshness.as_of()
        mongo.fails = False
        assert await freshness.as_of() == "2026-06-01T11:31:00.000Z"
        store_partitions(database, {7: None})
        now[0] += 1.1
        assert await freshness.as_of() is None
        database["maintenance"].insert_one({"_id": "schema", "version": 10_000})
        now[0] += 1.1
        for _ in range(2):
            with pytest.raises(SchemaNewer):
                await freshness.as_of()
        await connected.client.close()

    runner.run(scenario())


def test_the_pseudo_partition_of_replays_does_not_hold_the_as_of_back(
    settings: ApiSettings, database: Documents, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        connected = connect_async(settings, "test")
        store_partitions(database, {0: BEGIN, -1: None})
        assert await Freshness(MongoReader(connected)).as_of() == "2026-06-01T11:30:00.000Z"
        await connected.client.close()

    runner.run(scenario())
